"""Requests that are kept until they were done, each once; news that waits for its notifier."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Requests get numbers that are never given twice; what waits is carried over."""
    op.rename_table("requests", "requests_before")
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("path", sa.LargeBinary),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_requests_once", "requests", ["kind", sa.text("coalesce(path, x'')")], unique=True
    )
    op.execute(
        "INSERT OR REPLACE INTO requests (kind, path) "
        "SELECT kind, path FROM requests_before ORDER BY id"
    )
    op.drop_table("requests_before")
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("notifier", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("event", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notices_notifier", "notices", ["notifier", "id"])


def downgrade() -> None:
    """An older version refuses a newer ledger."""
    raise NotImplementedError
