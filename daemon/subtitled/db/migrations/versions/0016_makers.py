"""Sidecars: what made each, whether it is to be made again, and which version it replaced."""

from __future__ import annotations

import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_RECOGNISED = re.compile(r"^(?:transcribed|translated from the audio) by ([^,;]+)")
_TRANSLATED = re.compile(r"(?:^|, )translated by ([^,;]+?)(?: from [^;]*)?(?=$|[,;])")
_BATCH = 1000
_NEW_COLUMNS = (
    "engine",
    "model",
    "engine_version",
    "translator",
    "translator_model",
    "translator_version",
    "upgrade_refused",
    "upgrade_note",
    "replaced",
)


def upgrade() -> None:
    for name in _NEW_COLUMNS:
        op.add_column("sidecars", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("sidecars", sa.Column("upgrade_job", sa.Text))
    is_asked_for = sa.text("upgrade_job IS NOT NULL")
    op.create_index(
        "ix_sidecars_upgrade",
        "sidecars",
        ["media"],
        sqlite_where=is_asked_for,
        postgresql_where=is_asked_for,
    )
    _fill_names()


def _fill_names() -> None:
    """Take the names of engine and translator from the description. Models are not known.

    A description may have the name of a file, so there may be as many as there are sidecars.
    """
    big = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    sidecars = sa.table(
        "sidecars",
        sa.column("id", big),
        *(sa.column(name, sa.Text) for name in ("variant", "engine", "translator")),
    )
    connection = op.get_bind()
    names = []
    for number, variant in connection.execute(sa.select(sidecars.c.id, sidecars.c.variant)).all():
        recognised, translated = _RECOGNISED.search(variant), _TRANSLATED.search(variant)
        if recognised is not None or translated is not None:
            names.append(
                {
                    "number": number,
                    "by_engine": recognised[1].strip() if recognised else "",
                    "by_translator": translated[1].strip() if translated else "",
                }
            )
    with_names = (
        sidecars.update()
        .where(sidecars.c.id == sa.bindparam("number"))
        .values(engine=sa.bindparam("by_engine"), translator=sa.bindparam("by_translator"))
    )
    for begin in range(0, len(names), _BATCH):
        connection.execute(with_names, names[begin : begin + _BATCH])


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
