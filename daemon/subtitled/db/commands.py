"""The command queue of the database: what other processes ask the daemon to do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .engine import execute_many, write_transaction
from .schema import commands

COMMAND_LINE = "command line"
"""The actor of commands that ``subtitled`` was called for."""


class CommandKind(StrEnum):
    """What a command asks for."""

    SCAN = "scan"
    """Scan the libraries that a path lies in or above, or all of them without a path."""
    PATH_CHANGED = "path-changed"
    """Check a path as if a watcher had reported it."""
    PLAYBACK_STARTED = "playback-started"
    """Prioritise a file that is being played. Without a path, ask the media servers which it is."""
    JOB_LOST = "job-lost"
    """Look for lost jobs: a worker could not store the result of one."""
    PRIORITISE = "prioritise"
    """Process a file before all others."""
    PRIORITISE_WATCHING = "prioritise-watching"
    """Process a file soon, because it is likely to be played next."""
    WAKE_WAITING = "wake-waiting"
    """Check every waiting file now."""
    RETRY = "retry"
    """Process a file again."""
    TRANSLATE_AGAIN = "translate-again"
    """Translate the lines again that a person corrected in the language spoken."""
    CANCEL = "cancel"
    """Take a file off the queue."""
    ITEM_CHANGED = "item-changed"
    """Ask a media server for the path of an item, and check it as if it had changed."""
    ITEM_PLAYED = "item-played"
    """Ask a media server for the path of an item that is being played, and prioritise it."""


@dataclass(frozen=True, slots=True)
class ServerItem:
    """An item of a media server, as its webhook names it when it names no file."""

    sender: str
    """The kind of the server: ``jellyfin``, ``emby`` or ``plex``."""
    server_id: str
    """The id by which the server names itself; "" if the webhook does not say it."""
    item_id: str
    """The id of the item on that server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One request to the daemon."""

    kind: CommandKind
    path: Path | None
    id: int = 0
    """Its number in the queue. Later commands have higher numbers."""
    item: ServerItem | None = None
    """What the command is about instead of a path."""
    actor: str = ""
    """Who asks: ``command line``, the name of a user or key, or ``webhook`` and its sender.

    Empty for the daemon itself.
    """


_NO_PATH: sa.ColumnElement[Any] = sa.literal_column("''")
"""What the index of commands has for one without a path."""


class CommandQueue:
    """The command queue. Threads and processes may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enqueue(self, kind: CommandKind, path: Path | None, actor: str = "") -> None:
        """Append one command. The daemon executes it now, or when it starts."""
        self.enqueue_all([Command(kind=kind, path=path, actor=actor)])

    def enqueue_all(self, requested: Iterable[Command]) -> None:
        """Append commands in one transaction, which is on disk when this returns.

        A command that is already pending stays in the queue once, under a new number. The daemon
        may be executing the earlier one and have passed the point that the new one is about.
        """
        rows = [(command.kind, _to_stored_subject(command), command.actor) for command in requested]
        with write_transaction(self._engine) as c:
            for kind, path, _ in rows:
                # As the unique index has it, so that thousands of commands take a second.
                subject = sa.func.coalesce(commands.c.path, _NO_PATH)
                is_same = subject == (_NO_PATH if path is None else path)
                c.execute(commands.delete().where(commands.c.kind == kind, is_same))
            execute_many(c, "INSERT INTO commands (kind, path, actor) VALUES (?, ?, ?)", rows)

    def pending(self, after: int = 0) -> list[Command]:
        """Return the commands with numbers above ``after`` that are not done, in order."""
        query = sa.select(commands).where(commands.c.id > after).order_by(commands.c.id)
        with self._engine.connect() as c:
            rows = c.execute(query).all()
        return [_from_row(row) for row in rows]

    def mark_done(self, ids: Iterable[int]) -> None:
        """Delete commands by number. One that was enqueued again since has a new number."""
        with write_transaction(self._engine) as c:
            execute_many(
                c, "DELETE FROM commands WHERE id = ?", [(command_id,) for command_id in ids]
            )


_ITEM_KINDS = frozenset({CommandKind.ITEM_CHANGED, CommandKind.ITEM_PLAYED})


def _to_stored_subject(command: Command) -> bytes | None:
    """Return what the column ``path`` holds: the bytes of the path, or the item as JSON."""
    if command.item is not None:
        item = command.item
        return json.dumps([item.sender, item.server_id, item.item_id]).encode()
    return os.fsencode(command.path) if command.path is not None else None


def _from_row(row: sa.Row[Any]) -> Command:
    kind = CommandKind(row.kind)
    if kind in _ITEM_KINDS:
        return Command(
            kind=kind, path=None, id=row.id, item=ServerItem(*json.loads(row.path)), actor=row.actor
        )
    path = Path(os.fsdecode(row.path)) if row.path else None
    return Command(kind=kind, path=path, id=row.id, actor=row.actor)
