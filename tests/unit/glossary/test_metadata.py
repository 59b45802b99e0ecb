"""Names from NFO files and from paths."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.config.library_settings import GlossarySettings
from subtitled.config.settings import LibrarySettings
from subtitled.glossary.lookup import terms_for
from subtitled.glossary.metadata import PATH_ORIGIN, extract_names, find_metadata
from subtitled.glossary.nfo import MAX_FILE_BYTES, read_nfo
from subtitled.glossary.terms import TermScope

MOVIE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<movie><title>Der Herr der Ringe</title><originaltitle>The Lord of the Rings</originaltitle>
<year>2001</year><plot>A ring.</plot>
<actor><name>Elijah Wood</name><role>Frodo Baggins</role></actor>
<actor><name>Andy Serkis</name><role>Gollum / Sméagol (voice)</role></actor>
<actor><name>An Extra</name><role>Young Orc #2</role></actor>
<actor><name>Cate Blanchett</name><role>Narrator</role></actor>
</movie>
https://www.themoviedb.org/movie/120?a=1&b=2
"""
SHOW = """<tvshow><title>Fringe</title><actor><name>A T</name><role>Olivia Dunham</role></actor>
</tvshow>"""
EPISODES = """<episodedetails><title>Pilot</title></episodedetails>
<episodedetails><title>The Same Old Story</title><actor><name>G</name><role>Penrose</role></actor>
</episodedetails>"""


def names(media: Path, top: Path) -> list[str]:
    return [term.source for term in extract_names(find_metadata(media, top))]


def test_a_film_has_the_names_of_its_characters_and_its_titles(tmp_path: Path) -> None:
    film = tmp_path / "Ring (2001)" / "Ring.mkv"
    film.parent.mkdir()
    (film.parent / "movie.nfo").write_text(MOVIE, "utf-8")
    title = find_metadata(film, tmp_path).metadata
    assert title is not None
    assert title.year == 2001
    assert title.cast[0] == "Elijah Wood"
    assert names(film, tmp_path) == [
        "Frodo Baggins",
        "Gollum",
        "Sméagol",
        "Der Herr der Ringe",
        "The Lord of the Rings",
    ]
    film.with_suffix(".nfo").write_text("<movie><title>Own</title></movie>")
    assert names(film, tmp_path) == ["Own"]


def test_an_episode_has_the_names_of_its_series_too(tmp_path: Path) -> None:
    episode = tmp_path / "Fringe" / "Season 01" / "Fringe.S01E01E02.mkv"
    episode.parent.mkdir(parents=True)
    (tmp_path / "Fringe" / "tvshow.nfo").write_text(SHOW)
    episode.with_suffix(".nfo").write_text(EPISODES)
    assert names(episode, tmp_path) == [
        "Penrose",
        "Olivia Dunham",
        "Pilot",
        "The Same Old Story",
        "Fringe",
    ]
    (tmp_path / "tvshow.nfo").write_text(SHOW.replace("Fringe", "Lost"))
    assert "Lost" not in names(episode, tmp_path / "Fringe")


def test_without_characters_the_cast_is_used(tmp_path: Path) -> None:
    film = tmp_path / "Universe.mkv"
    film.with_suffix(".nfo").write_text(
        "<movie><title>Universe</title><actor><name>Carl Sagan</name><role>Self</role></actor>"
        "</movie>"
    )
    assert names(film, tmp_path) == ["Universe", "Carl Sagan"]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("Sintel (2010)/Sintel (2010).mkv", ["Sintel"]),
        (
            "Fringe (2008)/Season 01/Fringe.S01E02.The.Same.Old.Story.1080p.mkv",
            ["The Same Old Story", "Fringe"],
        ),
        ("2019/20190403_120000.mp4", []),
        ("Lektion 12 – Die Küche.mp4", ["Die Küche", "Lektion"]),
        ("Serie/Serie S01E02 — Über uns.mkv", ["Über uns", "Serie"]),
        ("Nordsee–Ostsee.mkv", ["Nordsee–Ostsee"]),
    ],
)
def test_without_an_nfo_the_title_comes_from_the_path(
    tmp_path: Path, path: str, found: list[str]
) -> None:
    known = find_metadata(tmp_path / path, tmp_path)
    assert [term.source for term in extract_names(known)] == found
    assert known.origin == PATH_ORIGIN


