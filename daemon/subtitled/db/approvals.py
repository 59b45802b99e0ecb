"""Which files have an approved subtitle, and what becomes of its review if it is replaced."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.ownership import Ownership

from .review_records import ReviewStatus
from .schema import coverage, files, reviews


class ApprovalRepository:
    """The media files of which a person approved a subtitle, as far as the database knows.

    A review says so at once, the coverage since the file was last examined, also if the review was
    lost. Whether a sidecar is approved is known from the sidecar alone.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

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


def record_machine_version(connection: sa.Connection, *, approved_sha256: str, sha256: str) -> None:
    """Let a review be edited again whose approved sidecar was replaced by what we made before.

    Args:
        connection: The connection of the transaction.
        approved_sha256: SHA-256 of the approved sidecar.
        sha256: SHA-256 of the sidecar that is there now.
    """
    connection.execute(
        reviews.update()
        .where(reviews.c.published_sha256 == approved_sha256)
        .values(status=ReviewStatus.OPEN, published_sha256=sha256, updated_at=time.time())
    )
