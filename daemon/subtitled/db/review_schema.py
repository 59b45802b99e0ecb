"""The tables of reviews: edits, verdicts, approvals, notes, and passages for other engines.

The definitions hold for SQLite and for PostgreSQL.
"""

from __future__ import annotations

import sqlalchemy as sa

from .schema import Integer64, metadata

reviews = sa.Table(
    "reviews",
    metadata,
    sa.Column("id", Integer64, primary_key=True),
    sa.Column("file_id", Integer64, sa.ForeignKey("files.id", ondelete="SET NULL")),
    sa.Column("fingerprint", sa.Text, nullable=False, index=True),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("expected_errors", sa.Float, nullable=False, server_default="0"),
    sa.Column("flagged", Integer64, nullable=False, server_default="0"),
    sa.Column("cue_count", Integer64, nullable=False, server_default="0"),
    sa.Column("version", Integer64, nullable=False, server_default="0"),
    sa.Column("holder", sa.Text),
    sa.Column("held_until", sa.Float),
    sa.Column("approved_by", sa.Text),
    sa.Column("approved_at", sa.Float),
    sa.Column("approved_version", Integer64),
    sa.Column("updated_at", sa.Float, nullable=False),
    sa.Column("format", sa.Text),
    sa.Column("base_sha256", sa.Text),
    sa.Column("published_sha256", sa.Text),
    sa.Column("estimated_sha256", sa.Text),
    sa.Column("base_cues", sa.Text),
    sa.Column("estimate", sa.Text),
    sa.Column("holder_person", sa.Text),
    sa.Column("approved_person", sa.Text),
    sa.Index("ix_reviews_file", "file_id", "language", "kind"),
)
"""The subtitles that people review. A review outlives the record of its file, which may come back.

``base_cues`` is version 0, which is stored with the first edit. Lists read neither it nor what is
behind it, because such texts are long. Persons are those of :class:`.actors.Actor`.
"""
sa.Index("ix_reviews_queue", reviews.c.status, reviews.c.expected_errors.desc(), reviews.c.id)
"""The order of the review queue. Sorting half a million reviews would take too long."""


def _review_id() -> sa.Column[int]:
    """Return a column of a table whose rows are deleted with their review."""
    owner = sa.ForeignKey("reviews.id", ondelete="CASCADE")
    return sa.Column("review_id", Integer64, owner, primary_key=True)


operations = sa.Table(
    "operations",
    metadata,
    _review_id(),
    sa.Column("version", Integer64, primary_key=True),
    sa.Column("operation_id", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("made_on", Integer64, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reverts", Integer64),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False, server_default=""),
    sa.UniqueConstraint("review_id", "operation_id"),
)
"""What people did to the cues. Each operation makes one version of its review."""

verdicts = sa.Table(
    "verdicts",
    metadata,
    _review_id(),
    sa.Column("cue", sa.Text, primary_key=True),
    sa.Column("verdict", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False, server_default=""),
    sa.Column("severity", sa.Text, nullable=False, server_default=""),
    sa.Column("note", sa.Text, nullable=False, server_default=""),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""What a person says of a cue: right or wrong, and why."""


def _of_review() -> tuple[sa.Column[int], sa.Column[int]]:
    """Return the first columns of a table that has many rows for one review."""
    owner = sa.ForeignKey("reviews.id", ondelete="CASCADE")
    return (
        sa.Column("id", Integer64, primary_key=True),
        sa.Column("review_id", Integer64, owner, nullable=False, index=True),
    )


review_approvals = sa.Table(
    "review_approvals",
    metadata,
    *_of_review(),
    sa.Column("version", Integer64, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
)
"""Every approval of a review: who has read which version. ``reviews`` has the last one."""

passages = sa.Table(
    "passages",
    metadata,
    *_of_review(),
    sa.Column("start", sa.Float, nullable=False),
    sa.Column("end", sa.Float, nullable=False),
    sa.Column("engine", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, index=True),
    sa.Column("variant", sa.Text, nullable=False, server_default=""),
    sa.Column("words", sa.Text),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("hint", sa.Text, nullable=False, server_default=""),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("ended_at", sa.Float),
)
"""Passages that a person has another engine transcribe, and the words that it understood."""

cue_notes = sa.Table(
    "cue_notes",
    metadata,
    *_of_review(),
    sa.Column("cue", sa.Text, nullable=False),
    sa.Column("answers", Integer64),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    sa.Column("at", sa.Float, nullable=False),
    sa.Column("resolved_by", sa.Text),
    sa.Column("resolved_at", sa.Float),
)
"""What people write to each other about a cue. ``answers`` is the first note of a thread."""