@pytest.mark.parametrize(
    "text",
    [
        "https://www.themoviedb.org/movie/120",
        "<movie><title>a</movie>",
        '<!DOCTYPE a [<!ENTITY b "c">]><movie><title>&b;</title></movie>',
        "<movie><title>&nbsp;</title></movie>",
        f"<movie><title>{'a' * MAX_FILE_BYTES}</title></movie>",
        "\0\1",
        "",
    ],
)
def test_an_invalid_nfo_is_ignored_and_the_path_is_used(tmp_path: Path, text: str) -> None:
    film = tmp_path / "Sintel (2010).mkv"
    film.with_suffix(".nfo").write_text(text)
    assert names(film, tmp_path) == ["Sintel"]


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_no_nfo_breaks_the_reader(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary_directory:
        folder = Path(temporary_directory)
        (folder / "a.nfo").write_bytes(b"<movie><title>" + data + b"</title></movie>")
        read_nfo(folder / "a.mkv", folder)


@settings(max_examples=25, deadline=None)
@given(st.binary(min_size=1, max_size=80).filter(lambda b: not {0, 47} & set(b)))
def test_no_name_breaks_the_guess(name: bytes) -> None:
    find_metadata(Path("/films") / os.fsdecode(name + b".mkv"), Path("/films"))


def test_the_nearest_glossary_comes_first_and_none_from_outside_the_library(
    tmp_path: Path,
) -> None:
    top = tmp_path / "shows"
    episode = top / "Fringe" / "Season 01" / "Fringe.S01E02.mkv"
    episode.parent.mkdir(parents=True)
    for path, word in (
        (episode.parent / "Fringe.S01E02.glossary.csv", "title"),
        (episode.parent / "Fringe.S01E0.glossary.csv", "another title"),
        (episode.parent / "glossary.tsv", "season"),
        (top / "Fringe" / "glossary.csv", "series"),
        (top / "glossary.csv", "top"),
        (tmp_path / "glossary.csv", "outside"),
        (tmp_path / "mine.csv", "library"),
        (tmp_path / "all.csv", "global"),
    ):
        path.write_text(f"term\n{word}\n")
    library = LibrarySettings(path=top, glossaries=(tmp_path / "mine.csv",))
    everywhere = GlossarySettings(files=(tmp_path / "all.csv",))
    found = terms_for(episode, library, everywhere)
    assert [(term.source, term.scope) for term in found.terms] == [
        ("title", TermScope.TITLE),
        ("season", TermScope.SERIES),
        ("series", TermScope.SERIES),
        ("top", TermScope.SERIES),
        ("Fringe", TermScope.NAMES),
        ("library", TermScope.LIBRARY),
        ("global", TermScope.GLOBAL),
    ]
    silent = terms_for(episode, library, GlossarySettings(use_nfo=False))
    assert TermScope.NAMES not in {term.scope for term in silent.terms}


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Tom & Jerry", "Tom & Jerry"),
        ("Tom &amp; Jerry", "Tom & Jerry"),
        ("Tom&nbsp;Cat", "Tom Cat"),
        ("Caf&eacute;", "Café"),
        ("A&B;C", "A&B;C"),
        ("R\x08ex", "Rex"),
        ("Jack&#8217;s Son", "Jack’s Son"),
        ("Rex&#8;", "Rex"),
    ],
)
def test_unescaped_character_loses_no_name(tmp_path: Path, written: str, name: str) -> None:
    film = tmp_path / "Film.mkv"
    film.with_suffix(".nfo").write_text(
        f"<movie><title>Film</title><director>{written}</director>"
        f"<actor><name>{written}</name></actor></movie>",
        "utf-8",
    )
    result = read_nfo(film, tmp_path)
    assert result.issues == []
    assert result.metadata is not None
    assert result.metadata.cast == (name,)


@pytest.mark.parametrize(
    "extension",
    [
        *("mkv", "mxf", "mts", "m2ts", "m4a", "m4b", "oga", "w64", "dv", "rmvb", "MXF", "opus"),
        *("mp3", "3gp", "ogv", "vob", "wtv"),
    ],
)
def test_the_extension_is_no_part_of_the_title(tmp_path: Path, extension: str) -> None:
    assert names(tmp_path / f"Chunked.{extension}", tmp_path) == ["Chunked"]


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Heat.1995", "Heat"),
        ("Heat.1995.1080p", "Heat"),
        ("Heat.1995.1080p.mxf", "Heat"),
        ("Fringe.s1e2", "Fringe"),
        ("Fringe.S01E02.oga", "Fringe"),
        ("Mr. Robot", "Mr Robot"),
    ],
)
def test_what_looks_like_an_extension_is_read(tmp_path: Path, name: str, title: str) -> None:
    assert names(tmp_path / name, tmp_path) == [title]


@pytest.mark.parametrize(
    "name",
    [
        "IMG_1234.MOV",
        "DSC_0042.mov",
        "PXL_20230412_101530123.mp4",
        "DCIM/100GOPRO/GX010001.MP4",
        "C0001.MXF",
        "A001C002_230412_R1AB.mxf",
        "VTS_01_1.VOB",
        "WhatsApp Video 2023-04-12 at 10.15.30.mp4",
        "GMT20230412-101530_Recording_1920x1080.mp4",
        "Screen Recording 2023-04-12 at 10.15.30.mov",
        "Bildschirmaufnahme 2023-04-12.mov",
        "Neue Aufnahme 12.m4a",
        "Новая запись 3.m4a",
        "名称未設定.mov",
        "新录音 3.m4a",
        "untitled.mp4",
        "final_final_v2.mp4",
        "01. Track 1.mp3",
        "recording.dvr-ms",
        "abcdef0123456789abcdef0123456789.mkv",
        "😀.mp4",
    ],
)
def test_the_name_that_a_device_or_program_gives_is_no_title(tmp_path: Path, name: str) -> None:
    known = find_metadata(tmp_path / name, tmp_path)
    assert known.metadata is None
    assert extract_names(known) == []


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Up (2009)/VIDEO_TS/VTS_01_1.VOB", "Up"),
        ("Blade Runner 2049 (2017).mkv", "Blade Runner 2049"),
        ("😀 funny video.mp4", "funny video"),
        ("Final Destination (2000).mkv", "Final Destination"),
        ("The Recording Studio (2012).mkv", "The Recording Studio"),
        ("千と千尋の神隠し (2001).mkv", "千と千尋の神隠し"),
        ("Show/Season 1/S01E02.mkv", "Show"),
    ],
)
def test_a_title_that_holds_such_words_or_pictograms_is_one(
    tmp_path: Path, name: str, title: str
) -> None:
    known = find_metadata(tmp_path / name, tmp_path)
    assert [term.source for term in extract_names(known)] == [title]
