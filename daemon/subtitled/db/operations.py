"""The operations and verdicts of reviews. An operation that is stored survives a power cut."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from .engine import upsert_insert, write_transaction
from .review_records import ReviewStatus
from .review_schema import operations, reviews, verdicts
from .reviews import is_held_by
from .schema import files


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOperation:
    """An operation that is to be stored."""

    operation_id: str
    """Given by the program of the person, so that it is stored once if it is sent again."""
    actor: str
    """The name of who made it."""
    person: str
    """Who that is, by :attr:`.actors.Actor.person`. Operations of older versions have none."""
    made_on: int
    """The version that the person saw."""
    kind: str
    reverts: int | None = None
    """The version whose operation it undoes or redoes."""
    operation: str
    """What the person meant, as JSON."""
    change: str
    """What it does to the cues, as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOperation(NewOperation):
    """An operation of a review."""

    version: int
    """The version that it made."""
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBase:
    """Version 0, which is stored with the first edit."""

    format: str
    """The format of the sidecar that it was read from."""
    sha256: str
    """Of the sidecar."""
    cues: str
    """The cues, as JSON."""


class Verdict(StrEnum):
    """What a person says of a cue."""

    RIGHT = "right"
    WRONG = "wrong"


class ErrorCategory(StrEnum):
    """What is wrong with a cue."""

    TRANSLATION = "translation"
    MISSING = "missing"
    SPELLING = "spelling"
    """Spelling, grammar or punctuation."""
    STYLE = "style"
    TERMS = "terms"
    TIMING = "timing"
    OTHER = "other"


class ErrorSeverity(StrEnum):
    """How much it matters."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"


@dataclass(frozen=True, slots=True, kw_only=True)
class CueVerdict:
    """What a person said of a cue last."""

    cue: str
    """The id of the cue."""
    verdict: Verdict
    category: ErrorCategory | None = None
    severity: ErrorSeverity | None = None
    note: str = ""
    actor: str
    at: float
    """Seconds since 1970."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewActivity:
    """Which reviews are wanted, by when people edited, judged or approved. None does not limit."""

    libraries: Sequence[str] | None = None
    language: str | None = None
    since: float | None = None
    """Seconds since 1970."""
    until: float | None = None
    """Seconds since 1970. What was done at that moment or later does not count."""


