"""Items that a webhook names by id only: the configured servers say where their files are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.daemon.item_lookup import ItemLookup
from subtitled.db.commands import Command, CommandKind, ServerItem
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_database
from subtitled.plugin.testing import FakeJellyfin, FakePlex, listening
from subtitled.web.receiver import WebhookReceiver

ITEM_ID = "0d4b0a7f3c1e4f3bb3d1f5d5a6c7b8e9"
ADDED = {"NotificationType": "ItemAdded", "Name": "Up", "ItemType": "Movie", "Year": 2009}


class House:
    """Two libraries, and the servers that show them."""

    def __init__(self, home: Path, servers: dict[str, Any], **libraries: Any) -> None:
        for name in ("films", "series"):
            (home / name).mkdir(exist_ok=True)
        self.films, self.series = home / "films", home / "series"
        self.configuration: Configuration = load_config(
            None,
            overrides={
                "daemon": {"state_dir": str(home / "state")},
                "servers": servers,
                "libraries": {
                    name: {"path": str(home / name)} | libraries.get(name, {})
                    for name in ("films", "series")
                },
            },
        )
        self.db: Database = open_database(self.configuration)

    def hear(self, source: str, payload: dict[str, Any]) -> None:
        """Store what the port stores for a webhook."""
        settings = self.configuration.settings
        receiver = WebhookReceiver(settings.web, settings.libraries)
        self.db.commands.enqueue_all(receiver.handle(source, payload).commands)

    def followed(
        self, retry_seconds: tuple[float, ...] = ()
    ) -> list[tuple[CommandKind, Path | None]]:
        """Look up all items and return the commands that follow."""
        lookup = ItemLookup(self.configuration, self.db.commands, retry_seconds)
        for command in self.db.commands.pending():
            if command.item is not None:
                lookup.look_up(command)
        deadline = time.monotonic() + 20
        while any(command.item for command in self.db.commands.pending()):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return [(command.kind, command.path) for command in self.db.commands.pending()]


@pytest.fixture
def jellyfin(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeJellyfin]:
    server = FakeJellyfin()
    monkeypatch.setenv("JELLYFIN", server.key)
    with listening(server):
        yield server
    assert not server.violations


@pytest.fixture
def build_installation(tmp_path: Path) -> Iterator[Callable[..., House]]:
    created: list[House] = []

    def build(servers: dict[str, Any], **libraries: Any) -> House:
        created.append(House(tmp_path, servers, **libraries))
        return created[-1]

    yield build
    for one in created:
        one.db.close()


def section(server: FakeJellyfin | FakePlex, home: Path, **more: Any) -> dict[str, Any]:
    kind = "plex" if isinstance(server, FakePlex) else "jellyfin"
    key = {"plex": "token", "jellyfin": "api_key"}[kind]
    return {
        "plugin": kind,
        "url": server.url,
        key: {"env": kind.upper()},
        "path_map": [[str(home), "/data"]],
    } | more


@pytest.mark.parametrize("item_id", [ITEM_ID, "0D4B0A7F-3C1E-4F3B-B3D1-F5D5A6C7B8E9"])
def test_jellyfin_s_released_webhook_leads_to_the_file(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path, item_id: str
) -> None:
    jellyfin.film("/data/films/Up (2009)/Up.mkv", own_id=ITEM_ID)
    home = build_installation({"den": section(jellyfin, tmp_path)})
    home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": item_id})
    up = home.films / "Up (2009)" / "Up.mkv"
    assert home.followed() == [(CommandKind.PATH_CHANGED, up)]
    played = {"NotificationType": "PlaybackStart", "ItemId": item_id}
    home.hear("jellyfin", played | {"ServerId": jellyfin.server_id})
    assert (CommandKind.PLAYBACK_STARTED, up) in home.followed()


def test_the_server_that_sent_it_is_asked_and_no_other(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path
) -> None:
    other = FakeJellyfin()
    other.server_id = "0" * 32
    other.film("/data/films/Other.mkv", own_id=ITEM_ID)
    jellyfin.film("/data/films/Up.mkv", own_id=ITEM_ID)
    with listening(other):
        home = build_installation({"a": section(other, tmp_path), "b": section(jellyfin, tmp_path)})
        home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": ITEM_ID})
        assert home.followed() == [(CommandKind.PATH_CHANGED, home.films / "Up.mkv")]
    assert other.operations() == ["GetSystemInfo"]


def test_plex_is_asked_by_its_rating_key_for_films_and_for_folders_of_series(
    build_installation: Callable[..., House], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plex = FakePlex()
    monkeypatch.setenv("PLEX", plex.key)
    film = plex.film("/data/films/Up.mkv")
    show = plex.film("/data/series/The Sea")
    plex.shows.add(show.id)
    with listening(plex):
        home = build_installation({"den": section(plex, tmp_path)})
        for key in (film.id, show.id):
            server = {"title": "den", "uuid": plex.server_id}
            metadata = {"librarySectionType": "movie", "ratingKey": key}
            home.hear("plex", {"event": "library.new", "Server": server, "Metadata": metadata})
        assert home.followed() == [
            (CommandKind.PATH_CHANGED, home.films / "Up.mkv"),
            (CommandKind.PATH_CHANGED, home.series / "The Sea"),
        ]
    assert not plex.violations


def test_without_a_configured_server_libraries_are_scanned_and_a_hint_is_logged(
    build_installation: Callable[..., House], caplog: pytest.LogCaptureFixture
) -> None:
    home = build_installation({})
    home.hear("jellyfin", ADDED | {"ServerId": "f00", "ItemId": ITEM_ID})
    home.hear("jellyfin", ADDED | {"ServerId": "f00", "ItemId": "f" * 32})
    assert home.followed() == [(CommandKind.SCAN, home.films), (CommandKind.SCAN, home.series)]
    (warning,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "[servers.jellyfin]" in warning.message
    assert "f00" in warning.message


def test_an_item_that_the_server_has_not_scans_the_libraries_that_it_shows(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path
) -> None:
    home = build_installation({"den": section(jellyfin, tmp_path)}, series={"servers": []})
    gone = {"NotificationType": "ItemDeleted", "ServerId": jellyfin.server_id, "ItemId": ITEM_ID}
    home.hear("jellyfin", gone)
    assert home.followed() == [(CommandKind.SCAN, home.films)]


@pytest.mark.parametrize(
    "item_id", ["../../System/Info", "1,2", "0" * 31, "%2e%2e", "0" * 32 + "?x=1", "é" * 32]
)
def test_what_is_no_id_is_never_put_into_an_address(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path, item_id: str
) -> None:
    home = build_installation({"den": section(jellyfin, tmp_path)})
    home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": item_id})
    assert (CommandKind.SCAN, home.films) in home.followed()
    assert jellyfin.operations() == ["GetSystemInfo"]


@pytest.mark.parametrize(
    "path", ["/data/films/../../../etc/passwd", "/elsewhere/Up.mkv", "films/Up.mkv", "/data/\ud800"]
)
def test_a_server_cannot_lead_out_of_the_libraries(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path, path: str
) -> None:
    jellyfin.film(path, own_id=ITEM_ID)
    home = build_installation({"den": section(jellyfin, tmp_path)})
    home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": ITEM_ID})
    assert all(kind is CommandKind.SCAN for kind, _ in home.followed())


def test_a_server_that_is_away_for_a_moment_is_asked_again(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path
) -> None:
    jellyfin.film("/data/films/Up.mkv", own_id=ITEM_ID)
    home = build_installation({"den": section(jellyfin, tmp_path)})
    home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": ITEM_ID})
    jellyfin.fault = 503
    lookup = ItemLookup(home.configuration, home.db.commands, (0.3,) * 60)
    (command,) = home.db.commands.pending()
    lookup.look_up(command)
    time.sleep(0.1)
    assert home.db.commands.pending() == [command], "it stays on disk while nobody answers"
    jellyfin.fault = None
    deadline = time.monotonic() + 10
    while command in home.db.commands.pending():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [one.path for one in home.db.commands.pending()] == [home.films / "Up.mkv"]


def test_one_that_stays_away_costs_a_scan_and_nothing_is_lost(
    build_installation: Callable[..., House], jellyfin: FakeJellyfin, tmp_path: Path
) -> None:
    jellyfin.fault = 503
    home = build_installation({"den": section(jellyfin, tmp_path)})
    home.hear("jellyfin", ADDED | {"ServerId": jellyfin.server_id, "ItemId": ITEM_ID})
    assert home.followed((0.0, 0.0)) == [
        (CommandKind.SCAN, home.films),
        (CommandKind.SCAN, home.series),
    ]


def test_commands_about_items_survive_a_restart(build_installation: Callable[..., House]) -> None:
    home = build_installation({})
    item = ServerItem("jellyfin", "f00", "é\u2028ü")
    for _ in range(2):
        home.db.commands.enqueue_all([Command(kind=CommandKind.ITEM_PLAYED, path=None, item=item)])
    (command,) = home.db.commands.pending()
    assert (command.kind, command.item) == (CommandKind.ITEM_PLAYED, item)
