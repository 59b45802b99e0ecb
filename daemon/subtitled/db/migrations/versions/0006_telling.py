"""What changed beside the media, and what the media servers were told of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the changes that nobody was told of yet, and the state of each telling."""
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("medium", sa.LargeBinary, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("there", sa.Boolean, nullable=False),
    )
    op.create_table(
        "tellings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("medium", sa.LargeBinary, nullable=False, index=True),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("removed", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("method", sa.Integer, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("due_at", sa.Float),
        sa.Column("told_at", sa.Float),
        sa.Column("ended_at", sa.Float),
        sa.Column("detail", sa.Text, nullable=False),
        sa.UniqueConstraint("server", "medium"),
    )
    op.create_index(
        "ix_tellings_due",
        "tellings",
        ["server", "due_at"],
        sqlite_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    """An older version starts with a ledger of its own."""
    raise NotImplementedError
