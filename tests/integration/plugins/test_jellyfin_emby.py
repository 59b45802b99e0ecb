"""Jellyfin and Emby: what differs between them. See ``test_media_servers`` for the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin import SidecarChange
from subtitled.plugin.fakes.jellyfin_emby import FakeMediaBrowser
from subtitled.plugin.testing import FakeJellyfin, Subtitle, listening
from support.media_servers import EMBY, FILM, JELLYFIN, THERE, WRITTEN, ServerPlugin

SPANISH = Subtitle(THERE.replace(".mkv", ".es.srt"), "es")


@pytest.fixture
def jellyfin(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJellyfin]:
    server = FakeJellyfin()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        yield server
    assert not server.violations


@pytest.fixture(params=[JELLYFIN, EMBY], ids=["jellyfin", "emby"])
def either(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[ServerPlugin, FakeMediaBrowser]]:
    server = request.param.fake()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        yield request.param, server
    assert not server.violations


def test_several_media_files_are_delivered_in_one_request(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    changes = [SidecarChange(FILM.with_name(f"{n}.mkv"), added=WRITTEN.added) for n in range(50)]
    server_plugin.make(server).refresh(changes, 0)
    (asked,) = server.asked
    listed = [update["Path"] for update in asked.body["Updates"]]
    assert listed == [f"/data/films/Film [2020]/{n}.mkv" for n in range(50)]
    assert {update["UpdateType"] for update in asked.body["Updates"]} == {"Modified"}


def test_media_file_costs_one_delivery_and_one_check(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    server.film(THERE, SPANISH)
    plugin = server_plugin.make(server)
    plugin.refresh([WRITTEN], 0)
    assert plugin.check_indexed(WRITTEN).is_complete is True
    assert server.operations() == ["PostUpdatedMedia", "GetItems"]


def test_what_is_watched_is_given_as_paths_of_this_machine(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    server.sessions = [
        {"UserName": "a"},
        {"NowPlayingItem": None},
        {"NowPlayingItem": {"Name": "live"}},
        {"NowPlayingItem": {"Path": "/data/films/A.mkv"}},
        {"NowPlayingItem": {"Path": "/database/B.mkv"}},
    ]
    watched = server_plugin.make(server).now_playing()
    assert watched == [Path("/media/films/A.mkv"), Path("/database/B.mkv")]


def test_ids_not_derived_from_paths_are_looked_up_among_the_items(
    jellyfin: FakeJellyfin,
) -> None:
    for n in range(1500):
        jellyfin.film(f"/data/films/{n}.mkv", own_id=uuid.uuid4().hex)
    jellyfin.film(THERE, SPANISH, own_id=uuid.uuid4().hex)
    plugin = JELLYFIN.make(jellyfin)
    plugin.refresh([WRITTEN], 1)
    assert plugin.check_indexed(WRITTEN).is_complete is True


def test_ids_derived_from_paths_need_no_listing(jellyfin: FakeJellyfin) -> None:
    jellyfin.film(THERE, SPANISH)
    plugin = JELLYFIN.make(jellyfin)
    plugin.check_indexed(WRITTEN)
    jellyfin.asked.clear()
    unknown = SidecarChange(FILM.with_name("unknown.mkv"), added=WRITTEN.added)
    assert plugin.check_indexed(unknown).is_complete is False
    assert jellyfin.operations() == ["GetItems"]


SESSION = "0123456789abcdef0123456789abcdef"
COMMANDS = ["DisplayMessage", "SetSubtitleStreamIndex"]


def watching(server: FakeMediaBrowser, *commands: str, shown: int | None = None) -> None:
    """Have somebody watch the film, at minute 40, with a player that supports some commands."""
    state = {"PositionTicks": 24_000_000_000, "IsPaused": False, "SubtitleStreamIndex": shown}
    server.sessions = [
        {
            "Id": SESSION,
            "Client": "Jellyfin Web",
            "NowPlayingItem": {"Path": THERE},
            "PlayState": state,
            "SupportedCommands": list(commands),
        },
        {"Id": "f" * 32, "Client": "nothing is played", "SupportedCommands": COMMANDS},
    ]


def shown_to(server: FakeMediaBrowser) -> list[tuple[str, Any]]:
    """Return what was passed on to players, by operation."""
    return [
        (one.operation, one.body or one.query)
        for one in server.asked
        if one.operation.startswith("Send")
    ]


def test_each_session_says_where_its_viewer_is(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    watching(server)
    (session,) = server_plugin.make(server).playback_sessions()
    assert (session.id, session.media, session.position) == (SESSION, FILM, 2400.0)
    assert (session.is_paused, session.client) == (False, "Jellyfin Web")
    server.sessions[0]["PlayState"] = {"PositionTicks": "soon"}
    (session,) = server_plugin.make(server).playback_sessions()
    assert session.position is None


def test_a_new_subtitle_is_chosen_once_the_server_has_indexed_it(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    server.film(THERE, SPANISH)
    watching(server, *COMMANDS)
    plugin = server_plugin.make(server)
    (session,) = plugin.playback_sessions()
    sidecar = WRITTEN.added[0]
    assert plugin.show_sidecar(session, sidecar, True) is False
    assert shown_to(server) == []
    plugin.refresh([WRITTEN], 1)
    assert plugin.show_sidecar(session, sidecar, True) is True
    (message, (operation, command)) = shown_to(server)
    assert message[0] == "SendMessageCommand"
    assert "Spanish subtitles" in message[1]["Text"]
    assert operation == "SendFullGeneralCommand"
    assert command["Name"] == "SetSubtitleStreamIndex"
    assert command["Arguments"]["Index"] == "2"


def test_a_subtitle_that_grew_is_chosen_again_without_a_message(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    server.film(THERE, SPANISH)
    watching(server, *COMMANDS, shown=2)
    plugin = server_plugin.make(server)
    plugin.refresh([WRITTEN], 1)
    (session,) = plugin.playback_sessions()
    assert plugin.show_sidecar(session, WRITTEN.added[0], False) is True
    assert [operation for operation, _ in shown_to(server)] == ["SendFullGeneralCommand"]


@pytest.mark.parametrize(
    ("commands", "shown", "is_new"),
    [
        ([], None, True),
        (["DisplayMessage"], None, True),
        (COMMANDS, 1, True),
        (COMMANDS, -1, False),
    ],
    ids=["no commands", "no choice of subtitles", "another is shown", "switched off"],
)
def test_a_player_that_cannot_or_must_not_change_is_left_alone(
    either: tuple[ServerPlugin, FakeMediaBrowser],
    commands: list[str],
    shown: int | None,
    is_new: bool,
) -> None:
    server_plugin, server = either
    server.film(THERE, SPANISH)
    watching(server, *commands, shown=shown)
    plugin = server_plugin.make(server)
    plugin.refresh([WRITTEN], 1)
    (session,) = plugin.playback_sessions()
    assert plugin.show_sidecar(session, WRITTEN.added[0], is_new) is None
    assert shown_to(server) == []


def test_a_session_that_has_ended_is_told_nothing(
    either: tuple[ServerPlugin, FakeMediaBrowser],
) -> None:
    server_plugin, server = either
    watching(server, *COMMANDS)
    plugin = server_plugin.make(server)
    (session,) = plugin.playback_sessions()
    server.sessions = []
    assert plugin.show_sidecar(session, WRITTEN.added[0], True) is None
