"""Jellyfin and Emby: what differs between them. See ``test_media_servers`` for the rest."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

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
