"""Signs of life: which processes work off the queue, as they say themselves in the ledger.

A process that works on a job changes its sign again and again; one that has nothing to do writes
nothing, so that disks may sleep. What matters is that a sign changes, not which time it names: the
clocks of two machines may differ.

Taking over from processes that were lost: their jobs go back into the queue.

Every process looks after all others, so it does not matter which of them is left. What is handed on
goes on at the step it was in; its words are in the store.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import OperationalError

from subtitled import __version__
from subtitled.db.kv import HEARTBEAT_KEY, KeyValueStore
from subtitled.db.records import DAEMON_NAME

from .dbos_queue import JobQueue

BEATS_PER_TIMEOUT = 10
"""Signs in the time after which a process that gives none is taken for lost."""


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a process says of itself. Times are seconds since 1970."""

    name: str
    host: str
    pid: int
    version: str
    configuration: str
    """A digest of its settings."""
    started_at: float
    sent_at: float
    sequence: int = 0
    """How many signs it gave before this one: a clock that stands still is no death."""


_HEARTBEAT: TypeAdapter[Heartbeat] = TypeAdapter(Heartbeat)


def read_heartbeats(kv: KeyValueStore) -> dict[str, Heartbeat]:
    """What every process last said of itself. One that ended well says nothing any more."""
    heartbeats = {}
    for key, value in kv.get_prefix(HEARTBEAT_KEY).items():
        try:
            heartbeats[key.removeprefix(HEARTBEAT_KEY)] = _HEARTBEAT.validate_json(value)
        except ValidationError:
            continue  # of another version
    return heartbeats


class HeartbeatSender:
    """Gives the signs of one process."""

    def __init__(
        self, kv: KeyValueStore, name: str, configuration: str, timeout_seconds: float
    ) -> None:
        """``lost_after`` seconds without a sign it is taken for lost, while it has jobs."""
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
        """Say that the process is there. The daemon need not: its lock says so."""
        if self._heartbeat.name != DAEMON_NAME:
            self._send()

    def send_if_due(self, *, is_busy: bool) -> None:
        """Give a sign if there is a job and it is time; call it as often as you like. A daemon that
        is alone gives none."""
        if not is_busy or time.monotonic() - self._last < self._interval_seconds:
            return
        self._last = time.monotonic()
        if self._heartbeat.name != DAEMON_NAME or read_heartbeats(self._kv).keys() - {DAEMON_NAME}:
            self._send()

    def stop(self) -> None:
        """The process ends well; what it leaves behind is its next life's, or others' later."""
        with contextlib.suppress(OperationalError):  # on a full disk: then it is taken for lost
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
    """For how long the signs of others have not changed, by the clock of who looks at them."""

    def __init__(self, timeout_seconds: float) -> None:
        """``limit``: seconds after which a process is lost."""
        self._timeout_seconds = timeout_seconds
        self._unchanged_since = dict[str, tuple[str | None, float]]()

    def lost_processes(self, heartbeats: Mapping[str, str | None], now: float) -> set[str]:
        """Which processes are lost of those that have jobs, by the sign of each (None: none) and
        the time, which only grows. One that has no job any more begins anew."""
        self._unchanged_since = {
            name: before
            if (before := self._unchanged_since.get(name)) and before[0] == sign
            else (sign, now)
            for name, sign in heartbeats.items()
        }
        return {
            name
            for name, (_, since) in self._unchanged_since.items()
            if now - since >= self._timeout_seconds
        }


_log = logging.getLogger(__name__)


class FailoverMonitor:
    """One process that looks after the others."""

    def __init__(
        self,
        kv: KeyValueStore,
        queue: JobQueue,
        name: str,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``name`` is its own; ``clock`` only grows."""
        self._kv = kv
        self._queue = queue
        self._name = name
        self._timeout_seconds = timeout_seconds
        self._liveness = LivenessTracker(timeout_seconds)
        self._clock = clock
        self._last = self._last_check = float("-inf")

    def check(self) -> None:
        """Hand on the jobs of processes that are lost; call it as often as you like.

        Where nobody could read or write for a while, nobody could give a sign: then all begin anew.
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
            self._last_check = float("-inf")  # unless it can be written
            number = self._queue.requeue(name)
            self._last_check = now
            _log.warning("worker %s missed its heartbeat; requeued %d jobs", name, number)
