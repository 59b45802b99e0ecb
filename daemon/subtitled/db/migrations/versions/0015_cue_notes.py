"""Reviews: notes on cues, which people write to each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "cue_notes",
        sa.Column("id", big, primary_key=True),
        sa.Column(
            "review_id", big, sa.ForeignKey("reviews.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("cue", sa.Text, nullable=False),
        sa.Column("answers", big),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("resolved_by", sa.Text),
        sa.Column("resolved_at", sa.Float),
    )
    op.create_index("ix_cue_notes_review_id", "cue_notes", ["review_id"])


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
