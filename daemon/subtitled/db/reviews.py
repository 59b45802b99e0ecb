"""The ``reviews`` table: which subtitles people look through, in which order, and who has them.

A review belongs to one language and kind of a media file, whatever formats are published of it. It
is found by the file, or by the fingerprint if the file's record is a new one.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Language, SubtitleKind

from .actors import Actor
from .approvals import record_reopening
from .engine import write_transaction
from .review_records import (
    HOLD_SECONDS,
    CueEstimate,
    ReviewFilter,
    ReviewPosition,
    ReviewRecord,
    ReviewStatus,
    SubtitleEstimate,
)
from .review_schema import cue_notes, reviews, verdicts
from .schema import files, sidecars
from .sidecars import Also, SidecarStatus

_LONG = ("base_cues", "estimate")
_BEHIND_LONG = ("holder_person", "approved_person")
_OF_FILE = (files.c.path, files.c.library, files.c.title)
_LISTED = (
    *(column for column in reviews.c if column.name not in (*_LONG, *_BEHIND_LONG)),
    *_OF_FILE,
)
_WHOLE = (*(column for column in reviews.c if column.name not in _LONG), *_OF_FILE)


class ReviewRepository:
    """The ``reviews`` table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def keep_estimate(self, estimate: SubtitleEstimate, now: float | None = None) -> int:
        """Store how likely the cues of a published sidecar are wrong, and return the review's id.

        The review is opened if there is none. What people did to it stays. An approved review stays
        approved: the sidecar is theirs.
        """
        now = time.time() if now is None else now
        with write_transaction(self._engine) as c:
            number = _find_or_add(c, estimate.file_id, estimate.language, estimate.kind, now)
            c.execute(
                reviews.update()
                .where(reviews.c.id == number)
                .values(
                    expected_errors=estimate.expected_errors,
                    flagged=estimate.flagged,
                    cue_count=estimate.cue_count,
                    estimated_sha256=estimate.sha256,
                    estimate=json.dumps(_estimate_to_json(estimate)),
                    updated_at=now,
                )
            )
        return number

    def open(self, file_id: int, language: Language, kind: SubtitleKind) -> int:
        """Return the review of a subtitle of a file. One is added if there is none."""
        with write_transaction(self._engine) as c:
            return _find_or_add(c, file_id, language, kind, time.time())

    def get(self, review_id: int) -> ReviewRecord | None:
        """Return a review, or None."""
        found = self._fetch(_select().where(reviews.c.id == review_id))
        return found[0] if found else None

    def page(
        self, wanted: ReviewFilter, after: ReviewPosition | None = None, limit: int = 50
    ) -> list[ReviewRecord]:
        """Return reviews, those with the most expected errors first.

        Args:
            wanted: Which ones. Those whose file or sidecar is gone are left out.
            after: The position of the last review of the page before; None for the first page.
            limit: How many at most.
        """
        query = _select(is_listed=True).where(*_conditions(wanted))
        if after is not None:
            # The first condition lets the index begin there; the second leaves out what was read.
            fewer = reviews.c.expected_errors < after.expected_errors
            query = query.where(
                reviews.c.expected_errors <= after.expected_errors,
                sa.or_(fewer, reviews.c.id > after.id),
            )
        order = (reviews.c.expected_errors.desc(), reviews.c.id)
        return self._fetch(query.order_by(*order).limit(limit))

    def count(self, wanted: ReviewFilter, most: int | None = None) -> int:
        """Return how many reviews there are, without those whose file or sidecar is gone.

        Args:
            wanted: Which ones.
            most: How many are counted at most; None for all.
        """
        found = sa.select(reviews.c.id).select_from(reviews.join(files))
        found = found.where(*_conditions(wanted)).limit(most)
        with self._engine.connect() as c:
            query = sa.select(sa.func.count()).select_from(found.subquery())
            return int(c.execute(query).scalar_one())

    def edited_subtitles(self, media: Path) -> list[tuple[Language, SubtitleKind]]:
        """Return the subtitles of a media file whose review has edits and is not approved."""
        query = (
            sa.select(reviews.c.language, reviews.c.kind)
            .select_from(reviews.join(files))
            .where(
                files.c.path == os.fsencode(media),
                reviews.c.status == ReviewStatus.OPEN,
                reviews.c.version > 0,
            )
        )
        with self._engine.connect() as c:
            return [(Language(row.language), SubtitleKind(row.kind)) for row in c.execute(query)]

    def count_open(self) -> dict[str, tuple[int, float]]:
        """Return how many open reviews each library has, and the wrong cues expected in them."""
        query = (
            sa.select(files.c.library, sa.func.count(), sa.func.sum(reviews.c.expected_errors))
            .select_from(reviews.join(files))
            .where(*_conditions(ReviewFilter()))
            .group_by(files.c.library)
        )
        with self._engine.connect() as c:
            return {name: (int(count), float(errors)) for name, count, errors in c.execute(query)}

    def estimate_of(self, review_id: int) -> tuple[list[CueEstimate], list[Any]]:
        """Return the estimates of cues, and what was noticed where no cue is."""
        text = self._text(review_id, reviews.c.estimate)
        content = json.loads(text) if text else {"cues": [], "elsewhere": []}
        return [CueEstimate(**cue) for cue in content["cues"]], content["elsewhere"]

    def take(self, review_id: int, holder: Actor, until: float, now: float) -> bool:
        """Record who works on a review, and return False if somebody else does."""
        is_free = sa.or_(
            reviews.c.holder.is_(None),
            is_held_by(holder.name, holder.person),
            reviews.c.held_until < now,
            reviews.c.held_until > until + HOLD_SECONDS,  # the clock was ahead then
        )
        values = {"holder": holder.name, "holder_person": holder.person, "held_until": until}
        return self._update(review_id, is_free, **values)

    def release(self, review_id: int, holder: Actor | None = None) -> bool:
        """Record that nobody works on a review, and return whether that changed anything.

        Args:
            review_id: The review.
            holder: Who releases it; None releases it from anybody.
        """
        is_held = (
            reviews.c.holder.is_not(None)
            if holder is None
            else is_held_by(holder.name, holder.person)
        )
        values = {"holder": None, "holder_person": None, "held_until": None}
        return self._update(review_id, is_held, **values)

    def reopen(self, review_id: int, also: Also | None = None) -> None:
        """Let an approved review be edited again, and write something else with it."""
        with write_transaction(self._engine) as c:
            record_reopening(c, review_id)
            if also is not None:
                also(c)

    def prune(self) -> int:
        """Delete reviews whose file is gone and that nobody edited, and return how many."""
        is_unused = sa.and_(
            reviews.c.file_id.is_(None),
            reviews.c.version == 0,
            reviews.c.status == ReviewStatus.OPEN,
            ~sa.exists().where(verdicts.c.review_id == reviews.c.id),
            ~sa.exists().where(cue_notes.c.review_id == reviews.c.id),
        )
        with self._engine.begin() as c:
            return c.execute(reviews.delete().where(is_unused)).rowcount

    def _update(self, review_id: int, condition: sa.ColumnElement[bool], **values: Any) -> bool:
        with self._engine.begin() as c:
            is_this = reviews.c.id == review_id
            return bool(
                c.execute(reviews.update().where(is_this, condition).values(values)).rowcount
            )

    def _text(self, review_id: int, column: sa.Column[Any]) -> str | None:
        with self._engine.connect() as c:
            found = c.execute(sa.select(column).where(reviews.c.id == review_id)).scalar()
        return None if found is None else str(found)

    def _fetch(self, query: sa.Select[Any]) -> list[ReviewRecord]:
        with self._engine.connect() as c:
            return [_record(row) for row in c.execute(query).mappings()]


