"""Throttling: what is polled, and what happens to the work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import psutil
import pytest

from subtitled.config.daemon_settings import ThrottleSettings
from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon import playback, sensors, throttling
from subtitled.daemon.playback import PlaybackPoller, supports_playback
from subtitled.daemon.resource_monitor import SensorReadings, evaluate_rules
from subtitled.daemon.throttling import ThrottleCallbacks, ThrottleController
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.jobcontext.viewing import Viewers
from subtitled.jobs.job_gate import DeferJob
from subtitled.jobs.throttle_state import VIEWERS_RULE, Throttle, ThrottleRegistry
from subtitled.plugin import (
    Language,
    MediaServer,
    PlaybackSession,
    Settings,
    Sidecar,
    TransientError,
)
from support.harness import Harness, film
from support.namespaces import unshare

EPISODE = Path("/srv/shows/1.mkv")


class Server(MediaServer):
    """A media server that answers what the test sets. It may hang, or be down."""

    playing_now: Sequence[Path] = ()
    asked = 0
    down = False
    hangs: threading.Event | None = None

    def refresh(self, media: Path, sidecars: Sequence[Path]) -> None:
        return

    def now_playing(self) -> Sequence[Path]:
        type(self).asked += 1
        if self.hangs is not None:
            self.hangs.wait(60)
        if self.down:
            raise TransientError("it is down")
        return self.playing_now


class Mute(MediaServer):
    """A media server that cannot report what is being played."""

    def refresh(self, media: Path, sidecars: Sequence[Path]) -> None:
        return


class Engines:
    def __init__(self) -> None:
        self.frozen = False

    def suspend(self) -> None:
        self.frozen = True

    def resume(self) -> None:
        self.frozen = False

    def process_ids(self) -> list[int]:
        return []


def until(true: Callable[[], object], limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def server() -> type[Server]:
    return type("One", (Server,), {})


def configured(name: str, component: Any) -> ConfiguredComponent[MediaServer]:
    return ConfiguredComponent(
        name=name, plugin=name, component_class=component, settings=Settings()
    )


class World:
    """A throttle controller with short intervals."""

    def __init__(
        self, folder: Path, servers: dict[str, Any], *, viewed: str = "", pauses: bool = True
    ) -> None:
        """``viewed`` is a server whose viewers get subtitles; ``pauses`` is whether work stops."""
        self.viewers = Viewers()
        self.halts = ThrottleRegistry(Database(folder / "subtitled.sqlite").kv)
        self.engines = Engines()
        self.busy = False
        self.seen: list[Path] = []
        self.wanted: list[Path] = []
        quick = ThrottleSettings.model_construct(
            **ThrottleSettings(playback_cooldown=0.0, pause_on_battery=False).model_dump()
            | {"playback_poll_interval": 0.1, "pause_during_playback": pauses}
        )
        self.controller = ThrottleController(
            quick,
            {name: configured(name, server) for name, server in servers.items()},
            self.halts,
            self.engines,
            ThrottleCallbacks(
                is_busy=lambda: self.busy,
                on_playback=self.seen.extend,
                is_wanted=lambda path: path in self.wanted,
                viewers=self.viewers,
                viewer_servers=frozenset([viewed] if viewed else []),
                is_served=lambda path, name: name == viewed,
            ),
        )
        self.controller.start()


@pytest.fixture
def world(tmp_path: Path, server: type[Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(throttling, "TICK_SECONDS", 0.02)
    created = World(tmp_path, {"den": server, "mute": Mute})
    yield created
    created.controller.request_stop()


def test_idle_daemon_asks_no_server_and_new_work_waits_for_the_first_answer(
    world: World, server: type[Server]
) -> None:
    time.sleep(1.0)
    assert server.asked == 0
    assert world.halts.first_reason() == "waiting for the first playback and load check"
    assert not world.engines.frozen
    world.busy = True
    until(lambda: world.halts.first_reason() is None)
    assert server.asked >= 1


def test_engines_are_suspended_during_playback_and_resume_after_it(
    world: World, server: type[Server]
) -> None:
    world.busy = True
    until(lambda: world.halts.first_reason() is None)
    server.playing_now = (EPISODE,)
    until(lambda: world.engines.frozen)
    assert world.halts.first_reason() == "1.mkv is being played on den"
    assert world.seen == [EPISODE]
    server.playing_now = ()
    until(lambda: not world.engines.frozen and world.halts.first_reason() is None)


def test_the_film_that_is_watched_is_worked_on_and_nothing_else(
    world: World, server: type[Server]
) -> None:
    other = Path("/srv/shows/2.mkv")
    world.busy, world.wanted = True, [EPISODE]
    server.playing_now = (EPISODE,)
    until(lambda: world.halts.first_reason(EPISODE) is None)
    assert world.halts.first_reason() == "1.mkv is being played on den"
    assert world.halts.first_reason(other) == "1.mkv is being played on den"
    assert not world.engines.frozen
    world.halts.put("battery", Throttle("on battery"))
    until(lambda: world.engines.frozen)
    assert world.halts.first_reason(EPISODE) == "on battery"
    world.halts.put("battery", None)
    until(lambda: not world.engines.frozen)
    world.wanted = []
    until(lambda: world.engines.frozen)


def test_two_who_watch_on_two_servers_hold_up_neither_film(
    tmp_path: Path, server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "TICK_SECONDS", 0.02)
    film = Path("/srv/films/Film.mkv")
    server.playing_now = (EPISODE,)
    attic = type("Attic", (Server,), {"playing_now": (film,)})
    world = World(tmp_path, {"den": server, "attic": attic})
    try:
        world.busy = True
        until(lambda: {EPISODE, film} <= world.halts.exempt_paths())
        until(lambda: world.halts.first_reason(EPISODE) is None)
        assert world.halts.first_reason(film) is None
        assert world.halts.first_reason(film.with_name("3.mkv")) is not None
    finally:
        world.controller.request_stop()


def test_work_does_not_start_during_playback(world: World, server: type[Server]) -> None:
    server.playing_now = (EPISODE,)
    world.busy = True
    free = []
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        free.append(world.halts.first_reason() is None)
        time.sleep(0.005)
    assert not any(free)


def test_a_server_that_is_down_or_hangs_holds_nothing_up(
    tmp_path: Path, server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(playback, "POLL_TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr(throttling, "POLL_TIMEOUT_SECONDS", 0.5)
    server.down = True
    hanging = type("Hanging", (Server,), {"hangs": threading.Event()})
    world = World(tmp_path, {"down": server, "hanging": hanging})
    try:
        world.busy = True
        until(lambda: world.halts.first_reason() is None, 10)
        time.sleep(1.5)
        assert world.halts.first_reason() is None
        assert hanging.asked <= 4  # less and less often, and never twice at once
    finally:
        hanging.hangs.set()  # type: ignore[attr-defined]
        world.controller.request_stop()


class Theatre(Server):
    """A media server that says where its viewers are, and can show them sidecars."""

    shown: ClassVar[list[tuple[Path, bool]]] = []

    def playback_sessions(self) -> Sequence[PlaybackSession]:
        return [PlaybackSession(id="1", media=path, position=60.0) for path in self.now_playing()]

    def show_sidecar(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool:
        self.shown.append((sidecar.path, is_new))
        return True


@pytest.mark.parametrize("pauses", [True, False])
def test_a_watched_film_that_gets_its_subtitle_goes_first_and_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, pauses: bool
) -> None:
    monkeypatch.setattr(throttling, "TICK_SECONDS", 0.02)
    theatre = type("One", (Theatre,), {"shown": []})
    world = World(tmp_path, {"den": theatre, "mute": Mute}, viewed="den", pauses=pauses)
    try:
        world.busy = True
        theatre.playing_now = (EPISODE,)  # type: ignore[attr-defined]
        until(lambda: world.viewers.positions(EPISODE, ["den"]))
        other = EPISODE.with_name("2.mkv")
        world.wanted.append(EPISODE)
        until(lambda: world.halts.exempt_paths(VIEWERS_RULE) == {EPISODE})
        until(lambda: world.halts.first_reason(EPISODE) is None)
        assert world.halts.first_reason(other)
        until(lambda: not world.engines.frozen)
        sidecar = Sidecar(EPISODE.with_suffix(".en.srt"), Language("en"))
        world.controller.show_sidecar(EPISODE, sidecar, False)
        until(lambda: theatre.shown == [(sidecar.path, True)])  # type: ignore[attr-defined]
        world.wanted.clear()  # its subtitle is whole
        until(lambda: not world.halts.exempt_paths(VIEWERS_RULE))
        until(lambda: (world.halts.first_reason(other) is not None) == pauses)
    finally:
        world.controller.request_stop()


def test_a_film_is_not_put_first_for_long_when_its_server_is_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttling, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(playback, "TRUST_SECONDS", 1.0)
    theatre = type("One", (Theatre,), {"shown": []})
    world = World(tmp_path, {"den": theatre}, viewed="den")
    try:
        world.busy = True
        theatre.playing_now = (EPISODE,)  # type: ignore[attr-defined]
        world.wanted.append(EPISODE)
        until(lambda: world.halts.exempt_paths(VIEWERS_RULE) == {EPISODE})
        theatre.down = True  # type: ignore[attr-defined]
        until(lambda: not world.halts.exempt_paths(VIEWERS_RULE), 20.0)
    finally:
        world.controller.request_stop()


def test_what_is_played_is_known_before_players_are_told_which_may_take_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theatre = type("One", (Theatre,), {"shown": [], "playing_now": (EPISODE,)})
    poller = PlaybackPoller(configured("den", theatre), 0.1, lambda: True, Viewers())
    known: list[tuple[Path, ...]] = []
    monkeypatch.setattr(poller.growing, "tell", lambda sessions: known.append(poller.playing_paths))
    poller.tick()
    assert known == [(EPISODE,)]


def test_a_job_makes_room_in_the_middle_of_a_step_only_for_a_film_that_waits(
    tmp_path: Path,
) -> None:
    harness = Harness(tmp_path)
    watched, other = (film(harness.root / f"{number}.wav", number) for number in (1, 2))
    harness.intake.scan("films")
    gate = harness.working.job_gate
    gate.make_room(harness.the(other))
    harness.working.throttles.put(
        VIEWERS_RULE, Throttle("watched", exempt_paths=frozenset([watched]))
    )
    gate.make_room(harness.the(other))
    states = harness.database.states
    states.set_state(harness.the(watched).id, FileState.QUEUED)
    with pytest.raises(DeferJob, match="somebody watches"):
        gate.make_room(harness.the(other))
    gate.make_room(harness.the(watched))
    harness.close()


def test_a_server_s_plugin_is_kept_for_as_long_as_it_answers(
    server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(playback, "MAX_BACKOFF_SECONDS", 0.1)
    created = list[MediaServer]()
    server.__init__ = lambda self, *given: created.append(self)  # type: ignore[method-assign]
    asker = PlaybackPoller(configured("den", server), 0.1, lambda: True)
    asker.start()
    try:
        until(lambda: server.asked >= 2)
        assert len(created) == 1
        server.down = True
        until(lambda: len(created) >= 3)
    finally:
        asker.request_stop()


def test_the_last_answer_stands_for_a_while_and_no_longer(server: type[Server]) -> None:
    asker = PlaybackPoller(configured("den", server), 15.0, lambda: True)
    assert not asker.is_playing(100.0, 60.0)
    asker.playing_paths, asker.last_playing_at = (EPISODE,), 100.0
    assert asker.is_playing(130.0, 0.0)
    assert not asker.is_playing(100.0 + 15 + playback.TRUST_SECONDS + 1, 0.0)
    asker.playing_paths = ()
    assert asker.is_playing(159.0, 60.0)
    assert not asker.is_playing(161.0, 60.0)


def test_only_servers_that_report_playback_are_asked(server: type[Server]) -> None:
    assert supports_playback(configured("den", server))
    assert not supports_playback(configured("mute", Mute))


RULES = ThrottleSettings(
    max_load=2.0,
    max_temperature=80.0,
    min_free_memory_mb=800,
    max_memory_pressure=10.0,
    ups="ups@localhost",
)


@pytest.mark.parametrize(
    ("rule", "fine", "over", "between"),
    [
        (
            "load",
            SensorReadings(others_load=2.0),
            SensorReadings(others_load=2.1),
            SensorReadings(others_load=1.7),
        ),
        (
            "temperature",
            SensorReadings(temperature=80),
            SensorReadings(temperature=81),
            SensorReadings(temperature=76),
        ),
        (
            "memory",
            SensorReadings(available_mb=800),
            SensorReadings(available_mb=799),
            SensorReadings(available_mb=900),
        ),
        (
            "pressure",
            SensorReadings(memory_pressure=10),
            SensorReadings(memory_pressure=11),
            SensorReadings(memory_pressure=9),
        ),
    ],
)
def test_a_rule_holds_from_its_limit_until_it_is_clearly_better(
    rule: str, fine: SensorReadings, over: SensorReadings, between: SensorReadings
) -> None:
    assert evaluate_rules(RULES, fine, {}) == {}
    held = evaluate_rules(RULES, over, {})
    assert list(held) == [rule]
    assert evaluate_rules(RULES, between, {}) == {}
    assert list(evaluate_rules(RULES, between, held)) == [rule]
    assert evaluate_rules(ThrottleSettings(), over, held) == {}


def test_battery_pauses_work_and_a_silent_sensor_does_not() -> None:
    assert evaluate_rules(RULES, SensorReadings(), {}) == {}
    assert list(evaluate_rules(RULES, SensorReadings(is_on_battery=True), {})) == ["battery"]
    assert list(evaluate_rules(RULES, SensorReadings(ups_status="OB DISCHRG"), {})) == ["ups"]
    assert evaluate_rules(RULES, SensorReadings(ups_status="OL CHRG"), {}) == {}
    assert (
        evaluate_rules(
            ThrottleSettings(pause_on_battery=False), SensorReadings(is_on_battery=True), {}
        )
        == {}
    )


def test_what_lies_in_memory_is_not_stopped_but_left_to_go_out() -> None:
    for read in (SensorReadings(available_mb=1), SensorReadings(memory_pressure=99)):
        (halt,) = evaluate_rules(RULES, read, {}).values()
        assert not halt.is_immediate
    assert Throttle("x").is_immediate


def write(root: Path, **files: str) -> None:
    for name, text in files.items():
        path = root / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_hottest_sensor_counts_and_nonsense_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def shows(*degrees: float) -> None:
        found = {f"chip{n}": [SimpleNamespace(current=degree)] for n, degree in enumerate(degrees)}
        monkeypatch.setattr(psutil, "sensors_temperatures", lambda: found, raising=False)

    shows()
    assert sensors.max_temperature() is None
    shows(45.0, -273.0, 61.85, 255.0)
    assert sensors.max_temperature() == pytest.approx(61.85)


def test_a_battery_counts_when_it_is_emptied_and_no_mains_is_there(tmp_path: Path) -> None:
    def supply(name: str, **files: str) -> None:
        write(tmp_path / "class" / "power_supply" / name, **files)

    assert not sensors.is_on_battery(tmp_path)
    supply("mouse", type="Battery\n", scope="Device\n", status="Discharging\n")
    assert not sensors.is_on_battery(tmp_path)
    supply("BAT0", type="Battery\n", status="Discharging\n")
    assert sensors.is_on_battery(tmp_path)
    supply("AC", type="Mains\n", online="1\n")
    assert not sensors.is_on_battery(tmp_path)
    supply("AC", online="0\n")
    assert sensors.is_on_battery(tmp_path)
    supply("BAT0", status="Charging\n")
    assert not sensors.is_on_battery(tmp_path)


def test_memory_load_and_pressure_are_read_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden() -> tuple[float, float, float]:
        raise OSError("Load averages are unobtainable")

    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "hidden"))
    monkeypatch.setattr(psutil, "getloadavg", hidden)
    assert sensors.available_memory_mb() is None
    assert sensors.memory_pressure(tmp_path / "hidden") is None
    assert sensors.load_average() is None
    write(
        tmp_path,
        meminfo="MemTotal: 4000000 kB\nMemFree: 1 kB\nMemAvailable:  2048000 kB\n"
        "Buffers: 1 kB\nCached: 1 kB\nShmem: 1 kB\nActive: 1 kB\nInactive: 1 kB\n",
        pressure__memory="some avg10=12.50 avg60=3.00 avg300=1.00 total=9\nfull avg10=1.00\n",
    )
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(psutil, "getloadavg", lambda: (1.25, 0.80, 0.50))
    assert sensors.available_memory_mb() == 2000
    assert sensors.memory_pressure(tmp_path) == 12.5
    assert sensors.load_average() == 1.25


def test_our_own_work_is_not_counted_as_the_load_of_others() -> None:
    own = sensors.OwnLoad()
    load = 0.0
    for second in range(0, 301, 5):
        load = own.update(float(second), {7: 2.0 * second})
    assert load == pytest.approx(2.0, abs=0.02)
    for second in range(305, 366, 5):
        load = own.update(float(second), {7: 600.0})
    assert load == pytest.approx(2.0 / 2.718, abs=0.1)


def test_processor_time_is_read_of_a_process_of_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = " ".join(map(str, range(1, 11)))
    rest = " ".join(["0"] * 30)
    write(tmp_path, **{"42__stat": f"42 (a) b (c) S {numbers} 300 50 {rest}"})
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    assert sensors.processor_seconds(42) == pytest.approx(350 / os.sysconf("SC_CLK_TCK"))
    assert sensors.processor_seconds(43) == 0.0


def test_what_a_process_started_is_seen_as_long_as_it_runs() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        assert process.pid in sensors.child_processes(os.getpid())
        process.kill()
    assert process.pid not in sensors.child_processes(os.getpid())
    assert sensors.child_processes(process.pid) == []


HIDDEN = """
mount -t proc -o {how} proc /proc || exit 77
exec {python} -c '
import os
from subtitled.daemon import sensors
from subtitled.db.filesystems import read_mount_table
print(sensors.available_memory_mb())
own, parent = os.getpid(), os.getppid()
print(sensors.processor_seconds(own) > 0, own in sensors.child_processes(parent))
print(read_mount_table() != [])
'
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_where_proc_shows_processes_only_memory_is_mute_and_nothing_breaks() -> None:
    script = HIDDEN.format(how="subset=pid", python=sys.executable)
    command = [*unshare("--mount"), "sh", "-c", script]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode == 77:
        pytest.skip(f"proc cannot be mounted with subset=pid: {ran.stderr.strip()}")
    assert ran.stdout.splitlines() == ["None", "True True", "True"], ran.stderr


def test_a_ups_is_asked_by_its_own_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sensors.ups_status("ups@localhost") is None
    program = tmp_path / "upsc"
    program.write_text('#!/bin/sh\n[ "$1 $2" = "ups@localhost ups.status" ] && echo "OB LB"\n')
    program.chmod(0o755)
    assert sensors.ups_status("ups@localhost") == "OB LB"
    assert sensors.ups_status("other") is None
