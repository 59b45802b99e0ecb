"""The history: what happened to each file, when, why, and who asked for it.

Entries are kept for 90 days, and at most 200 for each file.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .engine import write_transaction
from .schema import history

KEPT_SECONDS = 90 * 86400.0
"""How long an entry is kept."""
KEPT_PER_FILE = 200
"""How many entries of one file are kept."""


class HistoryEvent(StrEnum):
    """What happened."""

    QUEUED = "queued"
    """A job was queued."""
    PUBLISHED = "published"
    """A sidecar was written."""
    ENDED = "ended"
    """A job or a decision ended with a state."""
    FAILED = "failed"
    WAITING = "waiting"
    REMOVED = "removed"
    """A sidecar of ours was removed."""
    APPROVED = "approved"
    """A person approved a sidecar, which is locked from then on."""
    UNLOCKED = "unlocked"
    """A person took an approval off."""
    DELIVERED = "delivered"
    """A file was moved out of a watch folder, with its subtitles."""
    GLOSSARY = "glossary"
    """A person kept a glossary term, or removed one."""
    REQUESTED = "requested"
    """A person or a program asked for something."""
    SIGNED_IN = "signed-in"
    ADMINISTERED = "administered"
    """A user, a key or a session was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One thing that happened."""

    event: HistoryEvent
    path: Path | None = None
    file_id: int | None = None
    library: str | None = None
    actor: str = ""
    """Who asked: ``command line``, the name of a user or key, or ``webhook`` and its sender.

    Empty for the daemon itself.
    """
    worker: str = ""
    job_id: str = ""
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Further facts, as JSON."""
    at: float = 0.0
    """Seconds since 1970; 0 for now."""
    id: int = 0
    """Its number. Later entries have higher numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryFilter:
    """Which entries are wanted. What is None or empty does not limit."""

    file_id: int | None = None
    events: Sequence[HistoryEvent] = ()
    library: str | None = None
    actor: str | None = None
    since: float | None = None
    """Seconds since 1970."""


class HistoryLog:
    """The ``history`` table. Threads and processes may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, *entries: HistoryEntry) -> None:
        """Append entries in a transaction of their own."""
        with write_transaction(self._engine) as c:
            write_history(c, *entries)

    def newest(
        self, limit: int, wanted: HistoryFilter | None = None, before: int | None = None
    ) -> list[HistoryEntry]:
        """Return entries, the newest first.

        Args:
            limit: How many at most.
            wanted: Which ones; by default all.
            before: Only entries with lower numbers, to go on where a page ended.
        """
        query = sa.select(history).where(*_conditions(wanted or HistoryFilter()))
        if before is not None:
            query = query.where(history.c.id < before)
        with self._engine.connect() as c:
            rows = c.execute(query.order_by(history.c.id.desc()).limit(limit)).mappings()
            return [entry_from_row(row) for row in rows]

    def after(self, number: int, limit: int) -> list[HistoryEntry]:
        """Return the entries with higher numbers, the oldest first."""
        query = sa.select(history).where(history.c.id > number).order_by(history.c.id).limit(limit)
        with self._engine.connect() as c:
            return [entry_from_row(row) for row in c.execute(query).mappings()]

    def bounds(self) -> tuple[int, int]:
        """Return the lowest and the highest number; twice 0 if there is no entry."""
        query = sa.select(sa.func.min(history.c.id), sa.func.max(history.c.id))
        with self._engine.connect() as c:
            first, last = c.execute(query).one()
        return first or 0, last or 0

    def prune(self, now: float | None = None) -> int:
        """Delete entries that are too old or too many, and return how many there were."""
        oldest = (time.time() if now is None else now) - KEPT_SECONDS
        crowded = (
            sa.select(history.c.file_id)
            .where(history.c.file_id.is_not(None))
            .group_by(history.c.file_id)
            .having(sa.func.count() > KEPT_PER_FILE)
        )
        with self._engine.begin() as c:
            deleted = c.execute(history.delete().where(history.c.at < oldest)).rowcount
            for file_id in c.execute(crowded).scalars().all():
                limit = (
                    sa.select(history.c.id)
                    .where(history.c.file_id == file_id)
                    .order_by(history.c.id.desc())
                    .offset(KEPT_PER_FILE - 1)
                    .limit(1)
                    .scalar_subquery()
                )
                deleted += c.execute(
                    history.delete().where(history.c.file_id == file_id, history.c.id < limit)
                ).rowcount
            return deleted


def write_history(connection: sa.Connection, *entries: HistoryEntry) -> None:
    """Append entries within the caller's transaction."""
    if entries:
        connection.execute(history.insert(), [_values(entry) for entry in entries])


def write_change(connection: sa.Connection, entry: HistoryEntry) -> None:
    """Append an entry within the caller's transaction, unless the file's newest one says the same.

    A file that waits is decided about again and again, always with the same result.
    """
    newest = connection.execute(
        sa.select(history.c.event, history.c.reason, history.c.job_id)
        .where(history.c.file_id == entry.file_id)
        .order_by(history.c.id.desc())
        .limit(1)
    ).first()
    if newest is None or tuple(newest) != (entry.event, entry.reason, entry.job_id):
        write_history(connection, entry)


def _conditions(wanted: HistoryFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.file_id is not None:
        conditions.append(history.c.file_id == wanted.file_id)
    if wanted.events:
        conditions.append(history.c.event.in_(wanted.events))
    if wanted.library is not None:
        conditions.append(history.c.library == wanted.library)
    if wanted.actor is not None:
        conditions.append(history.c.actor == wanted.actor)
    if wanted.since is not None:
        conditions.append(history.c.at >= wanted.since)
    return conditions


def _values(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "at": entry.at or time.time(),
        "file_id": entry.file_id,
        "path": os.fsencode(entry.path) if entry.path is not None else None,
        "library": entry.library,
        "event": entry.event,
        "actor": entry.actor,
        "worker": entry.worker,
        "job_id": entry.job_id,
        "reason": entry.reason,
        "details": json.dumps(dict(entry.details)),
    }


def entry_from_row(row: Any) -> HistoryEntry:
    """Convert a row of the ``history`` table."""
    return HistoryEntry(
        id=row["id"],
        at=row["at"],
        file_id=row["file_id"],
        path=Path(os.fsdecode(row["path"])) if row["path"] is not None else None,
        library=row["library"],
        event=HistoryEvent(row["event"]),
        actor=row["actor"],
        worker=row["worker"],
        job_id=row["job_id"],
        reason=row["reason"],
        details=json.loads(row["details"]),
    )
