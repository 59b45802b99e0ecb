"""Giving way: what is asked, of whom, and what becomes of the work."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from subtitled.config.neighbour import NeighbourSettings
from subtitled.config.plugins import Configured
from subtitled.jobs.halts import Halt, Halts
from subtitled.library.ledger import Ledger
from subtitled.plugin import MediaServer, Settings, Temporary
from subtitled.service import neighbour as neighbours
from subtitled.service import sensors, watching
from subtitled.service.neighbour import Neighbour
from subtitled.service.senses import Readings, judged
from subtitled.service.watching import Asker, can_say

EPISODE = Path("/srv/shows/1.mkv")


class Server(MediaServer):
    """Answers what the test says; it may hang, or be down."""

    playing_now: Sequence[Path] = ()
    asked = 0
    down = False
    hangs: threading.Event | None = None

    def changed(self, media: Path, sidecars: Sequence[Path]) -> None:
        return

    def playing(self) -> Sequence[Path]:
        type(self).asked += 1
        if self.hangs is not None:
            self.hangs.wait(60)
        if self.down:
            raise Temporary("it is down")
        return self.playing_now


class Mute(MediaServer):
    """One that cannot say what is watched."""

    def changed(self, media: Path, sidecars: Sequence[Path]) -> None:
        return


class Engines:
    def __init__(self) -> None:
        self.frozen = False

    def freeze(self) -> None:
        self.frozen = True

    def thaw(self) -> None:
        self.frozen = False

    def process_ids(self) -> list[int]:
        return []


def until(true: Callable[[], object], limit: float = 20.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def server() -> type[Server]:
    return type("One", (Server,), {})


def configured(name: str, component: Any) -> Configured[MediaServer]:
    return Configured(name, name, component, Settings())


class World:
    """A neighbour with one server, quick to ask and to forget."""

    def __init__(self, folder: Path, servers: dict[str, Any]) -> None:
        self.halts = Halts(Ledger(folder / "ledger.sqlite").mailbox)
        self.engines = Engines()
        self.busy = False
        self.seen: list[Path] = []
        quick = NeighbourSettings.model_construct(
            **NeighbourSettings(linger=0.0, on_battery=False).model_dump() | {"ask_every": 0.1}
        )
        self.neighbour = Neighbour(
            quick,
            {name: configured(name, server) for name, server in servers.items()},
            self.halts,
            self.engines,
            lambda: self.busy,
            self.seen.extend,
        )
        self.neighbour.start()


@pytest.fixture
def world(tmp_path: Path, server: type[Server], monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(neighbours, "TICK", 0.02)
    made = World(tmp_path, {"den": server, "mute": Mute})
    yield made
    made.neighbour.end()


def test_without_work_nobody_is_asked_and_what_begins_is_held_until_it_is_known(
    world: World, server: type[Server]
) -> None:
    time.sleep(1.0)
    assert server.asked == 0
    assert world.halts.first() == "it is looked first whom it would disturb"
    assert not world.engines.frozen
    world.busy = True
    until(lambda: world.halts.first() is None)
    assert server.asked >= 1


def test_while_somebody_watches_engines_stop_and_then_go_on(
    world: World, server: type[Server]
) -> None:
    world.busy = True
    until(lambda: world.halts.first() is None)
    server.playing_now = (EPISODE,)
    until(lambda: world.engines.frozen)
    assert world.halts.first() == "somebody watches 1.mkv on den"
    assert world.seen == [EPISODE]
    server.playing_now = ()
    until(lambda: not world.engines.frozen and world.halts.first() is None)


def test_somebody_who_watches_when_work_begins_has_it_never_begin(
    world: World, server: type[Server]
) -> None:
    server.playing_now = (EPISODE,)
    world.busy = True
    free = []
    deadline = time.monotonic() + 3
    while time.monotonic() < deadline:
        free.append(world.halts.first() is None)
        time.sleep(0.005)
    assert not any(free)


def test_a_server_that_is_down_or_hangs_holds_nothing_up(
    tmp_path: Path, server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "TICK", 0.02)
    monkeypatch.setattr(watching, "LIMIT", 0.5)
    monkeypatch.setattr(neighbours, "LIMIT", 0.5)
    server.down = True
    hanging = type("Hanging", (Server,), {"hangs": threading.Event()})
    world = World(tmp_path, {"down": server, "hanging": hanging})
    try:
        world.busy = True
        until(lambda: world.halts.first() is None, 10)
        time.sleep(1.5)
        assert world.halts.first() is None
        assert hanging.asked <= 4  # less and less often, and never twice at a time
    finally:
        hanging.hangs.set()  # type: ignore[attr-defined]
        world.neighbour.end()


def test_a_server_s_plugin_is_kept_for_as_long_as_it_answers(
    server: type[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "LONGEST_WAIT", 0.1)
    made = list[MediaServer]()
    server.__init__ = lambda self, *given: made.append(self)  # type: ignore[method-assign]
    asker = Asker(configured("den", server), 0.1, lambda: True)
    asker.start()
    try:
        until(lambda: server.asked >= 2)
        assert len(made) == 1
        server.playing = lambda self: None  # type: ignore[method-assign]
        until(lambda: len(made) >= 3)
    finally:
        asker.end()


def test_the_last_answer_stands_for_a_while_and_no_longer(server: type[Server]) -> None:
    asker = Asker(configured("den", server), 15.0, lambda: True)
    assert not asker.watched(100.0, 60.0)
    asker.playing, asker.seen = (EPISODE,), 100.0
    assert asker.watched(130.0, 0.0)
    assert not asker.watched(100.0 + 15 + watching.BELIEVED + 1, 0.0)
    asker.playing = ()
    assert asker.watched(159.0, 60.0)
    assert not asker.watched(161.0, 60.0)


def test_only_servers_that_can_say_are_asked(server: type[Server]) -> None:
    assert can_say(configured("den", server))
    assert not can_say(configured("mute", Mute))


RULES = NeighbourSettings(
    load=2.0, temperature=80.0, free_memory=800, memory_pressure=10.0, ups="ups@localhost"
)


@pytest.mark.parametrize(
    ("rule", "fine", "over", "between"),
    [
        ("load", Readings(others_load=2.0), Readings(others_load=2.1), Readings(others_load=1.7)),
        (
            "temperature",
            Readings(temperature=80),
            Readings(temperature=81),
            Readings(temperature=76),
        ),
        ("memory", Readings(available=800), Readings(available=799), Readings(available=900)),
        ("pressure", Readings(pressure=10), Readings(pressure=11), Readings(pressure=9)),
    ],
)
def test_a_rule_holds_from_its_limit_until_it_is_clearly_better(
    rule: str, fine: Readings, over: Readings, between: Readings
) -> None:
    assert judged(RULES, fine, {}) == {}
    held = judged(RULES, over, {})
    assert list(held) == [rule]
    assert judged(RULES, between, {}) == {}
    assert list(judged(RULES, between, held)) == [rule]
    assert judged(NeighbourSettings(), over, held) == {}


def test_power_is_minded_and_what_a_sensor_does_not_say_is_not() -> None:
    assert judged(RULES, Readings(), {}) == {}
    assert list(judged(RULES, Readings(on_battery=True), {})) == ["battery"]
    assert list(judged(RULES, Readings(ups="OB DISCHRG"), {})) == ["ups"]
    assert judged(RULES, Readings(ups="OL CHRG"), {}) == {}
    assert judged(NeighbourSettings(on_battery=False), Readings(on_battery=True), {}) == {}


def test_what_lies_in_memory_is_not_stopped_but_left_to_go_out() -> None:
    for read in (Readings(available=1), Readings(pressure=99)):
        (halt,) = judged(RULES, read, {}).values()
        assert not halt.at_once
    assert Halt("x").at_once


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
    assert sensors.hottest() is None
    shows(45.0, -273.0, 61.85, 255.0)
    assert sensors.hottest() == pytest.approx(61.85)


def test_a_battery_counts_when_it_is_emptied_and_no_mains_is_there(tmp_path: Path) -> None:
    def supply(name: str, **files: str) -> None:
        write(tmp_path / "class" / "power_supply" / name, **files)

    assert not sensors.on_battery(tmp_path)
    supply("mouse", type="Battery\n", scope="Device\n", status="Discharging\n")
    assert not sensors.on_battery(tmp_path)
    supply("BAT0", type="Battery\n", status="Discharging\n")
    assert sensors.on_battery(tmp_path)
    supply("AC", type="Mains\n", online="1\n")
    assert not sensors.on_battery(tmp_path)
    supply("AC", online="0\n")
    assert sensors.on_battery(tmp_path)
    supply("BAT0", status="Charging\n")
    assert not sensors.on_battery(tmp_path)


def test_memory_load_and_pressure_are_read_or_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hidden() -> tuple[float, float, float]:
        raise OSError("Load averages are unobtainable")

    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path / "hidden"))
    monkeypatch.setattr(psutil, "getloadavg", hidden)
    assert sensors.available_megabytes() is None
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
    assert sensors.available_megabytes() == 2000
    assert sensors.memory_pressure(tmp_path) == 12.5
    assert sensors.load_average() == 1.25


def test_our_own_work_is_not_counted_as_the_load_of_others() -> None:
    own = sensors.OwnLoad()
    load = 0.0
    for second in range(0, 301, 5):
        load = own.measured(float(second), {7: 2.0 * second})
    assert load == pytest.approx(2.0, abs=0.02)
    for second in range(305, 366, 5):
        load = own.measured(float(second), {7: 600.0})
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
        assert process.pid in sensors.children(os.getpid())
        process.kill()
    assert process.pid not in sensors.children(os.getpid())
    assert sensors.children(process.pid) == []


HIDDEN = """
mount -t proc -o {how} proc /proc || exit 77
exec {python} -c '
import os
from subtitled.service import sensors
from subtitled.library.mounts import mount_table
print(sensors.available_megabytes())
print(sensors.processor_seconds(os.getpid()) > 0, os.getpid() in sensors.children(os.getppid()))
print(mount_table() != [])
'
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_where_proc_shows_processes_only_memory_is_mute_and_nothing_breaks() -> None:
    script = HIDDEN.format(how="subset=pid", python=sys.executable)
    ran = subprocess.run(
        ["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False
    )
    if ran.returncode == 77 or "unshare" in ran.stderr:
        pytest.skip("this machine does not mount that")
    assert ran.stdout.splitlines() == ["None", "True True", "True"], ran.stderr


def test_a_ups_is_asked_by_its_own_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert sensors.ups_status("ups@localhost") is None
    program = tmp_path / "upsc"
    program.write_text('#!/bin/sh\n[ "$1 $2" = "ups@localhost ups.status" ] && echo "OB LB"\n')
    program.chmod(0o755)
    assert sensors.ups_status("ups@localhost") == "OB LB"
    assert sensors.ups_status("other") is None
