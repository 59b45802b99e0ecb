"""What each file has and needs, what happened to it, and who asked.

Coverage is not known of the files of an older version. They are examined in the background.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("files", sa.Column("duration", sa.Float))
    op.add_column("files", sa.Column("title", sa.Text, nullable=False, server_default=""))
    op.add_column("files", sa.Column("progress_share", sa.Float))
    op.add_column("files", sa.Column("progress_since", sa.Float))
    op.add_column("files", sa.Column("examined_at", sa.Float))
    op.create_index("ix_files_library_state", "files", ["library", "state", "duration"])
    op.create_index("ix_files_updated_at", "files", ["updated_at", "id"])
    unexamined = sa.text("examined_at IS NULL")
    op.create_index(
        "ix_files_unexamined",
        "files",
        ["id"],
        sqlite_where=unexamined,
        postgresql_where=unexamined,
    )
    op.create_table(
        "coverage",
        _file_id(big),
        sa.Column("language", sa.Text),
        sa.Column("secondary", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("format", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("location", sa.LargeBinary, nullable=False),
        sa.Column("ownership", sa.Text, nullable=False),
        sa.Column("is_text", sa.Boolean, nullable=False),
        sa.Column("problem", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("ix_coverage_file_id", "coverage", ["file_id"])
    op.create_table(
        "requirements",
        _file_id(big),
        sa.Column("library", sa.Text, nullable=False),
        sa.Column("language", sa.Text),
        sa.Column("secondary", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("ix_requirements_file_id", "requirements", ["file_id"])
    op.create_index(
        "ix_requirements_status",
        "requirements",
        ["library", "language", "kind", "status", "file_id"],
    )
    op.create_table(
        "history",
        sa.Column("id", big, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("file_id", big),
        sa.Column("path", sa.LargeBinary),
        sa.Column("library", sa.Text),
        sa.Column("event", sa.Text, nullable=False),
        sa.Column("actor", sa.Text, nullable=False, server_default=""),
        sa.Column("worker", sa.Text, nullable=False, server_default=""),
        sa.Column("job_id", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("details", sa.Text, nullable=False, server_default="{}"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_history_at", "history", ["at"])
    op.create_index("ix_history_file", "history", ["file_id", "id"])
    op.add_column("commands", sa.Column("actor", sa.Text, nullable=False, server_default=""))


def _file_id(big: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column("file_id", big, sa.ForeignKey("files.id", ondelete="CASCADE"), nullable=False)


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
