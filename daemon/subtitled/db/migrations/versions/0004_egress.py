"""What was sent away, and what of each budget is spent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the pages of what left the machine."""
    op.create_table(
        "egress",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("library", sa.Text),
        sa.Column("component", sa.Text, nullable=False),
        sa.Column("destination", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("amount", sa.Float, nullable=False),
        sa.Column("host", sa.Text, nullable=False, server_default=""),
        sa.Column("region", sa.Text, nullable=False, server_default=""),
        sa.Column("request_id", sa.Text, nullable=False, server_default=""),
        sa.Column("price", sa.Float),
        sa.Column("currency", sa.Text, nullable=False, server_default=""),
        sa.Column("budgets", sa.Text, nullable=False, server_default="[]"),
    )
    op.create_index("ix_egress_at", "egress", ["at"])
    op.create_index(
        "ix_egress_open", "egress", ["key"], unique=True, sqlite_where=sa.text("state = 'open'")
    )
    op.create_table(
        "spending",
        sa.Column("budget", sa.Text, primary_key=True),
        sa.Column("period", sa.Text, primary_key=True),
        sa.Column("money", sa.Float, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
    )


def downgrade() -> None:
    """An older version starts with a ledger of its own."""
    raise NotImplementedError