def is_held_by(name: str, person: str) -> sa.ColumnElement[bool]:
    """Return the condition that somebody has a review, as :meth:`Actor.is_author` tells."""
    is_unknown = sa.and_(reviews.c.holder_person.is_(None), reviews.c.holder == name)
    return sa.or_(reviews.c.holder_person == person, is_unknown)


def _find_or_add(
    connection: sa.Connection, file_id: int, language: Language, kind: SubtitleKind, now: float
) -> int:
    """Return the review of a subtitle. The caller's transaction holds the write lock."""
    fingerprint = connection.execute(
        sa.select(files.c.fingerprint).where(files.c.id == file_id)
    ).scalar()
    same_subtitle = sa.and_(reviews.c.language == str(language), reviews.c.kind == str(kind))
    is_known = reviews.c.file_id == file_id
    if fingerprint:
        # The record of the file was deleted, and a new one was made when the file came back.
        is_orphan = sa.and_(reviews.c.file_id.is_(None), reviews.c.fingerprint == fingerprint)
        is_known = sa.or_(is_known, is_orphan)
    query = (
        sa.select(reviews.c.id, reviews.c.file_id)
        .where(is_known, same_subtitle)
        .order_by(reviews.c.file_id.is_(None), reviews.c.version.desc(), reviews.c.id)
        .limit(1)
    )
    found = connection.execute(query).first()
    if found is None:
        values = {
            "file_id": file_id,
            "fingerprint": fingerprint or "",
            "language": str(language),
            "kind": str(kind),
            "status": ReviewStatus.OPEN,
            "updated_at": now,
        }
        result = connection.execute(reviews.insert().values(values))
        assert result.inserted_primary_key is not None
        return int(result.inserted_primary_key[0])
    if found.file_id is None or fingerprint:
        connection.execute(
            reviews.update()
            .where(reviews.c.id == found.id)
            .values(file_id=file_id, fingerprint=fingerprint or "")
        )
    return int(found.id)


def _select(*, is_listed: bool = False) -> sa.Select[Any]:
    columns = _LISTED if is_listed else _WHOLE
    return sa.select(*columns).select_from(reviews.join(files, isouter=not is_listed))


def _conditions(wanted: ReviewFilter) -> list[sa.ColumnElement[bool]]:
    is_published = sa.exists().where(
        sidecars.c.media == files.c.path,
        sidecars.c.language == reviews.c.language,
        sidecars.c.kind == reviews.c.kind,
        sidecars.c.status == SidecarStatus.PRESENT,
    )
    conditions: list[sa.ColumnElement[bool]] = [reviews.c.status == wanted.status, is_published]
    if wanted.libraries is not None:
        conditions.append(files.c.library.in_(wanted.libraries))
    for column, value in (
        (reviews.c.language, wanted.language),
        (reviews.c.kind, wanted.kind),
        (reviews.c.holder, wanted.holder),
        (reviews.c.file_id, wanted.file_id),
    ):
        if value is not None:
            conditions.append(column == value)
    return conditions


def _estimate_to_json(estimate: SubtitleEstimate) -> dict[str, Any]:
    return {
        "cues": [
            {
                "index": cue.index,
                "probability": round(cue.probability, 4),
                "reasons": list(cue.reasons),
            }
            for cue in estimate.cues
        ],
        "elsewhere": list(estimate.elsewhere),
    }


def _record(row: Any) -> ReviewRecord:
    values = dict(row)
    values["path"] = Path(os.fsdecode(row["path"])) if row["path"] is not None else None
    values["title"] = values["title"] or ""
    values["language"] = Language(values["language"])
    values["kind"] = SubtitleKind(values["kind"])
    values["status"] = ReviewStatus(values["status"])
    return ReviewRecord(**values)
