"""What people are told about ready files, with and without their media file."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.daemon.answers.ready_files import (
    describe_ready_file,
    describe_subject,
    find_orphans,
)


def library_settings(folder: Path, wanted: str = "required") -> LibrarySettings:
    return LibrarySettings.model_validate({"path": folder, "ingest": {"ready_files": wanted}})


def test_a_ready_file_without_its_media_file_is_told_with_what_it_waits_for(
    tmp_path: Path,
) -> None:
    (tmp_path / "day").mkdir()
    orphan = tmp_path / "day" / "Clip.ready.json"
    orphan.write_text('{"language": "de"}')
    for name in ("Film.mxf", "Film.ready.xml"):
        (tmp_path / name).write_text("<ready/>")
    (tmp_path / "Clip.mxf").write_text("")  # in another folder
    library = library_settings(tmp_path)
    assert list(find_orphans(library, 100)) == [orphan]
    said = describe_subject(orphan)
    assert "waits for Clip" in said[0]
    assert said[1:] == ["language: de"]
    (tmp_path / "day" / "Clip.mxf").write_text("")
    assert not list(find_orphans(library, 100))
    assert describe_subject(orphan)[0] == "it is about Clip.mxf"


def test_a_folder_of_many_sets_is_looked_through_at_once(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"Clip {number}.mxf").touch()
        (tmp_path / f"Clip {number}.ready.json").touch()
    (tmp_path / "Clip 7.mxf").unlink()
    (tmp_path / "Clip 8.ready.json").rename(tmp_path / "Clip 8.mxf.ready.json")
    assert list(find_orphans(library_settings(tmp_path), 1)) == [tmp_path / "Clip 7.ready.json"]


def test_what_a_ready_file_says_is_shown_and_so_is_its_fault(tmp_path: Path) -> None:
    settings = AppSettings(libraries={"in": library_settings(tmp_path)})
    media = tmp_path / "Film.mxf"
    assert describe_ready_file(settings, "in", media) == ["none is there (required)"]
    ready = tmp_path / "Film.ready.json"
    ready.write_text('{"formats": ["srt", "vtt"], "start": "10:00:00:00"}')
    assert describe_ready_file(settings, "in", media) == [
        "Film.ready.json",
        "formats: srt, vtt",
        "start: 10:00:00:00",
    ]
    ready.write_text('{"project": "x"}')
    (fault,) = describe_ready_file(settings, "in", media) or []
    assert "not configured" in fault
    off = AppSettings(libraries={"in": library_settings(tmp_path, "off")})
    assert describe_ready_file(off, "in", media) is None
