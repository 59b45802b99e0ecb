"""Whose the subtitles are that media files have: counts of a library, and conditions for lists.

A requirement says what is wanted. This is about what is there, wanted or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from .overview import SOURCE_CORRECTED
from .records import FileState
from .schema import coverage, files

UNKNOWN_LANGUAGE = "und"
"""The language of a subtitle whose language is unknown, as BCP 47."""


class SubtitleOrigin(StrEnum):
    """Whose a subtitle is."""

    OURS = "ours"
    """We wrote it; edited by a person, or for an older version of the media, too."""
    APPROVED = "approved"
    """We wrote it, and a person approved it."""
    OTHERS = "others"
    """Somebody else wrote the sidecar."""
    EMBEDDED = "embedded"
    """It is a track of the media file."""


@dataclass(frozen=True, slots=True)
class Presence:
    """A subtitle that a file has."""

    language: str
    """BCP 47; :data:`UNKNOWN_LANGUAGE` if it is unknown."""
    kind: str
    origin: SubtitleOrigin


@dataclass(frozen=True, slots=True)
class PresenceCount:
    """How many files of a library have such a subtitle."""

    presence: Presence
    files: int


_LANGUAGE: sa.ColumnElement[str] = sa.func.coalesce(
    coverage.c.language, sa.literal_column(f"'{UNKNOWN_LANGUAGE}'")
)
_ORIGIN: sa.ColumnElement[str] = sa.case(
    (coverage.c.origin == "embedded", sa.literal_column("'embedded'")),
    (coverage.c.ownership == "human", sa.literal_column("'others'")),
    (coverage.c.ownership == "approved", sa.literal_column("'approved'")),
    else_=sa.literal_column("'ours'"),
)
_COUNTS: tuple[sa.ColumnElement[bool], ...] = (
    coverage.c.problem.in_(("", SOURCE_CORRECTED)),
    coverage.c.origin != "removed-by-user",
)
"""The conditions that a subtitle counts and is there."""


def has_presence(wanted: Presence) -> sa.ColumnElement[bool]:
    """Return the condition that a file is there and has such a subtitle."""
    row = (
        sa.select(coverage.c.file_id)
        .where(
            coverage.c.file_id == files.c.id,
            _LANGUAGE == wanted.language,  # noqa: SIM300 - a column of the database
            coverage.c.kind == wanted.kind,
            _ORIGIN == wanted.origin.value,  # noqa: SIM300
            *_COUNTS,
        )
        .exists()
    )
    return sa.and_(row, files.c.state != FileState.MISSING)


class PresenceRepository:
    """The ``coverage`` table by whose the subtitles are."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def count(self, library: str) -> list[PresenceCount]:
        """Count the files of a library by language, kind and origin, without missing files.

        A file that has several counts once in each. This reads all that is known of the library:
        a second for half a million subtitles.
        """
        key = (_LANGUAGE, coverage.c.kind, _ORIGIN)
        query = (
            sa.select(*key, sa.func.count(coverage.c.file_id.distinct()))
            .join(files, files.c.id == coverage.c.file_id)
            .where(files.c.library == library, files.c.state != FileState.MISSING, *_COUNTS)
            .group_by(*key)
            .order_by(*key)
        )
        with self._engine.connect() as c:
            return [
                PresenceCount(Presence(row[0], row[1], SubtitleOrigin(row[2])), int(row[3]))
                for row in c.execute(query)
            ]
