"""New entries of the history for all event streams: the database is read once for all of them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool

from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry

_log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""Seconds between two looks at whether the database has changed."""
MAX_STREAMS = 50
"""Most streams at the same time."""
MAX_STREAMS_OF_CALLER = 8
MAX_KEPT_ENTRIES = 2000
"""The newest entries, which are kept in memory."""
MAX_READ = 500
"""Most entries that are read at once."""
MAX_RESUMED = 10_000
"""A stream that is further behind begins at the end."""
GAP_SECONDS = 3.0
"""How long the hub waits for a number that is left out. Another process may be storing it."""


class EventHub:
    """Follows the history while there are streams. It lives in the event loop of the port."""

    def __init__(self, db: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._clock = clock
        self._streams: Counter[str] = Counter()
        self._entries: deque[HistoryEntry] = deque(maxlen=MAX_KEPT_ENTRIES)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Event | None = None
        self._gap_since: float | None = None
        self.position = 0
        """The number of the newest entry that streams may send."""
        self.version = ""
        """The version of the database at the last look."""
        self.changed = asyncio.Event()
        """Set when there is something new. Then it is replaced by another one."""
        self.is_stopping = False

    def enter(self, caller: str) -> bool:
        """Add a stream of a caller; return False if there are too many."""
        is_full = self._streams.total() >= MAX_STREAMS
        if is_full or self._streams[caller] >= MAX_STREAMS_OF_CALLER or self.is_stopping:
            return False
        self._streams[caller] += 1
        if self._task is None or self._task.done():
            self._loop = asyncio.get_running_loop()
            self._ready = asyncio.Event()
            self._task = self._loop.create_task(self._follow())
        return True

    def leave(self, caller: str) -> None:
        """Remove a stream of a caller. With the last one the hub stops reading."""
        self._streams[caller] -= 1
        self._streams += Counter()  # drops those at zero
        if not self._streams and self._task is not None:
            self._task.cancel()
            self._task = None

    async def wait_until_ready(self) -> None:
        """Wait until the hub knows where the history ends."""
        assert self._ready is not None
        await self._ready.wait()

    async def can_resume(self, number: int) -> bool:
        """Return whether no entry after a number has been deleted."""
        first, _ = await run_in_threadpool(self._db.history.bounds)
        is_known = (first or self.position + 1) - 1 <= number <= self.position
        return is_known and self.position - number <= MAX_RESUMED

    async def entries_after(self, number: int) -> list[HistoryEntry]:
        """Return entries with higher numbers, at most some hundred, the oldest first."""
        if number >= self.position:
            return []
        kept = list(self._entries)
        if kept and kept[0].id <= number + 1:
            return [entry for entry in kept if entry.id > number][:MAX_READ]
        last = self.position
        found = await run_in_threadpool(self._db.history.after, number, MAX_READ)
        return [entry for entry in found if entry.id <= last]

    def stop(self) -> None:
        """End all streams. Any thread may call this."""
        self.is_stopping = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    async def _follow(self) -> None:
        self._entries.clear()
        self._gap_since = None
        is_first = True
        while True:
            try:
                await self._look(is_first=is_first)
                is_first = False
            except Exception as error:  # noqa: BLE001 - a database that is locked for a while
                _log.warning("the event streams cannot read the history: %s", error)
            await asyncio.sleep(POLL_SECONDS)

    async def _look(self, *, is_first: bool) -> None:
        version = await run_in_threadpool(self._db.kv.data_version)
        if is_first:
            _, self.position = await run_in_threadpool(self._db.history.bounds)
            self.version = version
            assert self._ready is not None
            self._ready.set()
            return
        if version == self.version and self._gap_since is None:
            return
        found = await run_in_threadpool(self._db.history.after, self.position, MAX_READ)
        while found:
            entries = self._without_gap(found)
            self._entries.extend(entries)
            if entries:
                self.position = entries[-1].id
            if len(entries) < MAX_READ:
                break
            found = await run_in_threadpool(self._db.history.after, self.position, MAX_READ)
        self.version = version
        self._wake()

    def _without_gap(self, found: list[HistoryEntry]) -> list[HistoryEntry]:
        """Return the entries up to the first number that is left out, unless it stays so.

        On PostgreSQL a later number may be stored before an earlier one.
        """
        expected = range(self.position + 1, self.position + 1 + len(found))
        whole = [entry for entry, number in zip(found, expected, strict=True) if entry.id == number]
        if len(whole) == len(found):
            self._gap_since = None
            return found
        if self._gap_since is None:
            self._gap_since = self._clock()
        if self._clock() - self._gap_since < GAP_SECONDS:
            return whole
        self._gap_since = None
        return found

    def _wake(self) -> None:
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
