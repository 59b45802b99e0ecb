"""Reviews: every approval of one, as who read which version is more than the last of them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "review_approvals",
        sa.Column("id", big, primary_key=True),
        sa.Column(
            "review_id", big, sa.ForeignKey("reviews.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("version", big, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    # Only the last approval is known of a review that an older version approved.
    op.execute(
        "INSERT INTO review_approvals (review_id, version, actor, person, at) "
        "SELECT id, approved_version, approved_by, approved_person, approved_at FROM reviews "
        "WHERE approved_version IS NOT NULL AND approved_by IS NOT NULL "
        "AND approved_person IS NOT NULL AND approved_at IS NOT NULL ORDER BY id"
    )
    op.create_index("ix_review_approvals_review_id", "review_approvals", ["review_id"])


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
