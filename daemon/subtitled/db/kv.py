"""What processes say to each other through the ledger: controls that last, requests till done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .engine import ChangeDetector, execute_many, upsert_insert, write_transaction
from .schema import commands, kv

WATCH_MODE_KEY = "watching "
"""Before the name of a library: the control that says how the daemon watches it, and why."""


PATH_CHANGED = "look"
"""Something happened to a path, somebody says: it is looked at as an event would have it."""
PLAYBACK_STARTED = "playing"
"""Somebody watches a file just now, or, without a path, one that a media server knows of."""
JOB_LOST = "lost"
"""A worker could not write down what became of a job: the daemon looks which ones are lost."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody asked of the daemon from another process."""

    kind: str
    """``scan``, ``retry``, ``cancel``, ``first``, ``watched``, ``wake``, or one of the above."""
    path: Path | None
    id: int = 0
    """Under which it waits."""


class KeyValueStore:
    """Controls and requests in a ledger's database."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._change_detector = ChangeDetector(engine, path)

    def close(self) -> None:
        self._change_detector.close()

    def set(self, key: str, value: str | None) -> None:
        """Set a control such as ``paused``, or take it away with None."""
        with self._engine.begin() as c:
            if value is None:
                c.execute(kv.delete().where(kv.c.key == key))
                return
            statement = upsert_insert(c, kv).values(key=key, value=value)
            c.execute(
                statement.on_conflict_do_update(index_elements=["key"], set_={"value": value})
            )

    def get(self, key: str) -> str | None:
        with self._engine.connect() as c:
            return c.execute(sa.select(kv.c.value).where(kv.c.key == key)).scalar()

    def get_prefix(self, prefix: str) -> dict[str, str]:
        """All controls whose key begins so."""
        with self._engine.connect() as c:
            rows = c.execute(sa.select(kv).where(kv.c.key.startswith(prefix)))
            return {row.key: row.value for row in rows}

    def enqueue(self, kind: str, path: Path | None) -> None:
        """Ask something of the daemon, now or when it starts."""
        self.enqueue_all([Command(kind, path)])

    def enqueue_all(self, requested: Iterable[Command]) -> None:
        """Ask several things in one transaction, which is on the disk when this returns.

        What waits already waits on once, under a new number: who does the earlier one just now
        may have looked before this was asked.
        """
        rows = [(command.kind, command.path and os.fsencode(command.path)) for command in requested]
        with write_transaction(self._engine) as c:
            for kind, path in rows:
                is_same_path = commands.c.path.is_not_distinct_from(path)
                c.execute(commands.delete().where(commands.c.kind == kind, is_same_path))
            execute_many(c, "INSERT INTO requests (kind, path) VALUES (?, ?)", rows)

    def pending(self, after: int = 0) -> list[Command]:
        """What was asked and is not done, in order, behind a number."""
        query = sa.select(commands).where(commands.c.id > after).order_by(commands.c.id)
        with self._engine.connect() as c:
            rows = c.execute(query).all()
        return [Command(r.kind, Path(os.fsdecode(r.path)) if r.path else None, r.id) for r in rows]

    def mark_done(self, ids: Iterable[int]) -> None:
        """What was asked under these numbers is done; asked again since, it waits on."""
        with write_transaction(self._engine) as c:
            execute_many(
                c, "DELETE FROM requests WHERE id = ?", [(command_id,) for command_id in ids]
            )

    def data_version(self) -> str:
        """Changes when somebody wrote to the ledger; costs next to nothing to ask."""
        return self._change_detector.current_version()
