"""Paths of senders: compared by component, and never outside a library."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.settings import LibrarySettings
from subtitled.config.web_settings import WebhookSenderSettings, WebSettings
from subtitled.db.commands import Command, CommandKind
from subtitled.library.paths import is_inside_library
from subtitled.web.paths import to_local_path
from subtitled.web.receiver import WebhookReceiver

PAIRS = [("/srv/media", "/tv"), ("/srv/films", "D:\\Films"), ("/srv/nas", "\\\\nas\\share")]


@pytest.mark.parametrize(
    ("theirs", "mine"),
    [
        ("/tv/The Sea/a.mkv", "/srv/media/The Sea/a.mkv"),
        ("/tv", "/srv/media"),
        ("/tv2/a.mkv", "/tv2/a.mkv"),
        ("d:\\films\\A [b]\\c.mkv", "/srv/films/A [b]/c.mkv"),
        ("D:/Films/c.mkv", "/srv/films/c.mkv"),
        ("\\\\NAS\\share\\a.mkv", "/srv/nas/a.mkv"),
        ("E:\\Films\\c.mkv", None),
        ("relative/a.mkv", None),
        ("", None),
        ("/tv/../etc/passwd", None),
        ("/tv/a/../../x", None),
        ("D:\\Films\\..\\Windows", None),
        ("/tv/a\0b", None),
        ("/tv/" + "a" * 5000, None),
        ("/tv/\ud800", None),
        ("http://host/a.mkv", None),
        ("/tv/back\\slash.mkv", "/srv/media/back\\slash.mkv"),
    ],
)
def test_paths_are_mapped_by_component(theirs: str, mine: str | None) -> None:
    assert to_local_path(theirs, PAIRS) == (None if mine is None else Path(mine))


def test_a_name_that_is_no_text_comes_through_json() -> None:
    path = to_local_path("/tv/caf\udce9.mkv", PAIRS)
    assert path is not None
    assert os.fsencode(path) == b"/srv/media/caf\xe9.mkv"


@given(st.text(), st.lists(st.sampled_from(["..", ".", "a", "", "\\", "C:"]), max_size=6))
def test_whatever_is_written_it_ends_up_whole_or_nowhere(text: str, parts: list[str]) -> None:
    for written in (text, "/tv/" + "/".join(parts), "D:\\Films\\" + "\\".join(parts)):
        path = to_local_path(written, PAIRS)
        assert path is None or (path.is_absolute() and ".." not in path.parts)


def test_only_what_lies_in_a_library_is_asked_for() -> None:
    hooks = WebhookReceiver(
        WebSettings(
            webhooks={
                "anime": WebhookSenderSettings(kind="sonarr", path_map=(("/srv/anime", "/tv"),))
            }
        ),
        {"films": LibrarySettings(path=Path("/srv/anime"))},
    )
    file = {"eventType": "Download", "episodeFile": {"path": "/tv/a.mkv"}}
    assert hooks.handle("anime", file).commands == (
        Command(
            kind=CommandKind.PATH_CHANGED, path=Path("/srv/anime/a.mkv"), actor="webhook anime"
        ),
    )
    assert hooks.handle("sonarr", file).unmatched == 1
    assert hooks.handle("sonarr", file).commands == ()
    answer = hooks.handle("generic", {"paths": ["/srv/anime", "/srv/anime2/x", "/etc/passwd"]})
    assert (answer.commands, answer.unmatched) == (
        (Command(kind=CommandKind.SCAN, path=Path("/srv/anime"), actor="webhook generic"),),
        2,
    )
    assert "nobody" not in hooks


def test_a_link_leads_nowhere_out_of_a_library(tmp_path: Path) -> None:
    root, outside = tmp_path / "films", tmp_path / "secret"
    (root / "a").mkdir(parents=True)
    outside.mkdir()
    (root / "out").symlink_to(outside)
    (root / "in").symlink_to(root / "a")
    library = LibrarySettings(path=root)
    assert is_inside_library(root / "a" / "x.mkv", library)
    assert is_inside_library(root / "not there" / "x.mkv", library)
    assert not is_inside_library(root / "out" / "x.mkv", library)
    assert not is_inside_library(root / "in" / "x.mkv", library)
    assert not is_inside_library(outside / "x.mkv", library)
    assert not is_inside_library(root / "a" / ".." / ".." / "secret", library)
    follows = LibrarySettings(path=root, follow_symlinks=True)
    assert is_inside_library(root / "in" / "x.mkv", follows)
    assert not is_inside_library(root / "out" / "x.mkv", follows)


def test_a_library_that_is_itself_reached_by_a_link_confines_as_well(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / "a").mkdir(parents=True)
    (tmp_path / "films").symlink_to(real)
    for symlinks in (False, True):
        library = LibrarySettings(path=tmp_path / "films", follow_symlinks=symlinks)
        assert is_inside_library(tmp_path / "films" / "a" / "x.mkv", library)
