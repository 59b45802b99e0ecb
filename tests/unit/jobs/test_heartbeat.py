"""Heartbeats and failover: a process is lost when its heartbeat stops changing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from subtitled import __version__
from subtitled.daemon.worker import validate_worker_name
from subtitled.db.database import Database
from subtitled.db.kv import HEARTBEAT_KEY
from subtitled.db.records import DAEMON_NAME
from subtitled.jobs.heartbeat import (
    FailoverMonitor,
    HeartbeatSender,
    LivenessTracker,
    read_heartbeats,
)
from subtitled.plugin import SetupError


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "subtitled.sqlite")


def test_worker_with_jobs_and_an_old_heartbeat_is_lost() -> None:
    silence = LivenessTracker(60.0)
    assert silence.lost_processes({"big": "1", "small": None}, 1000.0) == set()
    assert silence.lost_processes({"big": "2", "small": None}, 1050.0) == set()
    assert silence.lost_processes({"big": "2", "small": None}, 1061.0) == {"small"}
    assert silence.lost_processes({"big": "2"}, 1109.0) == set()
    assert silence.lost_processes({"big": "2"}, 1110.0) == {"big"}


def test_one_that_had_nothing_to_do_for_hours_has_all_the_time_again() -> None:
    silence = LivenessTracker(60.0)
    silence.lost_processes({"big": "1"}, 0.0)
    silence.lost_processes({}, 30.0)
    assert silence.lost_processes({"big": "1"}, 7200.0) == set()
    assert silence.lost_processes({"big": "1"}, 7259.0) == set()
    assert silence.lost_processes({"big": "1"}, 7260.0) == {"big"}


def test_busy_worker_updates_its_heartbeat_and_an_idle_one_does_not(database: Database) -> None:
    pulse = HeartbeatSender(database.kv, "big", "digest", timeout_seconds=1e-6)
    pulse.start()
    first = read_heartbeats(database.kv)["big"]
    assert (first.pid, first.version, first.configuration) == (os.getpid(), __version__, "digest")
    pulse.send_if_due(is_busy=False)
    assert read_heartbeats(database.kv)["big"] == first
    pulse.send_if_due(is_busy=True)
    assert read_heartbeats(database.kv)["big"].sequence == first.sequence + 1
    pulse.stop()
    assert read_heartbeats(database.kv) == {}


def test_heartbeat_is_updated_ten_times_within_the_timeout(database: Database) -> None:
    pulse = HeartbeatSender(database.kv, "big", "digest", timeout_seconds=300.0)
    pulse.start()
    first = read_heartbeats(database.kv)
    pulse.send_if_due(is_busy=True)
    assert read_heartbeats(database.kv) == first


def test_a_daemon_that_is_alone_writes_nothing_for_it(database: Database) -> None:
    daemon = HeartbeatSender(database.kv, DAEMON_NAME, "digest", timeout_seconds=1e-6)
    daemon.start()
    daemon.send_if_due(is_busy=True)
    assert read_heartbeats(database.kv) == {}
    HeartbeatSender(database.kv, "big", "digest", timeout_seconds=1.0).start()
    daemon.send_if_due(is_busy=True)
    assert set(read_heartbeats(database.kv)) == {DAEMON_NAME, "big"}


def test_heartbeat_of_another_version_is_ignored(database: Database) -> None:
    database.kv.set(f"{HEARTBEAT_KEY}big", '{"shape": "of tomorrow"}')
    assert read_heartbeats(database.kv) == {}


class Queue:
    """A fake queue: which processes run jobs, and which were requeued."""

    def __init__(self, *names: str) -> None:
        self.names, self.handed = set(names), list[str]()

    def working_processes(self) -> set[str]:
        return self.names

    def requeue(self, name: str) -> int:
        self.handed.append(name)
        self.names.discard(name)
        return 1


def test_jobs_are_handed_on_of_others_that_are_silent_and_never_ones_own(
    database: Database,
) -> None:
    now, queue = 0.0, Queue("me", "big", "small")
    watch: Any = queue
    rescue = FailoverMonitor(database.kv, watch, "me", timeout_seconds=10.0, clock=lambda: now)
    for second in range(0, 14, 2):
        now = float(second)
        database.kv.set(f"{HEARTBEAT_KEY}big", str(second))
        rescue.check()
    assert queue.handed == ["small"]


def test_no_worker_counts_as_lost_while_the_database_is_unavailable(database: Database) -> None:
    now, queue = 0.0, Queue("big")
    watch: Any = queue
    rescue = FailoverMonitor(database.kv, watch, "me", timeout_seconds=10.0, clock=lambda: now)

    def looks(*seconds: float) -> list[str]:
        nonlocal now
        for second in seconds:
            now = second
            rescue.check()
        return queue.handed

    assert looks(0, 2, 4, 6, 8) == []
    assert looks(60, 62, 64, 66, 68) == []  # the database was away until then

    def full(name: str) -> int:
        raise OperationalError("", None, sqlite3.OperationalError("disk full"))

    watch.requeue, hands = full, watch.requeue
    with pytest.raises(OperationalError):
        looks(70)
    watch.requeue = hands
    assert looks(72, 74, 76, 78, 80) == []
    assert looks(82) == ["big"]


@pytest.mark.parametrize("name", ["daemon", "..", "a/b", "-x", "", "x" * 64, "ä"])
def test_some_names_no_worker_may_have(name: str) -> None:
    if name:
        with pytest.raises(SetupError):
            validate_worker_name(name)
    else:
        assert validate_worker_name(None)
    assert validate_worker_name("nas-2.local") == "nas-2.local"
