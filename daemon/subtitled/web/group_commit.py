"""Group commit: commands that arrive during a write share the next transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from subtitled.db.commands import Command, CommandQueue

_log = logging.getLogger(__name__)

MAX_BATCH = 2000
"""Largest number of calls whose commands share a transaction."""


class GroupCommitQueue:
    """Stores commands from one event loop. They are on disk when :meth:`put` returns."""

    def __init__(self, queue: CommandQueue) -> None:
        self._queue = queue
        self._waiting: list[tuple[tuple[Command, ...], asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def put(self, commands: Iterable[Command]) -> None:
        """Store commands.

        Raises:
            Exception: Any error of the database, such as a full disk.
        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((tuple(commands), written))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await written

    async def _write(self) -> None:
        """Write until no call waits. Equal commands in a batch become one row."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            rows = dict.fromkeys(command for commands, _ in batch for command in commands)
            try:
                await asyncio.to_thread(self._queue.enqueue_all, rows)
            except Exception as error:  # noqa: BLE001 - raised in each call that waits
                _log.error("webhooks cannot be stored: %s", error)
                for _, written in batch:
                    if not written.done():
                        written.set_exception(error)
            else:
                for _, written in batch:
                    if not written.done():
                        written.set_result(None)
        self._writer = None
