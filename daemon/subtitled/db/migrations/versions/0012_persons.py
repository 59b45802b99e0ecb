"""Reviews: which person edits, has and approved them, as names do not tell people apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operations", sa.Column("person", sa.Text, nullable=False, server_default=""))
    op.add_column("reviews", sa.Column("holder_person", sa.Text))
    op.add_column("reviews", sa.Column("approved_person", sa.Text))


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
