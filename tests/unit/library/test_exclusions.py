"""What in a library is not a film: the lists of other programs, and films that only sound alike.

The names are those that Jellyfin, Plex, Kodi, Sonarr, Radarr, SABnzbd, NZBGet, Synology and QNAP
test, document or write.
"""

from __future__ import annotations

import functools
import os
import time
import timeit
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.settings import LibrarySettings
from subtitled.library import exclusions
from subtitled.library.exclusions import (
    DISC,
    EXTRAS,
    SYSTEM,
    WORKING,
    file_exclusion,
    folder_exclusion,
    is_in_disc,
)
from subtitled.library.media_filter import IGNORED, MediaFilter, describe_exclusion
from subtitled.library.scanner import scan

EXTRA_FILES = [
    # Jellyfin's tests, and its rules of suffixes
    "trailer.mp4", "300-trailer.mp4", "theme.mp3", "300-scene.mp4", "300-scene2.mp4",
    "300-clip.mp4", "300-deleted.mp4", "300-deletedscene.mp4", "300-interview.mp4",
    "300-behindthescenes.mp4", "300-sample.mp4", "300-featurette.mkv", "300-short.mkv",
    "300-other.mkv", "300-extra.mkv", "sample.mkv", "Movie.sample.mkv", "Movie_sample.mkv",
    "Movie.trailer.mkv", "Movie_trailer.mkv", "Movie - Trailer.mkv", "Movie-Trailer.mkv",
    # Kodi, Plex
    "movie-trailer.mkv", "trailer2.mp4", "Sample-1.mkv", "Film (2020)-trailer1.mkv",
    "Film (2020)-trailer 2.mkv",
    "Film - Featurette.mkv", "Film - Behind the Scenes.mkv", "Film - Deleted Scene 2.mkv",
    "Film [Trailer].mp4", "Film (sample).mkv",
    # Sonarr, SABnzbd: samples of releases
    "sample-group.film.1080p.mkv", "group-sample-film.mkv", "group-film.1080p-sample.mkv",
    "show.s01e01.720p.sample.mkv", "Show.S01E01-Sample.MKV", "SAMPLE.AVI",
    "Show.S01E01.sample.mkv", "RARBG.mp4", "RARBG.com.mp4", "RARBG_DO_NOT_MIRROR.mp4",
    # Numbered by programs that download or copy
    "Sample (2).mkv", "trailer (1).mkv", "Movie-interview-2.mkv", "Movie-scene-1.mkv",
    # Shops and video sites, in other languages too
    "Movie - Official Trailer.mkv", "Movie.Official.Trailer.mkv", "Movie - Final Trailer 2.mkv",
    "Movie - Official Trailer #1 (2019) HD.mp4", "Movie - Teaser.mkv", "Movie - Teaser Trailer.mkv",
    "Movie - Bande-annonce.mkv", "Movie - Bande annonce VF.mkv", "Movie-Trailer-DE.mkv",
    "Movie.Trailer.German.1080p.mkv", "Movie - Offizieller Trailer Deutsch.mp4",
    "Movie - Trailer (German).mkv", "Film - Tra\u0301iler.mkv", "Film - Trailer Ufficiale.mp4",
    "Film - Трейлер.mkv", "Film [fragman].mkv", "電影 - 預告片.mkv",
    "映画 - 予告編.mp4", "Movie - Making Of.mkv", "Movie - Gag Reel.mkv",
    "Movie - Bloopers.mkv", "Film-bloopers.mkv", "Film-outtakes.mkv", "Film-teaser.mkv",
    "Film (2010) - Trailer #2.mp4",
]  # fmt: skip

