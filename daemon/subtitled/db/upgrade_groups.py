"""Which subtitles of ours may be made again, by what made them: groups of a library, and totals.

They are ours as far as the database knows. Whether a person edited one since is found out when its
media file is examined.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.makers import Makers

from .records import FileState
from .review_records import ReviewStatus
from .review_schema import reviews
from .schema import coverage, files, sidecars
from .sidecar_records import (
    MAKER_COLUMNS,
    SidecarStatus,
    makers_from_row,
    makers_to_columns,
)

IS_REQUESTED = sidecars.c.upgrade_job.is_not(None)
"""A sidecar is to be made again."""
_LEFT_ALONE = (FileState.MISSING, FileState.FAILED, FileState.QUARANTINED)
"""States of files of which nothing is made again: they wait for a person, or are not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeGroup:
    """Subtitles of a library that may be made again, alike in all that decides by what."""

    library: str
    spoken: str | None
    """The language spoken, as BCP 47."""
    language: str
    """The language of the subtitles."""
    makers: Makers
    refused: str = ""
    """What was tried and made nothing better."""
    is_requested: bool = False
    """Whether they are to be made again already."""
    files: int = 0
    seconds: float = 0.0
    """The length of their media files, as far as it is known."""


@dataclass(frozen=True, slots=True)
class UpgradeTotal:
    """How many media files there are, and their length."""

    files: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeProgress:
    """How many media files have a subtitle that was asked to be made again, by outcome."""

    waiting: int = 0
    again: int = 0
    """Those that were made again, and whose version before is kept."""
    kept: int = 0
    """Those that stayed as they were, because nothing better was made or it was taken back."""


class UpgradeGroups:
    """The ``sidecars`` table, by what made them."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def groups(self, libraries: Collection[str]) -> list[UpgradeGroup]:
        """Return our subtitles in some libraries that nobody edited or approved, in groups."""
        one = _one_row_per_file(libraries).subquery()
        keys = [column for column in one.c if column.name not in ("id", "duration")]
        query = (
            sa.select(
                *keys, sa.func.count().label("files"), sa.func.sum(one.c.duration).label("seconds")
            )
            .group_by(*keys)
            .order_by(*keys)
        )
        with self._engine.connect() as c:
            return [
                UpgradeGroup(
                    library=row["library"],
                    spoken=row["spoken_language"],
                    language=row["language"],
                    makers=makers_from_row(row),
                    refused=row["upgrade_refused"],
                    is_requested=bool(row["is_requested"]),
                    files=row["files"],
                    seconds=float(row["seconds"] or 0.0),
                )
                for row in c.execute(query).mappings()
            ]

    def total(self, groups: Sequence[UpgradeGroup]) -> UpgradeTotal:
        """Return how many media files some groups have together. Each counts once."""
        if not groups:
            return UpgradeTotal()
        chosen = select_ours(files.c.id).where(belongs_to(groups))
        query = sa.select(sa.func.count(), sa.func.sum(files.c.duration)).where(
            files.c.id.in_(chosen)
        )
        with self._engine.connect() as c:
            number, seconds = c.execute(query).one()
            return UpgradeTotal(int(number), float(seconds or 0.0))


_IS_CHANGED = (
    sa.select(coverage.c.file_id)
    .where(
        coverage.c.file_id == files.c.id,
        coverage.c.origin == "sidecar",
        coverage.c.ownership.in_(("edited", "approved", "human")),
        coverage.c.location
        == sa.func.substr(
            sidecars.c.path,
            sa.func.length(sidecars.c.path) - sa.func.length(coverage.c.location) + 1,
        ),
    )
    .correlate(files, sidecars)
    .exists()
)
"""A person edited or approved the sidecar, or put another file in its place."""
_IS_REVIEWED = (
    sa.select(reviews.c.id)
    .where(
        reviews.c.file_id == files.c.id,
        reviews.c.language == sidecars.c.language,
        reviews.c.kind == sidecars.c.kind,
        sa.or_(reviews.c.status == ReviewStatus.APPROVED, reviews.c.version > 0),
    )
    .correlate(files, sidecars)
    .exists()
)
"""A person approved the subtitle, or has begun to edit it."""


def select_ours(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Return a query of sidecars of ours and their files that nobody edited or approved."""
    return (
        sa.select(*columns)
        .select_from(sidecars.join(files, files.c.path == sidecars.c.media))
        .where(
            files.c.fingerprint == sidecars.c.fingerprint,
            files.c.state.not_in(_LEFT_ALONE),
            sidecars.c.status == SidecarStatus.PRESENT,
            sa.or_(sidecars.c.engine != "", sidecars.c.translator != ""),
            ~_IS_CHANGED,
            ~_IS_REVIEWED,
        )
    )


def _one_row_per_file(libraries: Collection[str]) -> sa.Select[Any]:
    """Return the query of what media files have, each once for all formats of a subtitle."""
    return (
        select_ours(
            files.c.id,
            files.c.duration,
            files.c.library,
            files.c.spoken_language,
            sidecars.c.language,
            *MAKER_COLUMNS,
            sidecars.c.upgrade_refused,
            IS_REQUESTED.label("is_requested"),
        )
        .where(files.c.library.in_(libraries))
        .distinct()
    )


def belongs_to(groups: Sequence[UpgradeGroup]) -> sa.ColumnElement[bool]:
    """Return the condition that a sidecar and its file are in one of some groups."""
    conditions = [
        sa.and_(
            files.c.library == group.library,
            files.c.spoken_language.is_not_distinct_from(group.spoken),
            sidecars.c.language == group.language,
            sidecars.c.upgrade_refused == group.refused,
            IS_REQUESTED if group.is_requested else ~IS_REQUESTED,
            *(sidecars.c[name] == value for name, value in makers_to_columns(group.makers).items()),
        )
        for group in groups
    ]
    return sa.or_(*conditions)
