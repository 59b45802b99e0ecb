"""What processes say to each other through the ledger: controls that last, requests till done."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .database import Version, insert, many, writing
from .schema import controls, requests

WATCHING = "watching "
"""Before the name of a library: the control that says how the daemon watches it, and why."""


LOOK = "look"
"""Something happened to a path, somebody says: it is looked at as an event would have it."""
PLAYING = "playing"
"""Somebody watches a file just now, or, without a path, one that a media server knows of."""
LOST = "lost"
"""A worker could not write down what became of a job: the daemon looks which ones are lost."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What somebody asked of the daemon from another process."""

    kind: str
    """``scan``, ``retry``, ``cancel``, ``first``, ``watched``, ``wake``, or one of the above."""
    path: Path | None
    id: int = 0
    """Under which it waits."""


class Mailbox:
    """Controls and requests in a ledger's database."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self._engine = engine
        self._version = Version(engine, path)

    def close(self) -> None:
        self._version.close()

    def control(self, key: str, value: str | None) -> None:
        """Set a control such as ``paused``, or take it away with None."""
        with self._engine.begin() as c:
            if value is None:
                c.execute(controls.delete().where(controls.c.key == key))
                return
            said = insert(c, controls).values(key=key, value=value)
            c.execute(said.on_conflict_do_update(index_elements=["key"], set_={"value": value}))

    def get_control(self, key: str) -> str | None:
        with self._engine.connect() as c:
            return c.execute(sa.select(controls.c.value).where(controls.c.key == key)).scalar()

    def controls(self, prefix: str) -> dict[str, str]:
        """All controls whose key begins so."""
        with self._engine.connect() as c:
            rows = c.execute(sa.select(controls).where(controls.c.key.startswith(prefix)))
            return {row.key: row.value for row in rows}

    def request(self, kind: str, path: Path | None) -> None:
        """Ask something of the daemon, now or when it starts."""
        self.request_all([AskedFor(kind, path)])

    def request_all(self, asked: Iterable[AskedFor]) -> None:
        """Ask several things in one transaction, which is on the disk when this returns.

        What waits already waits on once, under a new number: who does the earlier one just now
        may have looked before this was asked.
        """
        rows = [(one.kind, one.path and os.fsencode(one.path)) for one in asked]
        with writing(self._engine) as c:
            for kind, path in rows:
                same = requests.c.path.is_not_distinct_from(path)
                c.execute(requests.delete().where(requests.c.kind == kind, same))
            many(c, "INSERT INTO requests (kind, path) VALUES (?, ?)", rows)

    def waiting(self, after: int = 0) -> list[AskedFor]:
        """What was asked and is not done, in order, behind a number."""
        query = sa.select(requests).where(requests.c.id > after).order_by(requests.c.id)
        with self._engine.connect() as c:
            rows = c.execute(query).all()
        return [AskedFor(r.kind, Path(os.fsdecode(r.path)) if r.path else None, r.id) for r in rows]

    def done(self, ids: Iterable[int]) -> None:
        """What was asked under these numbers is done; asked again since, it waits on."""
        with writing(self._engine) as c:
            many(c, "DELETE FROM requests WHERE id = ?", [(each,) for each in ids])

    def data_version(self) -> str:
        """Changes when somebody wrote to the ledger; costs next to nothing to ask."""
        return self._version.now()