FILMS = [
    # Jellyfin's tests of what is no extra
    "The DNA Sample.mp4", "I Live In A Trailer.mp4", "stuff trailerthings.mkv", "theme.mkv",
    "300.mp4", "not a scene.mp4", "The Big Short.mkv",
    "Trailer Park Boys S01E01.mkv", "Trailer.Park.Boys.S01E01.mkv", "Sample This (2012).mkv",
    "Free Samples (2012).mkv", "Interview.mkv", "The Interview (2014).mkv", "Deleted.mkv",
    "Short Circuit (1986).mkv", "Scenes from a Marriage.mkv", "Extras S01E01.mkv", "Other.mkv",
    "Show - S01E05 - Trailer.mkv", "Show - 1x05 - Sample.mkv", "01 - Theme.mp3",
    "Theme From Shaft.mp3", "Mother-in-law.mkv", "Film.1.Featurettes of note.mkv",
    "Behind the Scenes of Total Hell (2013).mkv", "sampled.mkv", "Film-sampler.mkv",
    "MOVIE.RM", "Film.rmvb",
    "I.Live.In.A.Trailer.mp4", "The.Trailer.mkv", "The.Trailer.2013.mkv",
    "Movie - Trailer Park.mkv",
    "Show.S01E05.The.Trailer.mkv", "Show.S01E05.The.Trailer.1080p.mkv",
    "Show.S01E05.The.Free.Sample.mkv", "Show - S01E09 - Bloopers.mkv", "Teaser.mkv",
    "Show - S01E05 - Official Trailer.mkv", "Making Of A Murderer.mkv",
    "Movie.Trailer.Park.1080p.mkv",
    "The Teaser (2010).mkv", "Wedding - Short.mkv", "The-Interview.mkv", "A-Short.mkv",
]  # fmt: skip

WORKING_FILES = [
    "Film-TdarrCacheFile-PsRmRt4a.mkv", "Film.temp.mkv", "Film.TMP.mp4", "Film.partial.mkv",
    "Film.unmanic.mkv", "unmanic_file_conversion-abcde-1.mkv",
]  # fmt: skip

DISC_FILES = ["VIDEO_TS.VOB", "VTS_01_0.VOB", "vts_12_3.vob"]

EXTRAS_FOLDERS = [
    # Jellyfin, Plex, Sonarr (and Radarr's "sample")
    "behind the scenes", "Behind The Scenes", "Behind-The-Scenes", "behind_the_scenes",
    "deleted scenes", "Deleted.Scenes", "featurettes", "trailers", "sample", "Samples", "backdrops",
    "theme-music", "Theme Music", "Proof",
]  # fmt: skip

SYSTEM_FOLDERS = [
    "@eaDir", "#recycle", "@Recycle", ".@__thumb", "$RECYCLE.BIN", "RECYCLER", "lost+found",
    "System Volume Information", "@Recently-Snapshot", "#snapshot", "extrafanart", "extrathumbs",
    "Plex Versions", "Film (2020).trickplay", "Film.itlp", "__MACOSX", "RECYCLED",
    "Network Trash Folder", "_UNPACK_Film.2020.1080p", "_unpack",
    ".Trash-1000", ".recycle", ".snapshots", "tdarr-workDir2-node-abc", "FOUND.000",
    "_FAILED_Film.2020", "__ADMIN__", ".AppleDouble", "metadata", "ps3_update",
]  # fmt: skip

PLACE_FOLDERS = [
    "Interviews", "Scenes", "Shorts", "Clips", "Other", "Extras", "extra", "Trailer", "Featurette",
    "Bonus", "Bonus.Features", "Special Features", "Making Of", "Gag Reel", "Screens",
]  # fmt: skip

FOLDERS = [
    # Jellyfin's tests of what is no folder of extras
    "gibberish", "not a scene", "The Big Short", "Season 1", "Specials", "Trailer Park Boys",
    "Recycle", "Metadata of Love", "Featurettes (2019)", "unpack", "UNPACK_Film", "Samples of Life",
]  # fmt: skip


def library(root: Path, **more: object) -> LibrarySettings:
    return LibrarySettings(path=root, **more)


