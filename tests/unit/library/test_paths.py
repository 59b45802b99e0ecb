"""Messages beside the path of their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.library.paths import describe_failure, shorten_message, to_known_path
from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

FILM = Path("/films/A Film.mkv")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("/films/A Film.mkv is empty", "the file is empty"),
        ("track 1 of /films/A Film.mkv is broken: x", "track 1 of the file is broken: x"),
        ("not read: /films/A Film.mkv; again", "not read: the file; again"),
        ("/films/A Film.mkv.srt is kept", "/films/A Film.mkv.srt is kept"),
        ("/mnt/films/A Film.mkv is kept", "/mnt/films/A Film.mkv is kept"),
        ("/films/A Film.mkv/x is kept", "/films/A Film.mkv/x is kept"),
        ("nothing is there", "nothing is there"),
    ],
)
def test_a_path_is_not_repeated_and_others_stay(message: str, expected: str) -> None:
    assert shorten_message(message, FILM) == expected


def test_a_path_that_is_not_utf8_or_looks_like_a_pattern_is_not_repeated() -> None:
    for name in (b"/films/a\xff.mkv", b"/films/(a+)[1].mkv", b"/films/\\1.mkv"):
        path = Path(name.decode("utf-8", "surrogateescape"))
        assert shorten_message(f"{display_path(path)} is empty", path) == "the file is empty"


def test_the_command_of_a_hint_keeps_its_path() -> None:
    error = SetupError(f"{FILM} is locked", f"First: subtitled review unlock {FILM}")
    expected = f"the file is locked. First: subtitled review unlock {FILM}"
    assert describe_failure(error, FILM) == expected
    assert describe_failure(OSError("broken"), FILM) == "broken"


def test_a_path_behind_a_link_is_that_of_the_kernel_and_one_of_a_library_keeps_its_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "far/films/inside").mkdir(parents=True)
    (tmp_path / "far/Film.mkv").touch()
    (tmp_path / "films").symlink_to(tmp_path / "far/films")
    (tmp_path / "far/films/link").symlink_to(tmp_path / "far")
    monkeypatch.chdir(tmp_path)
    libraries = {"films": LibrarySettings(path=tmp_path / "films")}
    for typed, known in (
        ("films/../Film.mkv", "far/Film.mkv"),
        ("far/films/a.mkv", "films/a.mkv"),
        ("films/inside/../link/Film.mkv", "films/link/Film.mkv"),
    ):
        assert to_known_path(libraries, Path(typed)) == tmp_path / known, typed
