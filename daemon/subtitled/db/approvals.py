"""Which files have an approved subtitle, and what becomes of its review if it is replaced."""

from __future__ import annotations

import time
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.ownership import Ownership

from .reviews import ReviewStatus
from .schema import coverage, files, reviews


class ApprovalRepository:
    """The media files of which a person approved a subtitle, as far as the database knows.

    A review says so at once, the coverage since the file was last examined, also if the review was
    lost. Whether a sidecar is approved is known from the sidecar alone.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def page(self, library: str | None, after: int, limit: int) -> list[int]:
        """Return the ids of files with an approved subtitle, in their order.

        Args:
            library: One library only; None for all.
            after: The last id of the page before; 0 for the first page.
            limit: How many at most.
        """
        found = set[int]()
        with self._engine.connect() as c:
            for query in _approved_files(library):
                column = query.selected_columns[0]
                part = query.where(column > after).order_by(column).limit(limit)
                found.update(int(row[0]) for row in c.execute(part))
        return sorted(found)[:limit]

    def count(self, library: str | None) -> int:
        """Return how many files there are."""
        query = sa.select(sa.func.count()).select_from(
            sa.union(*_approved_files(library)).subquery()
        )
        with self._engine.connect() as c:
            return int(c.execute(query).scalar_one())


def _approved_files(library: str | None) -> list[sa.Select[Any]]:
    of_library = sa.true() if library is None else files.c.library == library
    conditions = {
        reviews: reviews.c.approved_at.is_not(None),
        coverage: coverage.c.ownership == Ownership.APPROVED,
    }
    return [
        sa.select(table.c.file_id)
        .distinct()
        .select_from(table.join(files, files.c.id == table.c.file_id))
        .where(condition, of_library)
        for table, condition in conditions.items()
    ]


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
