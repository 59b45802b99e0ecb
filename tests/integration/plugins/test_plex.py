"""Plex: what only it does. See ``test_media_servers`` for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.plugin import SidecarChange
from subtitled.plugin.testing import FakePlex, Subtitle, listening
from support.media_servers import FILM, PLEX, THERE, WRITTEN

SPANISH = Subtitle(THERE.replace(".mkv", ".es.srt"), "es")


@pytest.fixture
def plex(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePlex]:
    server = FakePlex()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        yield server
    assert not server.violations


def test_the_folder_is_scanned_in_its_section_and_in_no_other(plex: FakePlex) -> None:
    plex.film(THERE)
    PLEX.make(plex).refresh([WRITTEN], 0)
    (scan,) = [one for one in plex.asked if one.operation == "RefreshSection"]
    assert scan.path == {"sectionId": "1"}
    assert scan.query == {"path": "/data/films/Film [2020]"}


def test_a_folder_with_many_changed_films_is_scanned_once(plex: FakePlex) -> None:
    folder = Path("/media/series/A/S01")
    changes = [SidecarChange(folder / f"S01E{n}.mkv", added=WRITTEN.added) for n in range(20)]
    PLEX.make(plex).refresh(changes, 0)
    scans = [one for one in plex.asked if one.operation == "RefreshSection"]
    assert [(scan.path["sectionId"], scan.query["path"]) for scan in scans] == [
        ("2", "/data/series/A/S01")
    ]


def test_a_film_is_looked_for_once(plex: FakePlex) -> None:
    plex.film(THERE, SPANISH)
    for n in range(1200):
        plex.film(f"/data/films/{n}.mkv")
    plugin = PLEX.make(plex)
    assert plugin.check_indexed(WRITTEN).is_complete is False
    plex.asked.clear()
    plugin.refresh([WRITTEN], 0)
    assert plugin.check_indexed(WRITTEN).is_complete is True
    assert plex.operations() == ["GetSections", "RefreshSection", "GetMetadataItem"]


def test_a_film_that_got_another_key_is_found_again(plex: FakePlex) -> None:
    film = plex.film(THERE, SPANISH)
    plugin = PLEX.make(plex)
    plugin.check_indexed(WRITTEN)
    film.id = "900"
    plugin.refresh([WRITTEN], 1)
    assert plugin.check_indexed(WRITTEN).is_complete is True


def test_a_subtitle_inside_the_film_is_not_taken_for_ours(plex: FakePlex) -> None:
    plex.film(THERE)
    english = WRITTEN.added[0]
    inside = SidecarChange(
        FILM, added=(type(english)(english.path, english.language.__class__("en")),)
    )
    assert PLEX.make(plex).check_indexed(inside).is_complete is False


def test_what_is_watched_is_given_even_where_it_is_transcoded(plex: FakePlex) -> None:
    plex.film(THERE)
    transcoded = {"ratingKey": "500", "Media": [{"Part": [{"decision": "transcode"}]}]}
    direct = {"ratingKey": "7", "Media": [{"Part": [{"file": "/data/series/A/1.mkv"}]}]}
    plex.sessions = [transcoded, direct]
    watched = PLEX.make(plex).now_playing()
    assert set(watched) == {FILM, Path("/media/series/A/1.mkv")}


def test_each_session_says_where_its_viewer_is(plex: FakePlex) -> None:
    part = {"Media": [{"Part": [{"file": THERE}]}]}
    plex.sessions = [
        {"sessionKey": "4", "viewOffset": 2_400_500, "Player": {"state": "paused"}} | part,
        {"sessionKey": "5", "viewOffset": -3, "Player": "none"} | part,
    ]
    first, second = PLEX.make(plex).playback_sessions()
    assert (first.id, first.media, first.position, first.is_paused) == ("4", FILM, 2400.5, True)
    assert (second.id, second.position, second.is_paused) == ("5", None, False)
    assert PLEX.make(plex).show_sidecar(first, WRITTEN.added[0], True) is None