def make(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()


def found(root: Path, **more: object) -> set[str]:
    return {str(path.relative_to(root)) for path, _ in scan(root, library(root, **more))}


@pytest.mark.parametrize("name", EXTRA_FILES)
def test_extra_is_recognised_by_the_form_of_its_name(name: str) -> None:
    assert file_exclusion(name, include_extras=False) == EXTRAS
    assert file_exclusion(name, include_extras=True) is None


@pytest.mark.parametrize("name", WORKING_FILES)
@pytest.mark.parametrize("include_extras", [True, False])
def test_a_file_that_another_program_writes_beside_the_film_is_none(
    name: str, include_extras: bool
) -> None:
    assert file_exclusion(name, include_extras=include_extras) == WORKING


@pytest.mark.parametrize("name", ["Temp.mkv", "The Temp.mkv", "Partial Eclipse.mkv"])
def test_a_title_like_a_working_name_is_a_film(name: str) -> None:
    assert file_exclusion(name, include_extras=False) is None


@pytest.mark.parametrize("name", FILMS)
def test_a_word_in_the_title_of_a_film_makes_it_no_extra(name: str) -> None:
    assert file_exclusion(name, include_extras=False) is None
    assert MediaFilter(library(Path("/f"))).accepts(name)


@pytest.mark.parametrize("name", DISC_FILES)
def test_the_files_of_a_dvd_are_not_films_of_their_own(name: str) -> None:
    assert file_exclusion(name, include_extras=True) == DISC


@pytest.mark.parametrize("name", EXTRAS_FOLDERS)
def test_a_folder_of_extras_is_left_out_wherever_it_lies(name: str) -> None:
    assert folder_exclusion(name, include_extras=False) == EXTRAS
    assert folder_exclusion(name, include_extras=True) is None


@pytest.mark.parametrize("name", SYSTEM_FOLDERS)
def test_a_folder_of_another_program_is_left_out_with_extras_too(name: str) -> None:
    assert folder_exclusion(name, include_extras=True) == SYSTEM


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_only_sounds_like_it_is_scanned(name: str) -> None:
    assert folder_exclusion(name, include_extras=False) is None


@pytest.mark.parametrize("name", [*EXTRAS_FOLDERS, *PLACE_FOLDERS])
@pytest.mark.parametrize("beside", ["Film.mkv", "Season 1/S01E01.mkv", "CD1/Film.avi"])
def test_extras_beside_a_film_or_the_seasons_of_a_series_are_left(
    tmp_path: Path, name: str, beside: str
) -> None:
    make(tmp_path, f"Title/{beside}", f"Title/{name}/Making of.mkv", "Another/Another.mkv")
    assert found(tmp_path) == {f"Title/{beside}", "Another/Another.mkv"}
    assert len(found(tmp_path, include_extras=True)) == 3


@pytest.mark.parametrize("name", ["Interviews", "Scenes", "Shorts", "Clips", "Other"])
def test_a_part_of_a_library_may_have_the_name_of_extras(tmp_path: Path, name: str) -> None:
    make(tmp_path, f"{name}/Luxo.mkv", "Films/Up/Up.mkv", f"Films/{name}/Lifted/Lifted.mkv")
    assert len(found(tmp_path)) == 3


@pytest.mark.parametrize(
    "beside", ["Film.mkv", "@eaDir/x.jpg", "Trailers/a.mkv", "Season 1/a.mkv", "Another/a.mkv", ""]
)
@pytest.mark.parametrize("name", ["Other", "Extras", "Featurettes", "BDMV"])
def test_a_scan_an_event_and_the_watch_agree_on_a_folder(
    tmp_path: Path, name: str, beside: str
) -> None:
    make(tmp_path, f"Title/{name}/Making of.mkv", *([f"Title/{beside}"] if beside else []))
    folder = tmp_path / "Title" / name
    is_scanned = f"Title/{name}/Making of.mkv" in found(tmp_path)
    media_filter = MediaFilter(library(tmp_path))
    assert media_filter.descends(folder) is is_scanned
    assert media_filter.descends_into(os.fsencode(folder)) is is_scanned
    assert (describe_exclusion(folder / "a.mkv", {"f": library(tmp_path)}) is None) is is_scanned


def test_the_series_extras_is_a_series(tmp_path: Path) -> None:
    """Sonarr's test."""
    make(
        tmp_path,
        "Extras/Season 1/file1.mkv",
        "Extras/Season 1/Extras/file2.mkv",
        "Dark/Season 1/s01e01.mkv",
        "Dark/EXTRAs/file3.mkv",
        "Dark/.AppleDouble/file4.mkv",
        "Dark/Season 1/.@__THUMB/file5.mkv",
    )
    assert found(tmp_path) == {"Extras/Season 1/file1.mkv", "Dark/Season 1/s01e01.mkv"}


def test_a_library_that_lies_in_a_folder_of_such_a_name_is_scanned(tmp_path: Path) -> None:
    root = tmp_path / "extras" / "Trailers"
    make(root, "a.mkv")
    assert found(root) == {"a.mkv"}


def test_the_clips_of_a_disc_are_left_and_those_of_a_camera_are_not(tmp_path: Path) -> None:
    make(
        tmp_path,
        "Film/BDMV/STREAM/00001.m2ts",
        "Film/BDMV/BACKUP/x.m2ts",
        "Old/VIDEO_TS/VTS_01_1.VOB",
        "Old/VTS_01_2.VOB",
        "PRIVATE/AVCHD/BDMV/STREAM/00000.MTS",
    )
    assert found(tmp_path) == {"PRIVATE/AVCHD/BDMV/STREAM/00000.MTS"}
    assert found(tmp_path, include_extras=True) == {"PRIVATE/AVCHD/BDMV/STREAM/00000.MTS"}


@pytest.mark.parametrize(
    ("folder", "is_disc"),
    [
        ("/f/Film/BDMV/STREAM", True),
        ("/f/Film/bdmv/stream", True),
        ("/f/Old/VIDEO_TS", True),
        ("/f/PRIVATE/AVCHD/BDMV/STREAM", False),
        ("/f/Film", False),
        ("/f/VIDEO_TS of my life", False),
    ],
)
def test_the_structure_of_a_disc_is_known_wherever_it_lies(folder: str, is_disc: bool) -> None:
    assert is_in_disc(Path(folder)) is is_disc


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("Film/Film.mkv", None),
        ("Film/Film-trailer.mkv", EXTRAS),
        ("Film/Other/a.mkv", EXTRAS),
        ("Film/BDMV/STREAM/00001.m2ts", DISC),
        ("_UNPACK_Film/a.mkv", SYSTEM),
        (".hidden/a.mkv", IGNORED),
    ],
)
def test_reason_for_an_excluded_file_is_given(
    tmp_path: Path, path: str, reason: str | None
) -> None:
    make(tmp_path, "Film/Film.mkv", path)
    assert describe_exclusion(tmp_path / path, {"films": library(tmp_path)}) == reason
    assert describe_exclusion(tmp_path.parent / "a.mkv", {"films": library(tmp_path)}) is None


