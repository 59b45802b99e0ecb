"""What processes say to each other through the ledger: controls that last, requests once."""

from __future__ import annotations

import os
import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from .database import writing
from .schema import controls, requests

WATCHING = "watching "
"""Before the name of a library: the control that says how the daemon watches it, and why."""


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What somebody asked of the daemon from another process."""

    kind: str
    path: Path | None


class Mailbox:
    """Controls and requests in a ledger's database."""

    def __init__(self, engine: sa.Engine, path: Path) -> None:
        self.path = path
        self._engine = engine
        self._watch: sqlite3.Connection | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        if self._watch is not None:
            self._watch.close()

    def control(self, key: str, value: str | None) -> None:
        """Set a control such as ``paused``, or take it away with None."""
        with self._engine.begin() as c:
            c.execute(controls.delete().where(controls.c.key == key))
            if value is not None:
                c.execute(insert(controls).values(key=key, value=value))

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
        with self._engine.begin() as c:
            c.execute(insert(requests).values(kind=kind, path=path and os.fsencode(path)))

    def take_requests(self) -> list[AskedFor]:
        """What was asked, in order, each once."""
        with writing(self._engine) as c:
            rows = c.execute(sa.select(requests).order_by(requests.c.id)).all()
            if rows:
                c.execute(requests.delete().where(requests.c.id <= rows[-1].id))
        return [AskedFor(r.kind, Path(os.fsdecode(r.path)) if r.path else None) for r in rows]

    def data_version(self) -> int:
        """Changes when somebody wrote to the ledger; costs next to nothing to ask."""
        with self._lock:
            if self._watch is None:
                self._watch = sqlite3.connect(self.path, check_same_thread=False)
            version: int = self._watch.execute("PRAGMA data_version").fetchone()[0]
            return version
