"""Reviews: what people do to subtitles, what they say of cues, and how likely cues are wrong."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "reviews",
        sa.Column("id", big, primary_key=True),
        sa.Column("file_id", big, sa.ForeignKey("files.id", ondelete="SET NULL")),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sa.Column("language", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("expected_errors", sa.Float, nullable=False, server_default="0"),
        sa.Column("flagged", big, nullable=False, server_default="0"),
        sa.Column("cue_count", big, nullable=False, server_default="0"),
        sa.Column("version", big, nullable=False, server_default="0"),
        sa.Column("holder", sa.Text),
        sa.Column("held_until", sa.Float),
        sa.Column("approved_by", sa.Text),
        sa.Column("approved_at", sa.Float),
        sa.Column("approved_version", big),
        sa.Column("updated_at", sa.Float, nullable=False),
        sa.Column("format", sa.Text),
        sa.Column("base_sha256", sa.Text),
        sa.Column("published_sha256", sa.Text),
        sa.Column("estimated_sha256", sa.Text),
        sa.Column("base_cues", sa.Text),
        sa.Column("estimate", sa.Text),
    )
    op.create_index("ix_reviews_file", "reviews", ["file_id", "language", "kind"])
    op.create_index("ix_reviews_fingerprint", "reviews", ["fingerprint"])
    op.create_index(
        "ix_reviews_queue", "reviews", ["status", sa.text("expected_errors DESC"), "id"]
    )
    op.create_table(
        "operations",
        _review_id(big),
        sa.Column("version", big, primary_key=True),
        sa.Column("operation_id", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("made_on", big, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reverts", big),
        sa.Column("operation", sa.Text, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.UniqueConstraint("review_id", "operation_id"),
    )
    op.create_table(
        "verdicts",
        _review_id(big),
        sa.Column("cue", sa.Text, primary_key=True),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("category", sa.Text, nullable=False, server_default=""),
        sa.Column("severity", sa.Text, nullable=False, server_default=""),
        sa.Column("note", sa.Text, nullable=False, server_default=""),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def _review_id(big: sa.types.TypeEngine[int]) -> sa.Column[int]:
    owner = sa.ForeignKey("reviews.id", ondelete="CASCADE")
    return sa.Column("review_id", big, owner, primary_key=True)


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