def test_the_names_of_a_person_are_ignored_besides(tmp_path: Path) -> None:
    make(tmp_path, "a.mkv", "Old/b.mkv", "Film/Film.mkv", "Film/Trailers/c.mkv")
    assert found(tmp_path, ignore=("old",)) == {"a.mkv", "Film/Film.mkv"}
    assert found(tmp_path, ignore=(), include_extras=True) == {
        "a.mkv",
        "Old/b.mkv",
        "Film/Film.mkv",
        "Film/Trailers/c.mkv",
    }


@given(st.text(max_size=80))
def test_any_name_is_judged(name: str) -> None:
    file_exclusion(name, include_extras=False)
    folder_exclusion(name, include_extras=False)


@pytest.mark.parametrize("piece", ["a", "-", " - ", "-sample", ".", "s01e01 ", " trailer de"])
def test_no_name_is_costly_to_judge(piece: str) -> None:
    """A million names are judged in less than a minute, and only new ones are."""
    name = (piece * 250)[:250] + ".mkv"
    judge = functools.partial(file_exclusion, name, False)
    seconds = min(timeit.repeat(judge, timer=time.thread_time, number=200, repeat=5)) / 200
    assert seconds < 1e-3  # of the processor; 40 us here, and milliseconds if it were quadratic


@pytest.mark.parametrize(
    "pattern", ["_WORKING_FILE", "_EXTRA_FILE", "_NAMED_TRAILER", "_THEME_SONG"]
)
@given(data=st.data())
def test_the_quick_look_at_a_name_passes_all_that_the_patterns_leave_out(
    pattern: str, data: st.DataObject
) -> None:
    folded = data.draw(st.from_regex(getattr(exclusions, pattern), fullmatch=True))
    stem = folded.rpartition(".")[0] if pattern == "_THEME_SONG" else folded
    assert exclusions._has_sign(stem)


def test_the_quick_look_finds_a_decomposed_accent() -> None:
    name = unicodedata.normalize("NFD", "Film - Tráiler.mkv")
    assert file_exclusion(name, include_extras=False) == EXTRAS
