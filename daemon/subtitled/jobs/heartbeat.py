"""Heartbeats and failover: which processes run jobs, and who takes over those of a lost one.

A process that runs a job changes its heartbeat in the database regularly. An idle one writes
nothing, so that disks can spin down. Only the change of a heartbeat counts, not the time in it: the
clocks of two machines may differ.

Every process monitors all others, so any of them can do the failover. A requeued job continues at
the step it was in, and its transcripts are in the store.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import OperationalError

from subtitled import __version__
from subtitled.db.kv import HEARTBEAT_KEY, KeyValueStore
from subtitled.db.records import DAEMON_NAME

if TYPE_CHECKING:  # DBOS takes long to import, and reading heartbeats needs none of it
    from .dbos_queue import JobQueue

BEATS_PER_TIMEOUT = 10
"""Heartbeats within the timeout after which a process counts as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """What a process reports about itself. Times are seconds since 1970."""

    name: str
    host: str
    pid: int
    version: str
    configuration: str
    """The digest of its settings."""
    started_at: float
    sent_at: float
    sequence: int = 0
    """How many heartbeats it sent before. This changes even if the clock stands still."""


_HEARTBEAT: TypeAdapter[Heartbeat] = TypeAdapter(Heartbeat)


def read_heartbeats(kv: KeyValueStore) -> dict[str, Heartbeat]:
    """Return the last heartbeat of every process. One that stopped regularly has none."""
    heartbeats = {}
    for key, value in kv.get_prefix(HEARTBEAT_KEY).items():
        try:
            heartbeats[key.removeprefix(HEARTBEAT_KEY)] = _HEARTBEAT.validate_json(value)
        except ValidationError:
            continue  # Another version wrote it.
    return heartbeats


class HeartbeatSender:
    """Sends the heartbeats of one process."""

    def __init__(
        self, kv: KeyValueStore, name: str, configuration: str, timeout_seconds: float
    ) -> None:
        """Create the sender.

        Args:
            kv: The store of control values.
            name: The name of the process.
            configuration: The digest of its settings.
            timeout_seconds: Seconds without a heartbeat after which a process with jobs counts as
                lost.
        """
        self._kv = kv
        self._interval_seconds = timeout_seconds / BEATS_PER_TIMEOUT
        now = time.time()
        self._heartbeat = Heartbeat(
            name=name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=__version__,
            configuration=configuration,
            started_at=now,
            sent_at=now,
        )
        self._last = float("-inf")

    def start(self) -> None:
        """Announce the process. The daemon need not: it holds a lock."""
        if self._heartbeat.name != DAEMON_NAME:
            self._send()

    def send_if_due(self, *, is_busy: bool) -> None:
        """Send a heartbeat if a job is running and the last one is old enough.

        It may be called at any rate. A daemon without workers sends none.
        """
        if not is_busy or time.monotonic() - self._last < self._interval_seconds:
            return
        self._last = time.monotonic()
        if self._heartbeat.name != DAEMON_NAME or read_heartbeats(self._kv).keys() - {DAEMON_NAME}:
            self._send()

    def stop(self) -> None:
        """Withdraw the heartbeat, since the process stops regularly."""
        with contextlib.suppress(OperationalError):  # A full disk. The process then counts as lost.
            self._kv.set(HEARTBEAT_KEY + self._heartbeat.name, None)

    def _send(self) -> None:
        self._last = time.monotonic()
        self._heartbeat = replace(
            self._heartbeat, sent_at=time.time(), sequence=self._heartbeat.sequence + 1
        )
        self._kv.set(
            HEARTBEAT_KEY + self._heartbeat.name, _HEARTBEAT.dump_json(self._heartbeat).decode()
        )


class LivenessTracker:
    """How long the heartbeats of others have not changed, by the monitoring process's own clock."""

    def __init__(self, timeout_seconds: float) -> None:
        """Track processes, which count as lost after ``timeout_seconds`` without a change."""
        self._timeout_seconds = timeout_seconds
        self._unchanged_since = dict[str, tuple[str | None, float]]()

    def lost_processes(self, heartbeats: Mapping[str, str | None], now: float) -> set[str]:
        """Return which processes are lost.

        Args:
            heartbeats: The current heartbeat of each process that has jobs, or None if it has none.
                A process that is not listed starts from zero when it is listed again.
            now: Seconds on a monotonic clock.
        """
        self._unchanged_since = {
            name: previous
            if (previous := self._unchanged_since.get(name)) and previous[0] == heartbeat
            else (heartbeat, now)
            for name, heartbeat in heartbeats.items()
        }
        return {
            name
            for name, (_, since) in self._unchanged_since.items()
            if now - since >= self._timeout_seconds
        }


_log = logging.getLogger(__name__)


class FailoverMonitor:
    """The monitor by which one process takes over the jobs of lost ones."""

    def __init__(
        self,
        kv: KeyValueStore,
        queue: JobQueue,
        name: str,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create the monitor of the process ``name``; ``clock`` must be monotonic."""
        self._kv = kv
        self._queue = queue
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._liveness = LivenessTracker(timeout_seconds)
        self._clock = clock
        self._last = self._last_check = float("-inf")

    def check(self) -> None:
        """Requeue the jobs of lost processes. It may be called at any rate.

        If this process could not use the database for a while, others could not either. All of them
        then start from zero.
        """
        now = self._clock()
        if now - self._last < self._timeout_seconds / BEATS_PER_TIMEOUT:
            return
        self._last = now
        heartbeats = self._kv.get_prefix(HEARTBEAT_KEY)
        other_processes = self._queue.working_processes() - {self._name}
        if now - self._last_check > self._timeout_seconds / 2:
            self._liveness = LivenessTracker(self._timeout_seconds)
        self._last_check = now
        for name in self._liveness.lost_processes(
            {
                other_process: heartbeats.get(HEARTBEAT_KEY + other_process)
                for other_process in other_processes
            },
            now,
        ):
            self._last_check = float("-inf")  # In case the next line cannot write.
            job_count = self._queue.requeue(name)
            self._last_check = now
            _log.warning("worker %s missed its heartbeat; requeued %d jobs", name, job_count)