class OperationRepository:
    """The ``operations`` and ``verdicts`` tables."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def append(
        self,
        review_id: int,
        operation: NewOperation,
        version: int,
        base: ReviewBase | None = None,
        held_until: float | None = None,
    ) -> StoredOperation | None:
        """Store an operation, which makes the next version.

        When this returns, the operation survives a power cut.

        Args:
            review_id: The review.
            operation: The operation.
            version: The version that its change was computed for.
            base: Version 0, if this is the first edit.
            held_until: Until when the review belongs to the actor, if it is theirs.

        Returns:
            The operation; or None if nothing was stored, because the review is approved, or has
            another version or version 0 meanwhile, or an operation with this id.
        """
        at = time.time()
        with write_transaction(self._engine) as c:
            if _is_stored(c, review_id, operation.operation_id):
                return None
            is_current = sa.and_(
                reviews.c.id == review_id,
                reviews.c.version == version,
                reviews.c.status == ReviewStatus.OPEN,
            )
            if not c.execute(sa.select(sa.exists().where(is_current))).scalar():
                return None
            if not store_base(c, review_id, base):
                return None
            values: dict[str, Any] = {"version": version + 1, "updated_at": at}
            c.execute(reviews.update().where(is_current).values(values))
            if held_until is not None:
                _extend_hold(c, review_id, operation, held_until)
            row = {
                "review_id": review_id,
                "version": version + 1,
                "operation_id": operation.operation_id,
                "at": at,
                "actor": operation.actor,
                "person": operation.person,
                "made_on": operation.made_on,
                "kind": operation.kind,
                "reverts": operation.reverts,
                "operation": operation.operation,
                "change": operation.change,
            }
            c.execute(operations.insert().values(row))
        return _operation(row)

    def base(self, review_id: int) -> ReviewBase | None:
        """Return version 0 as it was stored; None before the first edit."""
        query = sa.select(reviews.c.format, reviews.c.base_sha256, reviews.c.base_cues).where(
            reviews.c.id == review_id, reviews.c.base_cues.is_not(None)
        )
        with self._engine.connect() as c:
            row = c.execute(query).first()
        return None if row is None else ReviewBase(format=row[0], sha256=row[1], cues=row[2])

    def after(
        self, review_id: int, version: int = 0, limit: int | None = None
    ) -> list[StoredOperation]:
        """Return the operations that made later versions, in order."""
        query = (
            sa.select(operations)
            .where(operations.c.review_id == review_id, operations.c.version > version)
            .order_by(operations.c.version)
            .limit(limit)
        )
        with self._engine.connect() as c:
            return [_operation(row) for row in c.execute(query).mappings()]

    def set_verdict(
        self, review_id: int, verdict: CueVerdict, base: ReviewBase | None = None
    ) -> bool:
        """Store what a person says of a cue, instead of what was said before.

        Returns:
            False if version 0 is another one meanwhile. Nothing is stored then.
        """
        row = {
            "review_id": review_id,
            "cue": verdict.cue,
            "verdict": verdict.verdict,
            "category": verdict.category or "",
            "severity": verdict.severity or "",
            "note": verdict.note,
            "actor": verdict.actor,
            "at": verdict.at,
        }
        keys = ("review_id", "cue")
        updated = {name: value for name, value in row.items() if name not in keys}
        with write_transaction(self._engine) as c:
            if not store_base(c, review_id, base):
                return False
            statement = upsert_insert(c, verdicts).values(row)
            c.execute(statement.on_conflict_do_update(index_elements=keys, set_=updated))
        return True

    def delete_verdict(self, review_id: int, cue: str) -> bool:
        """Delete what was said of a cue, and return whether anything was."""
        is_this = sa.and_(verdicts.c.review_id == review_id, verdicts.c.cue == cue)
        with self._engine.begin() as c:
            return bool(c.execute(verdicts.delete().where(is_this)).rowcount)

    def verdicts_of(self, review_id: int) -> list[CueVerdict]:
        """Return the verdicts on the cues of a review."""
        query = sa.select(verdicts).where(verdicts.c.review_id == review_id)
        with self._engine.connect() as c:
            rows = c.execute(query.order_by(verdicts.c.at, verdicts.c.cue)).mappings()
            return [_verdict(row) for row in rows]

    def find_worked_on(self, activity: ReviewActivity, limit: int) -> list[int]:
        """Return the reviews that people edited, judged or approved, by library and file.

        Reviews whose file is not in the database any more are left out.
        """

        def is_in_time(at: sa.Column[Any]) -> sa.ColumnElement[bool]:
            return sa.and_(
                at.is_not(None),
                at >= (activity.since if activity.since is not None else 0.0),
                *([at < activity.until] if activity.until is not None else []),
            )

        query = (
            sa.select(reviews.c.id)
            .select_from(reviews.join(files))
            .where(
                sa.or_(
                    is_in_time(reviews.c.approved_at),
                    reviews.c.id.in_(
                        sa.select(operations.c.review_id).where(is_in_time(operations.c.at))
                    ),
                    reviews.c.id.in_(
                        sa.select(verdicts.c.review_id).where(is_in_time(verdicts.c.at))
                    ),
                )
            )
            .order_by(files.c.library, files.c.path, reviews.c.language, reviews.c.kind)
        )
        if activity.libraries is not None:
            query = query.where(files.c.library.in_(activity.libraries))
        if activity.language is not None:
            query = query.where(reviews.c.language == activity.language)
        with self._engine.connect() as c:
            return list(c.execute(query.limit(limit)).scalars())

    def count_verdicts(self, review_ids: Sequence[int]) -> dict[int, int]:
        """Return how many cues of each of some reviews were judged, at most a few hundred."""
        query = (
            sa.select(verdicts.c.review_id, sa.func.count())
            .where(verdicts.c.review_id.in_(review_ids))
            .group_by(verdicts.c.review_id)
        )
        with self._engine.connect() as c:
            return {number: int(count) for number, count in c.execute(query)}


def store_base(c: sa.Connection, review_id: int, base: ReviewBase | None) -> bool:
    """Store version 0 unless one is stored, and return whether it is this one."""
    if base is None:
        return True
    query = sa.select(reviews.c.base_sha256).where(reviews.c.id == review_id)
    stored = c.execute(query).scalar()
    if stored is not None:
        return bool(stored == base.sha256)
    values = {
        "format": base.format,
        "base_sha256": base.sha256,
        "published_sha256": base.sha256,
        "base_cues": base.cues,
    }
    c.execute(reviews.update().where(reviews.c.id == review_id).values(values))
    return True


def _extend_hold(c: sa.Connection, review_id: int, operation: NewOperation, until: float) -> None:
    is_theirs = sa.and_(reviews.c.id == review_id, is_held_by(operation.actor, operation.person))
    c.execute(reviews.update().where(is_theirs).values(held_until=until))


def _is_stored(c: sa.Connection, review_id: int, operation_id: str) -> bool:
    query = sa.select(operations.c.version).where(
        operations.c.review_id == review_id, operations.c.operation_id == operation_id
    )
    return c.execute(query).first() is not None


def _operation(row: Any) -> StoredOperation:
    return StoredOperation(**{name: row[name] for name in row if name != "review_id"})


def _verdict(row: Any) -> CueVerdict:
    return CueVerdict(
        cue=row["cue"],
        verdict=Verdict(row["verdict"]),
        category=ErrorCategory(row["category"]) if row["category"] else None,
        severity=ErrorSeverity(row["severity"]) if row["severity"] else None,
        note=row["note"],
        actor=row["actor"],
        at=row["at"],
    )
