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

    There are few different descriptions, so the table is updated by description.
    """
    sidecars = sa.table("sidecars", *map(sa.column, ("variant", "engine", "translator")))
    connection = op.get_bind()
    for (variant,) in connection.execute(sa.select(sidecars.c.variant).distinct()).all():
        recognised, translated = _RECOGNISED.search(variant), _TRANSLATED.search(variant)
        if recognised is None and translated is None:
            continue
        connection.execute(
            sidecars.update()
            .where(sidecars.c.variant == variant)
            .values(
                engine=recognised[1].strip() if recognised else "",
                translator=translated[1].strip() if translated else "",
            )
        )


def downgrade() -> None:
    """An older version refuses a newer database."""
    raise NotImplementedError
