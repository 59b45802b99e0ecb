"""Which process works, or worked last, on a file."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the name of the daemon or worker. What is in work now is begun again and named then."""
    op.add_column("files", sa.Column("worker", sa.Text))


def downgrade() -> None:
    """An older version starts with a ledger of its own."""
    raise NotImplementedError
