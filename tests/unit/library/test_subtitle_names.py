"""Which subtitles belong to which media files: folders of subtitles, and letters with accents."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.library.scanner import scan_batches
from subtitled.library.subtitle_names import (
    SubtitleOwners,
    film_folder,
    find_media_beside,
    list_names,
    sidecar_hashes,
)
from subtitled.plugin import InputRejectedError, Language, SubtitleKind
from subtitled.subtitles.filenames import parse_sidecar_name, parse_summary_name

NFC = unicodedata.normalize("NFC", "Amélie à Ōsaka")
NFD = unicodedata.normalize("NFD", NFC)


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def hashes(root: Path) -> dict[str, int]:
    runs = scan_batches(root, LibrarySettings(path=root))
    return {
        os.fsdecode(path[len(os.fsencode(root)) + 1 :]): mark for r in runs for path, _, mark in r
    }


@pytest.mark.parametrize(
    ("subtitle", "names", "owners"),
    [
        ("Subs/2_English.srt", ["Film.mkv"], {"Film.mkv"}),
        ("Subs/2_English.srt", ["Film.mkv", "Film-trailer.mkv", "sample.mkv"], {"Film.mkv"}),
        ("Subs/2_English.srt", ["Film.mkv", "Film.mp4"], {"Film.mkv", "Film.mp4"}),
        ("Subs/2_English.srt", ["A.mkv", "B.mkv"], set()),
        ("Subs/A.en.srt", ["A.mkv", "B.mkv"], {"A.mkv"}),
        ("Subs/A/2_English.srt", ["A.mkv", "B.mkv"], {"A.mkv"}),
        ("Subs/C/2_English.srt", ["A.mkv"], set()),
        ("Subs/S01E1.en.srt", ["S01E1.mkv", "S01E10.mkv"], {"S01E1.mkv"}),
        (f"Subs/{NFC}/2_English.srt", [f"{NFD}.mkv", "B.mkv"], {f"{NFD}.mkv"}),
        (f"Subs/{NFD}.srt", [f"{NFC}.mkv", "B.mkv"], {f"{NFC}.mkv"}),
    ],
)
def test_a_subtitle_in_a_folder_belongs_to_the_film_that_it_names_or_to_the_only_one(
    subtitle: str, names: list[str], owners: set[str]
) -> None:
    found = SubtitleOwners(map(os.fsencode, names)).find(os.fsencode(subtitle))
    assert set(map(os.fsdecode, found)) == owners


@pytest.mark.parametrize("folder", ["Subs", "subs", "Subtitles", "VobSubs"])
def test_folders_of_subtitles_are_listed_with_the_names_beside_a_film(
    tmp_path: Path, folder: str
) -> None:
    make(
        tmp_path,
        "Film.mkv",
        f"{folder}/2_English.srt",
        f"{folder}/Film/3_French.srt",
        f"{folder}/Other/4_German.srt",
        f"{folder}/notes.txt",
        "Artwork/5_Italian.srt",
    )
    assert set(list_names(tmp_path / "Film.mkv")) == {
        "Film.mkv",
        folder,
        "Artwork",
        f"{folder}/2_English.srt",
        f"{folder}/Film/3_French.srt",
    }


LONGER = ["Film.Extended.mkv", "Film.German.mp4", "Film.2160p.ts", "Film.en.mkv", "Film.mkv"]


@pytest.mark.parametrize(
    ("media", "subtitle", "counts"),
    [
        ("Film.mkv", "Film.en.srt", True),
        ("Film.mkv", "Film.de.forced.srt", True),
        ("Film.mkv", "Film.Theatrical.en.srt", True),
        ("Film.mkv", "Film.Extended.en.srt", False),
        ("Film.mkv", "Film.Extended.srt", False),
        ("Film.mkv", "Film.German.en.srt", False),
        ("Film.mkv", "Film.2160p.en.sdh.vtt", False),
        ("Film.mkv", "Film.en.en.srt", False),
        ("Film.mkv", "Film.en.forced.srt", True),
        ("Film.en.mkv", "Film.en.en.srt", True),
        ("Film.Extended.mkv", "Film.Extended.en.srt", True),
        ("Film.Extended.mkv", "Film.Extended.srt", True),
    ],
)
def test_the_subtitle_of_a_film_with_a_longer_name_is_none_of_the_shorter_one(
    tmp_path: Path, media: str, subtitle: str, counts: bool
) -> None:
    make(tmp_path, *LONGER, subtitle)
    assert (subtitle in list_names(tmp_path / media)) is counts


def test_in_a_folder_of_subtitles_too_the_film_with_the_longer_name_has_it(tmp_path: Path) -> None:
    make(tmp_path, *LONGER, "Subs/Film.Extended.en.srt", "Subs/Film.en.forced.srt")
    assert "Subs/Film.Extended.en.srt" not in list_names(tmp_path / "Film.mkv")
    assert "Subs/Film.Extended.en.srt" in list_names(tmp_path / "Film.Extended.mkv")
    assert "Subs/Film.en.forced.srt" in list_names(tmp_path / "Film.mkv")


def test_the_owners_of_many_subtitles_are_found_with_one_look_at_the_names() -> None:
    looks = []

    def names() -> Iterator[bytes]:
        looks.append(1)
        yield from (b"Film %d.mkv" % number for number in range(100))

    owners = SubtitleOwners(names())
    for number in range(100):
        assert owners.find(b"Subs/Film %d.en.srt" % number) == {b"Film %d.mkv" % number}
    assert looks == [1]


def test_a_scan_notices_when_the_film_of_a_longer_name_comes(tmp_path: Path) -> None:
    make(tmp_path, "Film.mkv", "Film.Extended.en.srt")
    before = hashes(tmp_path)
    make(tmp_path, "Film.trailer.mkv")
    assert hashes(tmp_path)["Film.mkv"] == before["Film.mkv"]
    make(tmp_path, "Film.Extended.mkv")
    after = hashes(tmp_path)
    assert after["Film.mkv"] != before["Film.mkv"]
    assert after["Film.Extended.mkv"]


def test_without_the_film_of_the_longer_name_its_subtitle_counts(tmp_path: Path) -> None:
    make(tmp_path, "Film.mkv", "Film.trailer.mkv", "Film.Extended.nfo", "Film.Extended.en.srt")
    assert "Film.Extended.en.srt" in list_names(tmp_path / "Film.mkv")


def test_no_folder_of_subtitles_is_read_by_a_link(tmp_path: Path) -> None:
    make(tmp_path, "films/Film.mkv", "outside/2_English.srt")
    (tmp_path / "films" / "Subs").symlink_to(tmp_path / "outside")
    assert set(list_names(tmp_path / "films" / "Film.mkv")) == {"Film.mkv", "Subs"}


def test_a_scan_notices_what_comes_into_a_folder_of_subtitles(tmp_path: Path) -> None:
    make(tmp_path, "a/A.mkv", "b/B.mkv")
    before = hashes(tmp_path)
    make(tmp_path, "a/Subs/2_English.srt")
    after = hashes(tmp_path)
    assert after["a/A.mkv"] != before["a/A.mkv"]
    assert after["b/B.mkv"] == before["b/B.mkv"]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("/f/Film/Film.en.srt", "/f/Film"),
        ("/f/Film/Subs/2_English.srt", "/f/Film"),
        ("/f/Film/Subs/Film/2_English.srt", "/f/Film"),
        ("/f/Film/a/b/c.srt", "/f/Film/a/b"),
    ],
)
def test_the_folder_of_the_films_of_a_subtitle_is_known(path: str, folder: str) -> None:
    assert film_folder(Path(path)) == Path(folder)


@pytest.mark.parametrize(
    ("name", "language", "kind"),
    [
        ("Subs/2_English.srt", "en", SubtitleKind.FULL),
        ("Subs/Film/3_French.srt", "fr", SubtitleKind.FULL),
        ("Subs/English (SDH).srt", "en", SubtitleKind.SDH),
        ("Subs/Film.pt-BR.forced.srt", "pt-BR", SubtitleKind.FORCED),
        ("Subs/eng.srt", "en", SubtitleKind.FULL),
    ],
)
def test_the_name_of_a_subtitle_in_a_folder_needs_no_stem(
    name: str, language: str, kind: SubtitleKind
) -> None:
    parsed = parse_sidecar_name("Film.mkv", name)
    assert parsed is not None
    assert (parsed.language, parsed.kind, parsed.format) == (Language(language), kind, "srt")


@pytest.mark.parametrize(("media", "sidecar"), [(NFC, NFD), (NFD, NFC), (NFD, NFD)])
def test_a_name_with_accents_is_the_same_as_macos_and_as_linux_write_it(
    media: str, sidecar: str
) -> None:
    parsed = parse_sidecar_name(f"{media}.mkv", f"{sidecar}.fr.srt")
    assert parsed is not None
    assert parsed.language == "fr"
    assert parse_summary_name(f"{media}.mkv", f"{sidecar}.fr.ffmeta") == ("fr", "ffmeta")
    film, subtitle = os.fsencode(f"{media}.mkv"), os.fsencode(f"{sidecar}.fr.srt")
    assert sidecar_hashes([film], [subtitle]).keys() == {film}


def test_names_that_are_not_utf_8_are_compared_as_they_are() -> None:
    film, subtitle = b"caf\xe9.mkv", b"caf\xe9.en.srt"
    assert sidecar_hashes([film], [subtitle]).keys() == {film}
    parsed = parse_sidecar_name(os.fsdecode(film), os.fsdecode(subtitle))
    assert parsed is not None
    assert parsed.language == "en"


@pytest.mark.parametrize(
    ("names", "subtitle", "expected"),
    [
        (["Film.mkv", "Film.Extended.mkv"], "Film.Extended.en.srt", "Film.Extended.mkv"),
        (["Film.mkv", "Other.mkv"], "Film.en.srt", "Film.mkv"),
        (["Film.mkv"], "Other.en.srt", None),
        (["Film.mkv"], "Subs/2_English.srt", "Film.mkv"),
        (["Film.mkv", "Other.mkv"], "Subs/2_English.srt", None),
        (["Film.mkv", "Other.mkv"], "Subs/Other/2_English.srt", "Other.mkv"),
    ],
)
def test_the_media_file_of_a_subtitle_is_found_by_its_name(
    names: list[str], subtitle: str, expected: str | None, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / subtitle).parent.mkdir(parents=True, exist_ok=True)
    found = find_media_beside(tmp_path / subtitle)
    assert found == (tmp_path / expected if expected is not None else None)


def test_the_film_of_a_subtitle_is_found_from_inside_the_folder_of_subtitles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Subs").mkdir()
    (tmp_path / "Film.mkv").touch()
    monkeypatch.chdir(tmp_path / "Subs")
    assert find_media_beside(Path("2_English.srt")) == tmp_path / "Film.mkv"


def test_two_media_files_of_one_name_are_named_and_none_is_chosen(tmp_path: Path) -> None:
    (tmp_path / "Film.mkv").touch()
    (tmp_path / "Film.mp3").touch()
    with pytest.raises(InputRejectedError, match=r"Film\.mkv or Film\.mp3.*--media"):
        find_media_beside(tmp_path / "Film.en.srt")


def test_subtitles_in_a_folder_on_a_failing_disk_are_not_taken_for_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "Subs").mkdir()
    (tmp_path / "Subs" / "2_English.srt").touch()
    (tmp_path / "Film.mkv").touch()
    scan, number = os.scandir, errno.EIO

    def fail(folder: bytes) -> Any:
        if folder.endswith(b"Subs"):
            raise OSError(number, os.strerror(number), folder)
        return scan(folder)

    monkeypatch.setattr(os, "scandir", fail)
    with pytest.raises(OSError, match="Input/output error"):
        list_names(tmp_path / "Film.mkv")
    number = errno.EACCES  # of which nobody can tell when it ends
    assert sorted(list_names(tmp_path / "Film.mkv")) == ["Film.mkv", "Subs"]
