"""The ``passages`` table: what people have other engines transcribe for a review."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter

from subtitled.plugin import TimeSpan, Word

from .engine import write_transaction
from .review_schema import passages

_WORDS: TypeAdapter[tuple[Word, ...]] = TypeAdapter(tuple[Word, ...])


class PassageStatus(StrEnum):
    """How far a passage is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


UNFINISHED = (PassageStatus.WAITING, PassageStatus.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRecord:
    """A passage that an engine is asked about."""

    id: int
    review_id: int
    span: TimeSpan
    """Seconds of the media file."""
    engine: str
    """The name of the engine in the configuration."""
    status: PassageStatus
    variant: str
    """The engine with its settings; empty until it has answered."""
    words: tuple[Word, ...]
    """What it understood, by the clock of the media file."""
    reason: str
    """Why it waits or failed; empty if there is none."""
    hint: str
    """What can be done about that."""
    actor: str
    """The name of who asked."""
    at: float
    """When, in seconds since 1970."""
    ended_at: float | None


class PassageRepository:
    """The ``passages`` table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def ask(
        self, review_id: int, span: TimeSpan, engine: str, actor: str, most: int
    ) -> PassageRecord | None:
        """Add a passage. One that waits, runs or is done for the same span and engine is returned.

        Args:
            review_id: The review.
            span: Seconds of the media file.
            engine: The name of the engine.
            actor: The name of who asks.
            most: How many of this review may be unfinished.

        Returns:
            The passage, or None if too many are unfinished.
        """
        is_same = sa.and_(
            passages.c.review_id == review_id,
            passages.c.engine == engine,
            passages.c.start == span.start,
            passages.c.end == span.end,
            passages.c.status != PassageStatus.FAILED,
        )
        is_unfinished = sa.and_(
            passages.c.review_id == review_id, passages.c.status.in_(UNFINISHED)
        )
        with write_transaction(self._engine) as c:
            known = c.execute(sa.select(passages).where(is_same)).mappings().first()
            if known is not None:
                return _record(known)
            count = sa.select(sa.func.count()).select_from(passages).where(is_unfinished)
            if c.execute(count).scalar_one() >= most:
                return None
            row = {
                "review_id": review_id,
                "start": span.start,
                "end": span.end,
                "engine": engine,
                "status": PassageStatus.WAITING,
                "actor": actor,
                "at": time.time(),
            }
            result = c.execute(passages.insert().values(row))
            assert result.inserted_primary_key is not None
            number = int(result.inserted_primary_key[0])
            added = c.execute(sa.select(passages).where(passages.c.id == number)).mappings().one()
        return _record(added)

    def of_review(self, review_id: int) -> list[PassageRecord]:
        """Return the passages of a review, the first one first."""
        return self._fetch(passages.c.review_id == review_id)

    def unfinished(self) -> list[PassageRecord]:
        """Return the passages that wait or run, the first one first."""
        return self._fetch(passages.c.status.in_(UNFINISHED))

    def set_running(self, passage_id: int) -> None:
        """Record that an engine is at work on a passage."""
        self._update(passage_id, status=PassageStatus.RUNNING, reason="", hint="")

    def set_waiting(self, passage_id: int, reason: str) -> None:
        """Record why a passage still waits."""
        self._update(passage_id, status=PassageStatus.WAITING, reason=reason)

    def finish(self, passage_id: int, variant: str, words: Iterable[Word]) -> None:
        """Store what an engine understood in a passage."""
        self._update(
            passage_id,
            status=PassageStatus.DONE,
            variant=variant,
            words=_WORDS.dump_json(tuple(words)).decode(),
            reason="",
            hint="",
            ended_at=time.time(),
        )

    def fail(self, passage_id: int, reason: str, hint: str) -> None:
        """Store why an engine did not transcribe a passage, and what can be done about it."""
        self._update(
            passage_id,
            status=PassageStatus.FAILED,
            reason=reason,
            hint=hint,
            ended_at=time.time(),
        )

    def _update(self, passage_id: int, **values: Any) -> None:
        with self._engine.begin() as c:
            c.execute(passages.update().where(passages.c.id == passage_id).values(values))

    def _fetch(self, condition: sa.ColumnElement[bool]) -> list[PassageRecord]:
        query = sa.select(passages).where(condition).order_by(passages.c.id)
        with self._engine.connect() as c:
            return [_record(row) for row in c.execute(query).mappings()]


def _record(row: Any) -> PassageRecord:
    return PassageRecord(
        id=row["id"],
        review_id=row["review_id"],
        span=TimeSpan(row["start"], row["end"]),
        engine=row["engine"],
        status=PassageStatus(row["status"]),
        variant=row["variant"],
        words=_WORDS.validate_json(row["words"]) if row["words"] else (),
        reason=row["reason"],
        hint=row["hint"],
        actor=row["actor"],
        at=row["at"],
        ended_at=row["ended_at"],
    )
