"""What it means for a review when the file that it approved is replaced."""

from __future__ import annotations

import time

import sqlalchemy as sa

from .reviews import ReviewStatus
from .schema import reviews


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
