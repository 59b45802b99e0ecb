"""What finished jobs took, and the year of each film.

Lengths that no file has are forgotten. The year of known files is the one in their title.
"""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_YEAR = re.compile(r" \((\d{4})\)$")
_BATCH = 1000


def upgrade() -> None:
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "job_runs",
        sa.Column("id", big, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("library", sa.Text, nullable=False),
        sa.Column("engine", sa.Text, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("sound_seconds", sa.Float, nullable=False),
        sa.Column("speech_seconds", sa.Float, nullable=False),
        sa.Column("engine_seconds", sa.Float, nullable=False),
        sa.Column("work_seconds", sa.Float, nullable=False),
        sa.Column("worker", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.add_column("files", sa.Column("year", big))
    files = sa.table(
        "files",
        sa.column("id", big),
        sa.column("title", sa.Text),
        sa.column("year", big),
        sa.column("duration", sa.Float),
        sa.column("size", big),
    )
    connection = op.get_bind()
    is_false = sa.or_(
        files.c.duration <= 0,
        files.c.duration > 2 * 86400.0,
        files.c.duration * 20.0 > files.c.size,
    )
    connection.execute(files.update().where(is_false).values(duration=None))
    titles = sa.select(files.c.id, files.c.title).where(files.c.title.like("%)"))
    years = [
        {"number": number, "found": int(match[1])}
        for number, title in connection.execute(titles).all()
        if (match := _YEAR.search(title))
    ]
    with_year = (
        files.update()
        .where(files.c.id == sa.bindparam("number"))
        .values(year=sa.bindparam("found"))
    )
    for begin in range(0, len(years), _BATCH):
        connection.execute(with_year, years[begin : begin + _BATCH])


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
