"""Judgements of texts by their content, and the hashes of the contents of files.

Both are caches: what is missing is read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "text_judgements",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("judgement", sa.Text, nullable=False),
    )
    op.create_table(
        "content_hashes",
        sa.Column("path", sa.LargeBinary, primary_key=True),
        sa.Column("inode", big, nullable=False),
        sa.Column("size", big, nullable=False),
        sa.Column("mtime_ns", big, nullable=False),
        sa.Column("ctime_ns", big, nullable=False),
        sa.Column("sha256", sa.Text, nullable=False),
    )


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
