"""Settling has a deadline, and what waits is found without sorting a million files."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what settling and walks remember; files that settle are looked at at once."""
    op.add_column("files", sa.Column("looks", sa.Integer, nullable=False, server_default="0"))
    op.add_column("files", sa.Column("beside", sa.Integer))
    op.execute("UPDATE files SET next_try_at = steady_since WHERE state = 'settling'")
    waits = sa.text("next_try_at IS NOT NULL")
    op.create_index(
        "ix_files_urgent",
        "files",
        ["library", "priority", sa.text("steady_since DESC")],
        sqlite_where=waits,
    )
    op.create_index("ix_files_next", "files", ["library", "next_try_at"], sqlite_where=waits)


def downgrade() -> None:
    """An older version refuses a newer ledger."""
    raise NotImplementedError
