"""Kodi, against a fake. ``make test-kodi`` runs the plugin against a real Kodi."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from subtitled.plugin import (
    ComponentContext,
    SetupError,
    SidecarChange,
    SubtitledError,
    TransientError,
)
from subtitled.plugin.testing import listening
from subtitled_plugins.kodi import Kodi, KodiSettings
from support.fakes.kodi import FakeKodi, external
from support.media_servers import FILM, FORCED, SDH, SPANISH, WRITTEN, sidecar

FOLDER = "smb://nas/films/Film [2020]/"
THERE = f"{FOLDER}Film [2020].mkv"

Make = Callable[..., Kodi]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKodi]:
    server = FakeKodi()
    monkeypatch.setenv("KODI_PASSWORD", server.password)
    with listening(server):
        yield server
    assert not server.violations


@pytest.fixture
def kodi(server: FakeKodi) -> Make:
    def make(**settings: object) -> Kodi:
        asked = {"url": server.url, "password": {"env": "KODI_PASSWORD"}} | settings
        asked["path_map"] = [["/media", "smb://nas"]]
        return Kodi(KodiSettings.model_validate(asked), ComponentContext("tv"))

    return make


def test_the_folder_of_the_film_is_scanned_once_and_no_other(server: FakeKodi, kodi: Make) -> None:
    changes = [WRITTEN, SidecarChange(FILM.with_name("Extra.mkv"), added=(SPANISH,))]
    kodi().refresh(changes, 0)
    assert server.called == [("VideoLibrary.Scan", {"directory": FOLDER, "showdialogs": False})]


def test_closed_film_is_checked_by_the_files_that_kodi_sees(server: FakeKodi, kodi: Make) -> None:
    server.folders[FOLDER] = [THERE]
    unseen = kodi().check_indexed(WRITTEN)
    assert unseen.is_complete is False
    assert "does not see Film [2020].es.srt" in unseen.detail
    server.folders[FOLDER].append(f"{FOLDER}Film [2020].es.srt")
    seen = kodi().check_indexed(WRITTEN)
    assert seen.is_complete is None
    assert "when the film is opened" in seen.detail


def test_a_folder_that_it_has_not_is_not_seen(server: FakeKodi, kodi: Make) -> None:
    assert kodi().check_indexed(WRITTEN).is_complete is False


def test_open_film_is_checked_by_language_and_flags(server: FakeKodi, kodi: Make) -> None:
    server.open = THERE
    server.subtitles = [
        external("spa"),
        external("eng", forced=True),
        external("eng", "sdh (External)"),
        external("fre", "inside the film"),
    ]
    assert (
        kodi().check_indexed(SidecarChange(FILM, added=(SPANISH, FORCED, SDH))).is_complete is True
    )
    french = kodi().check_indexed(SidecarChange(FILM, added=(sidecar("fr.srt", "fr"),)))
    assert french.is_complete is None
    assert "opened again" in french.detail


def test_a_language_that_it_reads_wrongly_is_not_confirmed(server: FakeKodi, kodi: Make) -> None:
    """As Kodi 20.1 does it with ``Film.pt-BR.srt``: Breton."""
    server.open, server.subtitles = THERE, [external("bre", "pt (External)")]
    status = kodi().check_indexed(SidecarChange(FILM, added=(sidecar("pt-BR.srt", "pt-BR"),)))
    assert status.is_complete is None
    assert "pt-BR.srt is not listed" in status.detail


def test_what_is_open_is_given_as_a_path_of_this_machine(server: FakeKodi, kodi: Make) -> None:
    assert list(kodi().now_playing()) == []
    server.open = THERE
    assert list(kodi().now_playing()) == [FILM]


def test_metadata_of_films_and_episodes_is_read(server: FakeKodi, kodi: Make) -> None:
    cast = [{"name": "Ana Torrent", "role": "Ana"}, {"name": "Isabel Tellería", "role": ""}]
    server.episodes = [{"file": THERE, "title": "One", "showtitle": "A Series", "cast": cast}]
    title = kodi().metadata(FILM)
    assert title is not None
    assert (title.title, title.series) == ("One", "A Series")
    assert title.cast == ("Ana Torrent", "Isabel Tellería")
    assert title.characters == ("Ana",)
    asked = dict(server.called)["VideoLibrary.GetMovies"]["filter"]["and"]
    assert [rule["value"] for rule in asked] == ["Film [2020].mkv", FOLDER]
    assert list(kodi().sample_paths()) == [THERE]
    assert kodi().to_local(THERE) == FILM
    server.episodes.clear()
    assert kodi().metadata(FILM) is None


def test_a_wrong_password_is_named_by_its_place_and_never_shown(
    server: FakeKodi, kodi: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KODI_PASSWORD", "mistaken")
    with pytest.raises(SetupError, match=r"servers\.tv\.password") as caught:
        kodi().refresh([WRITTEN], 0)
    assert "mistaken" not in str(caught.value)
    (finding,) = kodi().self_check()
    assert not finding.ok


@pytest.mark.parametrize(("status", "kind"), [(404, SetupError), (500, TransientError)])
def test_each_refusal_is_what_it_is(
    server: FakeKodi, kodi: Make, status: int, kind: type[SubtitledError]
) -> None:
    server.fault = status
    with pytest.raises(kind, match=str(status)):
        kodi().refresh([WRITTEN], 0)


def test_kodi_that_is_off_gets_the_change_later(kodi: Make) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(TransientError, match="does not answer"):
            kodi(url=url).refresh([WRITTEN], 0)


@pytest.mark.parametrize("page", [b"<html>router</html>", b'"hello"', b"null", b"{}"])
def test_what_is_no_kodi_is_found_out(server: FakeKodi, kodi: Make, page: bytes) -> None:
    server.page = page
    with pytest.raises(SetupError, match="does not answer as Kodi"):
        kodi().now_playing()
    (finding,) = kodi().self_check()
    assert not finding.ok


def test_self_check_of_a_working_server_passes(server: FakeKodi, kodi: Make) -> None:
    (finding,) = kodi().self_check()
    assert finding.ok
    assert "20.1" in finding.detail


def test_a_published_film_costs_three_requests(server: FakeKodi, kodi: Make) -> None:
    server.folders[FOLDER] = [THERE, f"{FOLDER}Film [2020].es.srt"]
    plugin = kodi()
    plugin.refresh([WRITTEN], 0)
    plugin.check_indexed(WRITTEN)
    assert len(server.called) == 3


def test_each_player_says_where_its_viewer_is(server: FakeKodi, kodi: Make) -> None:
    assert list(kodi().playback_sessions()) == []
    server.open, server.seconds, server.is_paused = THERE, 3725, True
    (session,) = kodi().playback_sessions()
    assert (session.media, session.position, session.is_paused) == (FILM, 3725.0, True)


def test_a_sidecar_that_kodi_sees_is_added_to_the_open_film_and_read_again(
    server: FakeKodi, kodi: Make
) -> None:
    server.open, server.folders[FOLDER] = THERE, [THERE]
    (session,) = kodi().playback_sessions()
    assert kodi().show_sidecar(session, SPANISH, True) is False
    path = f"{FOLDER}Film [2020].es.srt"
    server.folders[FOLDER].append(path)
    assert kodi().show_sidecar(session, SPANISH, True) is True
    assert kodi().show_sidecar(session, SPANISH, False) is True
    added = [params for method, params in server.called if method == "Player.AddSubtitle"]
    assert added == [{"playerid": 1, "subtitle": path}] * 2


@pytest.mark.parametrize("is_new", [True, False])
def test_a_viewer_who_has_chosen_another_language_keeps_it(
    server: FakeKodi, kodi: Make, is_new: bool
) -> None:
    server.open, server.shown = THERE, external("eng")
    server.folders[FOLDER] = [THERE, f"{FOLDER}Film [2020].es.srt"]
    (session,) = kodi().playback_sessions()
    assert kodi().show_sidecar(session, SPANISH, is_new) is None


def test_a_viewer_who_switched_the_subtitle_off_does_not_get_it_back(
    server: FakeKodi, kodi: Make
) -> None:
    server.open, server.folders[FOLDER] = THERE, [THERE, f"{FOLDER}Film [2020].es.srt"]
    (session,) = kodi().playback_sessions()
    assert kodi().show_sidecar(session, SPANISH, True) is True
    server.are_shown = False
    assert kodi().show_sidecar(session, SPANISH, False) is None


def test_a_film_that_was_closed_meanwhile_is_shown_nothing(server: FakeKodi, kodi: Make) -> None:
    server.open = THERE
    (session,) = kodi().playback_sessions()
    server.open = ""
    assert kodi().show_sidecar(session, SPANISH, True) is None
