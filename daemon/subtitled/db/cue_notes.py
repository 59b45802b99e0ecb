"""The ``cue_notes`` table: what people write to each other about the cues of a review."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .actors import Actor
from .engine import write_transaction
from .operations import ReviewBase, store_base
from .review_schema import cue_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class CueNote:
    """A note on a cue, or an answer to one."""

    id: int
    cue: str
    """The id of the cue."""
    answers: int | None
    """The first note of the thread, if this is an answer."""
    text: str
    actor: str
    """The name of who wrote it."""
    at: float
    """Seconds since 1970."""
    resolved_by: str | None
    """Who resolved the thread; only of its first note."""
    resolved_at: float | None


class CueNoteRepository:
    """The ``cue_notes`` table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(
        self,
        review_id: int,
        cue: str,
        text: str,
        actor: Actor,
        *,
        answers: int | None = None,
        base: ReviewBase | None = None,
    ) -> CueNote | None:
        """Store a note. An answer opens its thread again.

        Args:
            review_id: The review.
            cue: The id of the cue.
            text: What is written.
            actor: Who writes.
            answers: The first note of the thread that it answers.
            base: Version 0, if it is not stored yet: the cue is one of it.

        Returns:
            The note; or None if version 0 is another one meanwhile.
        """
        row = {
            "review_id": review_id,
            "cue": cue,
            "answers": answers,
            "text": text,
            "actor": actor.name,
            "person": actor.person,
            "at": time.time(),
        }
        with write_transaction(self._engine) as c:
            if not store_base(c, review_id, base):
                return None
            result = c.execute(cue_notes.insert().values(row))
            if answers is not None:
                _set_resolved(c, review_id, answers, None)
            assert result.inserted_primary_key is not None
            is_this = cue_notes.c.id == result.inserted_primary_key[0]
            return _note(c.execute(sa.select(cue_notes).where(is_this)).mappings().one())

    def of_review(self, review_id: int) -> list[CueNote]:
        """Return all notes of a review, the first one first."""
        query = sa.select(cue_notes).where(cue_notes.c.review_id == review_id)
        with self._engine.connect() as c:
            return [_note(row) for row in c.execute(query.order_by(cue_notes.c.id)).mappings()]

    def set_resolved(self, review_id: int, note_id: int, by: str | None) -> bool:
        """Record who resolved a thread, or open it again; False if there is no such thread."""
        with write_transaction(self._engine) as c:
            return _set_resolved(c, review_id, note_id, by)


def _set_resolved(c: sa.Connection, review_id: int, note_id: int, by: str | None) -> bool:
    is_thread = sa.and_(
        cue_notes.c.review_id == review_id,
        cue_notes.c.id == note_id,
        cue_notes.c.answers.is_(None),
    )
    values = {"resolved_by": by, "resolved_at": None if by is None else time.time()}
    return bool(c.execute(cue_notes.update().where(is_thread).values(values)).rowcount)


def _note(row: Any) -> CueNote:
    return CueNote(**{name: row[name] for name in CueNote.__slots__})
