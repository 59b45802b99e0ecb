"""When each file was added to its library, by which files wait for their turn."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_NEW = 50
"""The priority of files that arrived after the first scan."""
_HOUR = 3600


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("files", sa.Column("added_at", big, nullable=False, server_default="0"))
    files = sa.table(
        "files",
        sa.column("priority", big),
        sa.column("mtime_ns", big),
        sa.column("stable_since", sa.Float),
        sa.column("added_at", big),
    )
    noticed = sa.cast(files.c.stable_since, big)
    written = files.c.mtime_ns // 1_000_000_000
    is_noticed = sa.or_(files.c.priority <= _NEW, written > noticed)
    added = sa.case((is_noticed, noticed), (written < 0, 0), else_=written)
    op.execute(files.update().values(added_at=added // _HOUR * _HOUR))
    op.drop_index("ix_files_urgent", "files")
    turn: list[str | sa.TextClause] = ["library", "priority", sa.text("added_at DESC"), "id"]
    for name, condition in (
        ("ix_files_turn", sa.text("next_check_at IS NOT NULL")),
        ("ix_files_queued", sa.text("state = 'queued'")),
    ):
        op.create_index(name, "files", turn, sqlite_where=condition, postgresql_where=condition)


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
