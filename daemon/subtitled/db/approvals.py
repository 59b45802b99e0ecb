"""Approvals: who approved which version of a review, and which files have an approved subtitle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.ownership import Ownership

from .actors import Actor
from .review_records import ReviewStatus
from .review_schema import review_approvals, reviews
from .schema import coverage, files


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """One approval of a review. All are kept, also those before it was reopened."""

    version: int
    """The version that was approved."""
    actor: Actor
    """Who approved it."""
    at: float
    """Seconds since 1970."""


class ApprovalRepository:
    """The media files of which a person approved a subtitle, as far as the database knows.

    A review says so at once, the coverage since the file was last examined, also if the review was
    lost. Whether a sidecar is approved is known from the sidecar alone.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def of_review(self, review_id: int) -> list[StoredApproval]:
        """Return all approvals of a review, the first one first."""
        query = sa.select(review_approvals).where(review_approvals.c.review_id == review_id)
        with self._engine.connect() as c:
            return [
                StoredApproval(row.version, Actor.stored(row.actor, row.person), row.at)
                for row in c.execute(query.order_by(review_approvals.c.id))
            ]

    def file_ids(self, library: str | None, page_size: int = 200) -> Iterator[int]:
        """Yield the ids of files with an approved subtitle, in their order.

        They are read a page at a time, and no transaction is open in between.

        Args:
            library: One library only; None for all.
            page_size: How many are read at once.
        """
        after = 0
        while page := self._page(after, page_size):
            yield from page if library is None else self._in_library(page, library)
            after = page[-1]

    def _page(self, after: int, limit: int) -> list[int]:
        found = set[int]()
        with self._engine.connect() as c:
            for query in _approved_files():
                column = query.selected_columns[0]
                part = query.where(column > after).order_by(column).limit(limit)
                found.update(int(row[0]) for row in c.execute(part))
        return sorted(found)[:limit]

    def _in_library(self, page: list[int], library: str) -> list[int]:
        """Return those of some files that are in a library.

        This is a query of its own, so that the pages are read from the index by file.
        """
        query = sa.select(files.c.id).where(files.c.id.in_(page), files.c.library == library)
        with self._engine.connect() as c:
            return [int(row[0]) for row in c.execute(query.order_by(files.c.id))]

    def count(self, library: str | None) -> int:
        """Return how many files there are."""
        approved = sa.union(*_approved_files()).subquery()
        query = sa.select(sa.func.count()).select_from(
            approved.join(files, files.c.id == approved.c.file_id)
        )
        if library is not None:
            query = query.where(files.c.library == library)
        with self._engine.connect() as c:
            return int(c.execute(query).scalar_one())


def _approved_files() -> list[sa.Select[Any]]:
    reviewed = sa.select(reviews.c.file_id).where(
        reviews.c.approved_at.is_not(None), reviews.c.file_id.is_not(None)
    )
    examined = sa.select(coverage.c.file_id).where(coverage.c.ownership == Ownership.APPROVED)
    return [reviewed.distinct(), examined.distinct()]


def record_approval(
    connection: sa.Connection, review_id: int, *, version: int, actor: Actor, sha256: str
) -> None:
    """Record that a person approved a version, within the transaction that records its files.

    If an edit was stored since, the review stays open: that edit is not in the files.

    Args:
        connection: The connection of the transaction.
        review_id: The review.
        version: The version that was approved.
        actor: Who approved it.
        sha256: SHA-256 of the sidecar as it was written.
    """
    at = time.time()
    is_newest = reviews.c.version == version
    connection.execute(
        reviews.update()
        .where(reviews.c.id == review_id)
        .values(
            status=sa.case((is_newest, ReviewStatus.APPROVED.value), else_=ReviewStatus.OPEN.value),
            approved_by=actor.name,
            approved_person=actor.person,
            approved_at=at,
            approved_version=version,
            published_sha256=sha256,
            holder=None,
            holder_person=None,
            held_until=None,
            updated_at=at,
        )
    )
    connection.execute(
        review_approvals.insert().values(
            review_id=review_id, version=version, actor=actor.name, person=actor.person, at=at
        )
    )


def record_reopening(connection: sa.Connection, review_id: int) -> None:
    """Let an approved review be edited again, within the caller's transaction."""
    connection.execute(
        reviews.update()
        .where(reviews.c.id == review_id)
        .values(status=ReviewStatus.OPEN, updated_at=time.time())
    )


def record_machine_version(
    connection: sa.Connection,
    *,
    approved_sha256: str,
    sha256: str,
    also: Callable[[sa.Connection], object] | None = None,
) -> None:
    """Let a review be edited again whose approved sidecar was replaced by what we made before.

    Args:
        connection: The connection of the transaction.
        approved_sha256: SHA-256 of the approved sidecar.
        sha256: SHA-256 of the sidecar that is there now.
        also: What else is written if a review is open again that was approved until now.
    """
    is_this = reviews.c.published_sha256 == approved_sha256
    was_approved = sa.exists().where(is_this, reviews.c.status == ReviewStatus.APPROVED)
    is_reopened = bool(connection.execute(sa.select(was_approved)).scalar())
    connection.execute(
        reviews.update()
        .where(is_this)
        .values(status=ReviewStatus.OPEN, published_sha256=sha256, updated_at=time.time())
    )
    if is_reopened and also is not None:
        also(connection)
