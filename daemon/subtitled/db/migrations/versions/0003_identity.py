"""Files by content and inode, what is missing, what crashed; what became of sidecars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what identity, absence, ownership and quarantine need."""
    op.add_column("files", sa.Column("previous_content_id", sa.Text))
    op.add_column("files", sa.Column("crashes", sa.Integer, nullable=False, server_default="0"))
    op.add_column("files", sa.Column("makers_digest", sa.Text))
    op.add_column("files", sa.Column("missing_since", sa.Float))
    op.add_column("files", sa.Column("was", sa.Text))
    op.create_index("ix_files_content_id", "files", ["content_id"])
    op.create_index("ix_files_device_inode", "files", ["device", "inode"])
    op.add_column("sidecars", sa.Column("fate", sa.Text, nullable=False, server_default="there"))
    op.add_column(
        "sidecars", sa.Column("by_hand", sa.Boolean, nullable=False, server_default=sa.false())
    )


def downgrade() -> None:
    """An older version starts with a ledger of its own."""
    raise NotImplementedError
