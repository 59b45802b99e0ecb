"""Media servers get each change once, however long they were away, and are checked afterwards."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.db.sidecars import SidecarStatus
from subtitled.library.removal import SidecarRemover
from subtitled.notify.delivery import DeliveryTimings
from subtitled.notify.media_servers import MediaServerDispatcher
from subtitled.plugin import (
    Backoff,
    IndexStatus,
    InputRejectedError,
    Language,
    MediaServer,
    Settings,
    SetupError,
    SidecarChange,
    SubtitleKind,
    TransientError,
)
from subtitled.plugin.testing import FakeEmby, FakeJellyfin, FakePlex, Subtitle, listening
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar

FAST = DeliveryTimings(
    gather_seconds=0.2,
    check_seconds=(0.05, 0.05, 0.05),
    backoff=Backoff(first=0.3, factor=1.0),
    polling_seconds=0.02,
)


class Recorder(MediaServer):
    """A fake server that records changes and answers what the test wants."""

    refresh_strategies = ("told", "told louder")
    calls: ClassVar[list[tuple[int, list[SidecarChange]]]]
    asked: ClassVar[list[Path]]
    says: ClassVar[Callable[[SidecarChange], IndexStatus]]
    trouble: ClassVar[Exception | None]

    def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
        if type(self).trouble is not None:
            raise type(self).trouble  # type: ignore[misc]
        self.calls.append((strategy, list(changes)))

    def check_indexed(self, change: SidecarChange) -> IndexStatus:
        self.asked.append(change.media)
        return type(self).says(change)


def recorder(says: Callable[[SidecarChange], IndexStatus] = lambda _: IndexStatus(True)) -> Any:
    state = {"calls": [], "asked": [], "says": staticmethod(says), "trouble": None}
    return type("One", (Recorder,), state)


class Home:
    """A library with several films, a database and a dispatcher."""

    def __init__(self, folder: Path, **servers: type[MediaServer]) -> None:
        self.root = folder / "films"
        self.root.mkdir(exist_ok=True)
        config = folder / "c.toml"
        config.write_text(
            f'[daemon]\nstate_dir = "{folder}/st"\n[libraries.films]\npath = "{self.root}"\n'
        )
        (folder / "st").mkdir(mode=0o700, exist_ok=True)
        created = {
            n: ConfiguredComponent(name=n, plugin=n, component_class=cls, settings=Settings())
            for n, cls in servers.items()
        }
        self.configuration = dataclasses.replace(load_config(config), servers=created)
        self.database = Database(folder / "st" / "subtitled.sqlite")

    @contextmanager
    def run_dispatcher(self, pace: DeliveryTimings = FAST) -> Iterator[None]:
        dispatcher = MediaServerDispatcher(self.configuration, self.database, pace)
        dispatcher.start()
        try:
            yield
        finally:
            dispatcher.stop()

    def write(
        self, name: str = "Film", tag: str = "es", kind: SubtitleKind = SubtitleKind.FULL
    ) -> Path:
        """Publish a sidecar as the daemon does."""
        media_file = self.root / f"{name}.mkv"
        media_file.touch()
        path = media_file.with_name(f"{name}.{tag}.srt")
        content = f"{name} {tag}".encode()
        import hashlib

        signature = Signature(
            fingerprint=name * 16,
            name=path.name,
            language=Language(tag.split(".")[0]),
            kind=kind,
            format="srt",
            variant="engine",
            created_at=time.time(),
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
        )
        publish_sidecar(path, content, own_digest=None, signature=signature)
        self.database.sidecars.record_written(path, media_file, signature)
        return media_file

    def delivery_of(self, media_file: Path, server: str = "den") -> Delivery:
        (one,) = [t for t in self.database.deliveries.of_media(media_file) if t.server == server]
        return one


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Callable[..., Home]]:
    homes = list[Home]()

    def make(**servers: type[MediaServer]) -> Home:
        homes.append(Home(tmp_path, **servers))
        return homes[-1]

    yield make
    for one in homes:
        one.database.close()


def until(condition: Callable[[], object], limit: float = 20.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def ended(home: Home, media_file: Path, server: str = "den") -> Callable[[], bool]:
    def is_so() -> bool:
        found = [t for t in home.database.deliveries.of_media(media_file) if t.server == server]
        return bool(found) and found[0].ended_at is not None

    return is_so


def test_published_sidecar_is_delivered_once_and_confirmed(home: Callable[..., Home]) -> None:
    den = recorder()
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    ((method, (change,)),) = den.calls
    assert method == 0
    assert change.media == media_file
    (one,) = change.added
    assert (one.path.name, one.language, one.kind) == ("Film.es.srt", "es", SubtitleKind.FULL)
    assert not change.removed
    assert den.asked == [media_file]
    output = harness.delivery_of(media_file)
    assert output.state is DeliveryState.CONFIRMED
    assert output.sent_at is not None


def test_what_changes_within_seconds_is_one_call(home: Callable[..., Home]) -> None:
    den = recorder()
    harness = home(den=den)
    with harness.run_dispatcher(dataclasses.replace(FAST, gather_seconds=1.5)):
        media = [harness.write(f"Film {n}") for n in range(5)]
        harness.write("Film 0", "en")
        for media_file in media:
            until(ended(harness, media_file))
    ((_, changes),) = den.calls
    assert sorted(change.media for change in changes) == media
    assert {len(change.added) for change in changes if change.media == media[0]} == {2}


def test_sidecar_that_is_not_indexed_is_delivered_by_the_next_strategy_and_then_reported(
    home: Callable[..., Home],
) -> None:
    den = recorder(lambda _: IndexStatus(False, "Film.es.srt is not listed"))
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert [method for method, _ in den.calls] == [0, 1]
    assert len(den.asked) == 2 * len(FAST.check_seconds)
    output = harness.delivery_of(media_file)
    assert (output.state, output.strategy) == (DeliveryState.NOT_INDEXED, 1)
    assert output.detail == "Film.es.srt is not listed"


def test_server_that_indexes_late_is_checked_again_and_called_once(
    home: Callable[..., Home],
) -> None:
    looks = iter([False, False, True])
    den = recorder(lambda _: IndexStatus(next(looks)))
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert len(den.calls) == 1
    assert harness.delivery_of(media_file).state is DeliveryState.CONFIRMED


def test_delivery_to_a_server_that_cannot_be_checked_is_unverifiable(
    home: Callable[..., Home],
) -> None:
    den = recorder(lambda _: IndexStatus(None, "when the film is opened"))
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert len(den.calls) == 1
    assert harness.delivery_of(media_file).state is DeliveryState.UNVERIFIABLE


def test_unreachable_server_gets_each_change_once_when_it_is_back(
    home: Callable[..., Home],
) -> None:
    den, other = recorder(), recorder()
    den.trouble = TransientError("den does not answer", "Check that it runs")
    harness = home(den=den, other=other)
    with harness.run_dispatcher():
        media = [harness.write(f"Film {n}") for n in range(20)]
        until(lambda: harness.database.kv.get(f"{SERVER_ERROR_KEY}den"))
        assert "does not answer" in (harness.database.kv.get(f"{SERVER_ERROR_KEY}den") or "")
        until(ended(harness, media[-1], "other"))  # one that is away holds up no other
    with harness.run_dispatcher():  # another life
        den.trouble = None
        for media_file in media:
            until(ended(harness, media_file))
        until(lambda: not harness.database.kv.get(f"{SERVER_ERROR_KEY}den"))
    ((_, changes),) = den.calls
    assert sorted(change.media for change in changes) == sorted(media)
    assert {harness.delivery_of(media_file).state for media_file in media} == {
        DeliveryState.CONFIRMED
    }


def test_a_server_that_is_away_is_not_tried_for_each_file(home: Callable[..., Home]) -> None:
    tries = list[float]()

    class Away(Recorder):
        def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
            tries.append(time.monotonic())
            raise TransientError("away")

    harness = home(den=Away)
    with harness.run_dispatcher(dataclasses.replace(FAST, backoff=Backoff(first=30.0))):
        for n in range(5):
            harness.write(f"Film {n}")
            time.sleep(0.3)
        until(lambda: tries)
    assert len(tries) == 1


def test_a_wrong_key_keeps_the_changes_for_the_day_it_is_right(home: Callable[..., Home]) -> None:
    den = recorder()
    den.trouble = SetupError("the key is refused", "Make a new one")
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(lambda: harness.database.kv.get(f"{SERVER_ERROR_KEY}den"))
    den.trouble = None
    with harness.run_dispatcher():  # the daemon was reloaded
        until(ended(harness, media_file))
    assert len(den.calls) == 1


def test_what_a_server_will_never_take_is_reported(home: Callable[..., Home]) -> None:
    den = recorder()
    den.trouble = InputRejectedError("no such thing")
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert harness.delivery_of(media_file).state is DeliveryState.NOT_INDEXED
    assert "no such thing" in harness.delivery_of(media_file).detail


def test_removed_and_restored_sidecars_are_delivered_too(home: Callable[..., Home]) -> None:
    den = recorder()
    harness = home(den=den)
    withdrawal = SidecarRemover(harness.database)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
        den.calls.clear()
        withdrawal.remove(harness.database.sidecars.of_media(media_file))
        until(lambda: den.calls)
        until(ended(harness, media_file))
        ((_, (change,)),) = den.calls
        assert [one.path.name for one in change.removed] == ["Film.es.srt"]
        assert not change.added
        den.calls.clear()
        withdrawal.restore(harness.database.sidecars.of_media(media_file))
        until(lambda: den.calls)
        ((_, (change,)),) = den.calls
        assert [one.path.name for one in change.added] == ["Film.es.srt"]
        assert not change.removed


def test_change_during_a_delivery_is_not_lost(home: Callable[..., Home]) -> None:
    harness: Home

    class Slow(Recorder):
        def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
            if not self.calls:
                harness.write("Film", "en")  # while the first is being told
            super().refresh(changes, strategy)

    den = type("One", (Slow,), {"calls": [], "asked": [], "trouble": None})
    den.says = staticmethod(lambda _: IndexStatus(True))
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write("Film", "es")
        until(lambda: len(den.calls) == 2)
        until(ended(harness, media_file))
    last = {one.path.name for one in den.calls[-1][1][0].added}
    assert "Film.en.srt" in last


def test_moved_sidecar_is_delivered_for_both_folders(
    home: Callable[..., Home],
) -> None:
    den = recorder()
    harness = home(den=den)
    old = harness.write("Old")
    new = harness.root / "New.mkv"
    harness.database.sidecars.record_moved(
        old.with_name("Old.es.srt"), new.with_name("New.es.srt"), new
    )
    with harness.run_dispatcher():
        until(ended(harness, old))
        until(ended(harness, new))
    delivery_of = {change.media.name: change for _, changes in den.calls for change in changes}
    assert [one.path.name for one in delivery_of["Old.mkv"].removed] == ["Old.es.srt"]
    assert [one.path.name for one in delivery_of["New.mkv"].added] == ["New.es.srt"]


def test_transcript_without_a_sidecar_is_not_delivered(home: Callable[..., Home]) -> None:
    """After the database is lost, no whole library is refreshed."""
    den = recorder()
    harness = home(den=den)
    media_file = harness.write()
    sidecar = media_file.with_name("Film.es.srt")
    harness.database.deliveries.enqueue_changes(lambda _: (), 0.0)
    harness.database.sidecars.set_status(sidecar, SidecarStatus.PRESENT)
    with harness.database._engine.begin() as c:
        c.exec_driver_sql("DELETE FROM sidecars")
    harness.database.sidecars.adopt_signed(sidecar, media_file, "Film" * 16)
    assert harness.database.sidecars.get(sidecar) is not None
    assert harness.database.deliveries.enqueue_changes(lambda _: ("den",), 0.0) == 0


def test_a_fault_of_a_plugin_ends_nothing(home: Callable[..., Home]) -> None:
    output = iter([RuntimeError("a fault"), None])

    class Faulty(Recorder):
        def refresh(self, changes: Sequence[SidecarChange], strategy: int) -> None:
            if (fault := next(output)) is not None:
                raise fault
            super().refresh(changes, strategy)

    den = type("One", (Faulty,), {"calls": [], "asked": [], "trouble": None})
    den.says = staticmethod(lambda _: IndexStatus(True))
    harness = home(den=den)
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert len(den.calls) == 1


KINDS = {"jellyfin": FakeJellyfin, "emby": FakeEmby, "plex": FakePlex}
EACH = {"jellyfin": 2, "emby": 2, "plex": 5}
"""Return the requests for one sidecar that is confirmed by the first check."""


@pytest.fixture(params=KINDS)
def real(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Any, Home]]:
    """Build a home whose server is a fake behind the real plugin, configured by a file."""
    kind = request.param
    server = KINDS[kind]()
    monkeypatch.setenv("SERVER_KEY", server.key)
    with listening(server):
        harness = Home(tmp_path)
        key = "token" if kind == "plex" else "api_key"
        config = tmp_path / "d.toml"
        config.write_text(
            (tmp_path / "c.toml").read_text()
            + f'[servers.den]\nplugin = "{kind}"\nurl = "{server.url}"\n'
            + f'{key} = {{env = "SERVER_KEY"}}\npath_map = [["{harness.root}", "/data/films"]]\n'
        )
        loaded: Configuration = load_config(config)
        assert not loaded.unavailable
        harness.configuration = loaded
        yield kind, server, harness
        harness.database.close()
    assert not server.violations


def test_each_server_shows_what_was_published(real: tuple[str, Any, Home]) -> None:
    kind, server, harness = real
    server.film("/data/films/Film.mkv", Subtitle("/data/films/Film.es.srt", "es"))
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert harness.delivery_of(media_file).state is DeliveryState.CONFIRMED
    assert harness.delivery_of(media_file).strategy == 0
    assert len(server.asked) == EACH[kind]


def test_each_server_that_ignores_the_first_strategy_gets_the_next(
    real: tuple[str, Any, Home],
) -> None:
    _, server, harness = real
    server.film("/data/films/Film.mkv", Subtitle("/data/films/Film.es.srt", "es"))
    server.library.deaf_to = {"PostUpdatedMedia", "RefreshSection"}
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert (harness.delivery_of(media_file).state, harness.delivery_of(media_file).strategy) == (
        DeliveryState.CONFIRMED,
        1,
    )


def test_each_server_that_acts_late_is_waited_for(real: tuple[str, Any, Home]) -> None:
    _, server, harness = real
    server.film("/data/films/Film.mkv", Subtitle("/data/films/Film.es.srt", "es"))
    server.library.slowness = 0.5
    with harness.run_dispatcher(dataclasses.replace(FAST, check_seconds=(0.1, 0.2, 0.4, 0.8, 1.6))):
        media_file = harness.write()
        until(ended(harness, media_file))
    assert (harness.delivery_of(media_file).state, harness.delivery_of(media_file).strategy) == (
        DeliveryState.CONFIRMED,
        0,
    )


def test_each_server_that_never_lists_it_is_reported(real: tuple[str, Any, Home]) -> None:
    _, server, harness = real
    server.film("/data/films/Film.mkv")
    with harness.run_dispatcher():
        media_file = harness.write()
        until(ended(harness, media_file))
    assert harness.delivery_of(media_file).state is DeliveryState.NOT_INDEXED
    assert "Film.es.srt is not listed" in harness.delivery_of(media_file).detail


def test_twenty_films_published_together_cost_one_call_where_the_server_takes_it(
    real: tuple[str, Any, Home],
) -> None:
    kind, server, harness = real
    names = [f"Film {n}" for n in range(20)]
    for name in names:
        server.film(f"/data/films/{name}.mkv", Subtitle(f"/data/films/{name}.es.srt", "es"))
    with harness.run_dispatcher(dataclasses.replace(FAST, gather_seconds=3.0)):
        media = [harness.write(name) for name in names]
        for media_file in media:
            until(ended(harness, media_file))
    delivery_of = {
        "jellyfin": "PostUpdatedMedia",
        "emby": "PostUpdatedMedia",
        "plex": "RefreshSection",
    }
    assert server.operations().count(delivery_of[kind]) == 1


def test_no_thread_is_left_behind(home: Callable[..., Home]) -> None:
    harness = home(den=recorder())
    with harness.run_dispatcher():
        assert [t for t in threading.enumerate() if t.name == "server den"]
    until(lambda: not [t for t in threading.enumerate() if t.name == "server den"])
