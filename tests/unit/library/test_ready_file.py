"""Ready files: what they may say, and what is refused with its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.delivery_settings import ProjectSettings
from subtitled.config.library_settings import CueSettings
from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.library.file_settings import settings_of_file
from subtitled.library.ready_file import (
    find_ready_file,
    is_ready_file_of,
    read_ready_file,
)
from subtitled.plugin import InputRejectedError, Language

JSON = """{"language": "de", "languages": ["original", "en"], "formats": ["srt", "VTT"],
"glossary": "terms.csv", "project": "news", "start": "10:00:00:00"}"""
XML = """<?xml version="1.0"?>
<ready xmlns="urn:any"><language>German</language><languages>original, en</languages>
<formats><format>srt</format><format>vtt</format></formats><glossary>terms.csv</glossary>
<project>news</project><start>10:00:00:00</start></ready>"""


def library_settings(folder: Path, **more: object) -> LibrarySettings:
    ingest = {"ready_files": "optional"}
    return LibrarySettings.model_validate({"path": folder, "ingest": ingest, **more})


@pytest.mark.parametrize(("ending", "text"), [(".ready.json", JSON), (".ready.xml", XML)])
def test_json_and_xml_say_the_same(tmp_path: Path, ending: str, text: str) -> None:
    (tmp_path / "terms.csv").write_text("source\nWort\n")
    ready = tmp_path / f"Film{ending}"
    ready.write_text(text)
    request = read_ready_file(ready)
    assert request.language == Language("de")
    assert (request.languages, request.formats) == (("original", "en"), ("srt", "vtt"))
    assert request.glossaries == (tmp_path / "terms.csv",)
    assert (request.project, request.start) == ("news", "10:00:00:00")


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("a.ready.json", "{", "line 1 is no JSON"),
        ("a.ready.json", "[1]", "no JSON object"),
        ("a.ready.json", '{"langauge": "de"}', "no key 'langauge'"),
        ("a.ready.json", '{"language": 5}', "language is no text"),
        ("a.ready.json", '{"language": "engrish"}', "engrish"),
        ("a.ready.json", '{"formats": [1]}', "formats"),
        ("a.ready.json", '{"start": "25:00:00:00"}', "start"),
        ("a.ready.json", '{"start": "soon"}', "start"),
        ("a.ready.json", '{"glossary": "/etc/passwd"}', "beside the ready file"),
        ("a.ready.json", '{"glossary": "../secret.csv"}', "beside the ready file"),
        ("a.ready.json", '{"glossary": "link.csv"}', "beside the ready file"),
        ("a.ready.json", "\xff", "not UTF-8"),
        ("a.ready.xml", "<ready><language>", "broken XML"),
        ("a.ready.xml", "<!DOCTYPE x [<!ENTITY a 'b'>]><ready/>", "document type"),
        ("a.ready.xml", "<r><start>1</start><start>2</start></r>", "there twice"),
    ],
)
def test_a_ready_file_that_cannot_be_used_is_named_with_its_fault(
    tmp_path: Path, name: str, text: str, problem: str
) -> None:
    outside = tmp_path / "outside.csv"
    outside.write_text("source\nWort\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link.csv").symlink_to(outside)
    (folder / name).write_bytes(text.encode("latin-1"))
    with pytest.raises(InputRejectedError, match=problem) as caught:
        read_ready_file(folder / name)
    assert name in caught.value.message
    assert "glossary" in caught.value.hint


def test_a_ready_file_belongs_to_the_media_file_of_its_name_alone(tmp_path: Path) -> None:
    assert is_ready_file_of("Film.ready.json", "Film.mxf")
    assert is_ready_file_of("Film.mxf.READY.XML", "Film.mxf")
    assert not is_ready_file_of("Film.ready.json", "Film.2.mxf")
    assert not is_ready_file_of("Film.json", "Film.mxf")
    for name in ("Film.ready.json", "Film.mxf.ready.json"):
        (tmp_path / name).write_text("{}")
    assert find_ready_file(tmp_path / "Film.mxf") == tmp_path / "Film.mxf.ready.json"
    assert find_ready_file(tmp_path / "Film.wav") == tmp_path / "Film.ready.json"
    assert find_ready_file(tmp_path / "Other.wav") is None


def test_the_ready_file_goes_before_its_project_and_that_before_the_library(
    tmp_path: Path,
) -> None:
    projects = {
        "news": ProjectSettings(
            formats=("vtt",),
            languages=(Language("fr"),),
            glossaries=(Path("/g/news.csv"),),
            engines=("fast",),
            cues=CueSettings(profile="ard"),
        )
    }
    library = library_settings(tmp_path, glossaries=["/g/all.csv"], routes=[{"engines": ["slow"]}])
    (tmp_path / "Film.ready.json").write_text('{"project": "news", "languages": ["es"]}')
    own = settings_of_file(AppSettings(projects=projects), library, tmp_path / "Film.mxf")
    assert own.project == "news"
    assert (own.library.languages, own.library.formats) == ((Language("es"),), ("vtt",))
    assert own.library.glossaries == (Path("/g/all.csv"), Path("/g/news.csv"))
    assert own.library.engines == ("fast",)
    assert [route.engines for route in own.library.routes] == [()]
    assert own.library.cues.profile == "ard"
    other = settings_of_file(AppSettings(projects=projects), library, tmp_path / "Other.mxf")
    assert other.library is library


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"project": "sport"}', "project 'sport'"),
        ('{"formats": ["docx2"]}', "docx2"),
        ('{"languages": ["xx"]}', "languages"),
    ],
)
def test_what_there_is_not_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "Film.ready.json").write_text(text)
    with pytest.raises(InputRejectedError, match=problem):
        settings_of_file(AppSettings(), library_settings(tmp_path), tmp_path / "Film.mxf")


def test_a_library_that_does_not_want_ready_files_looks_for_none(tmp_path: Path) -> None:
    (tmp_path / "Film.ready.json").write_text("{")
    library = LibrarySettings(path=tmp_path)
    assert settings_of_file(AppSettings(), library, tmp_path / "Film.mxf").library is library
