"""Sidecars that are to be made again by something else: counted, asked for and settled.

A request stands in the row of its sidecar, so that it is made once, however often it is asked for.
It is about subtitles that are ours as far as the database knows. Whether a person edited one since
is found out when its media file is examined.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.makers import Makers

from .engine import write_transaction
from .records import ACTIVE_STATES, AFFECTED_BY_SIDECARS, BACKFILL, UPGRADE, FileState
from .review_records import ReviewStatus
from .review_schema import reviews
from .schema import coverage, files, sidecars
from .sidecar_records import (
    MAKER_COLUMNS,
    SidecarRecord,
    SidecarStatus,
    makers_from_row,
    makers_to_columns,
    sidecar_from_row,
)

_IS_REQUESTED = sidecars.c.upgrade_job.is_not(None)
_LEFT_ALONE = (FileState.MISSING, FileState.FAILED, FileState.QUARANTINED)
"""States of files of which nothing is made again: they wait for a person, or are not there."""
_STOPPED = (*ACTIVE_STATES, FileState.WAITING, FileState.RETRYING, FileState.STABILISING)
"""States in which a file has, or soon gets, a job that may be for its upgrade."""


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


class UpgradeRepository:
    """The ``sidecars`` table, by what made them and by what is to be made again."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def groups(self, libraries: Collection[str]) -> list[UpgradeGroup]:
        """Return our subtitles in some libraries that nobody edited or approved, in groups."""
        one = _one_row_per_file(libraries).subquery()
        keys = [column for column in one.c if column.name not in ("id", "duration")]
        query = (
            sa.select(*keys, sa.func.count().label("files"), sa.func.sum(one.c.duration))
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
                    seconds=float(row["sum_1"] or 0.0),
                )
                for row in c.execute(query).mappings()
            ]

    def total(self, groups: Sequence[UpgradeGroup]) -> UpgradeTotal:
        """Return how many media files some groups have together. Each counts once."""
        if not groups:
            return UpgradeTotal()
        chosen = sa.select(files.c.id).join(sidecars, _IS_OF_FILE).where(_belongs_to(groups))
        query = sa.select(sa.func.count(), sa.func.sum(files.c.duration)).where(
            files.c.id.in_(chosen)
        )
        with self._engine.connect() as c:
            number, seconds = c.execute(query).one()
            return UpgradeTotal(int(number), float(seconds or 0.0))

    def pending(self, libraries: Collection[str]) -> UpgradeTotal:
        """Return how many media files have a subtitle that is to be made again."""
        chosen = sa.select(sidecars.c.media).where(_IS_REQUESTED)
        query = sa.select(sa.func.count(), sa.func.sum(files.c.duration)).where(
            files.c.path.in_(chosen), files.c.library.in_(libraries)
        )
        with self._engine.connect() as c:
            number, seconds = c.execute(query).one()
            return UpgradeTotal(int(number), float(seconds or 0.0))

    def request(self, groups: Sequence[UpgradeGroup]) -> None:
        """Ask for the subtitles of some groups to be made again, with the lowest priority.

        A file that has a job is examined again after it, because that job may have decided before
        what it makes.
        """
        if not groups:
            return
        job = (
            sa.select(
                sa.case(
                    (files.c.state.in_(ACTIVE_STATES), sa.func.coalesce(files.c.job_id, "")),
                    else_="",
                )
            )
            .where(files.c.path == sidecars.c.media)
            .scalar_subquery()
        )
        chosen = sa.select(sidecars.c.id).join(files, _IS_OF_FILE).where(_belongs_to(groups))
        with write_transaction(self._engine) as c:
            c.execute(
                sidecars.update()
                .where(sidecars.c.id.in_(chosen), ~_IS_REQUESTED)
                .values(upgrade_job=job)
            )
            _requeue(c, files.c.path.in_(sa.select(sidecars.c.media).where(_IS_REQUESTED)))

    def requeue_forgotten(self) -> int:
        """Examine files whose request nothing would look at, such as those that were missing.

        Returns:
            How many there are.
        """
        with write_transaction(self._engine) as c:
            return _requeue(c, files.c.path.in_(sa.select(sidecars.c.media).where(_IS_REQUESTED)))

    def withdraw(self, libraries: Collection[str]) -> UpgradeTotal:
        """Take back every request of some libraries, and end the jobs that are for them.

        What else such a file needs is found out when it is examined again.

        Returns:
            How many media files had one.
        """
        total = self.pending(libraries)
        in_libraries = sa.select(files.c.path).where(files.c.library.in_(libraries))
        requested = sa.select(sidecars.c.media).where(_IS_REQUESTED)
        with write_transaction(self._engine) as c:
            c.execute(
                files.update()
                .where(
                    files.c.library.in_(libraries),
                    files.c.path.in_(requested),
                    files.c.state.in_(_STOPPED),
                )
                .values(**_due_values(), job_id=None, priority=BACKFILL, progress="")
            )
            c.execute(
                sidecars.update()
                .where(_IS_REQUESTED, sidecars.c.media.in_(in_libraries))
                .values(upgrade_job=None)
            )
        return total

    def withdraw_file(self, media: Path) -> bool:
        """Take back the requests for one media file, and return whether there were any."""
        with self._engine.begin() as c:
            is_of_file = sidecars.c.media == os.fsencode(media)
            statement = sidecars.update().where(is_of_file, _IS_REQUESTED)
            return c.execute(statement.values(upgrade_job=None)).rowcount > 0

    def requested(self, media: Path) -> list[SidecarRecord]:
        """Return the sidecars of a media file that are to be made again."""
        query = sa.select(sidecars).where(sidecars.c.media == os.fsencode(media), _IS_REQUESTED)
        with self._engine.connect() as c:
            rows = c.execute(query.order_by(sidecars.c.path)).mappings()
            return [sidecar_from_row(row) for row in rows]

    def forget_previous(self, path: Path) -> None:
        """Forget the version before a sidecar, which is not kept any more."""
        with self._engine.begin() as c:
            is_this_path = sidecars.c.path == os.fsencode(path)
            c.execute(sidecars.update().where(is_this_path).values(replaced=""))

    def estimated_errors(self, record: SidecarRecord) -> float | None:
        """Return how many lines of a sidecar were estimated to be wrong; None if that is unknown."""
        query = (
            sa.select(reviews.c.expected_errors)
            .join(files, files.c.id == reviews.c.file_id)
            .where(
                files.c.path == os.fsencode(record.media),
                reviews.c.language == str(record.language),
                reviews.c.kind == str(record.kind),
                reviews.c.estimated_sha256 == record.sha256,
            )
            .limit(1)
        )
        with self._engine.connect() as c:
            errors: float | None = c.execute(query).scalar()
            return errors

    def record_kept(self, paths: Sequence[Path], makers: Makers, reason: str) -> None:
        """Record that sidecars stay as they are, because what others made is no better.

        Args:
            paths: The sidecars.
            makers: What was tried. It is not tried again.
            reason: Why they stay.
        """
        with self._engine.begin() as c:
            c.execute(
                sidecars.update()
                .where(sidecars.c.path.in_([os.fsencode(path) for path in paths]))
                .values(upgrade_job=None, upgrade_refused=str(makers), upgrade_note=reason)
            )


def settle_upgrades(
    connection: sa.Connection,
    media: Path,
    seen: Collection[Path] | None = None,
    job_id: str = "",
) -> None:
    """Forget the requests that a decision or a job has seen, in the transaction of its result.

    The file is examined again if there are others, which were made meanwhile.

    Args:
        connection: The transaction.
        media: The media file.
        seen: The sidecars whose requests a decision has seen; None after a job.
        job_id: The job that ended. It has seen what was asked for before it began.
    """
    is_of_file = sa.and_(sidecars.c.media == os.fsencode(media), _IS_REQUESTED)
    if connection.execute(sa.select(sidecars.c.id).where(is_of_file).limit(1)).first() is None:
        return
    is_seen = (
        sidecars.c.upgrade_job != job_id
        if seen is None
        else sidecars.c.path.in_([os.fsencode(path) for path in seen])
    )
    connection.execute(sidecars.update().where(is_of_file, is_seen).values(upgrade_job=None))
    if connection.execute(sidecars.update().where(is_of_file).values(upgrade_job="")).rowcount:
        _requeue(connection, files.c.path == os.fsencode(media))


_IS_OF_FILE = sa.and_(
    files.c.path == sidecars.c.media,
    files.c.fingerprint == sidecars.c.fingerprint,
    files.c.state.not_in(_LEFT_ALONE),
    sidecars.c.status == SidecarStatus.PRESENT,
    sa.or_(sidecars.c.engine != "", sidecars.c.translator != ""),
    ~sa.exists().where(
        coverage.c.file_id == files.c.id,
        coverage.c.origin == "sidecar",
        coverage.c.ownership.in_(("edited", "approved", "human")),
        coverage.c.location
        == sa.func.substr(
            sidecars.c.path,
            sa.func.length(sidecars.c.path) - sa.func.length(coverage.c.location) + 1,
        ),
    ),
    ~sa.exists().where(
        reviews.c.file_id == files.c.id,
        reviews.c.language == sidecars.c.language,
        reviews.c.kind == sidecars.c.kind,
        sa.or_(reviews.c.status == ReviewStatus.APPROVED, reviews.c.version > 0),
    ),
)
"""A sidecar is ours, of this version of the media file, and nobody edited or approved it."""


def _one_row_per_file(libraries: Collection[str]) -> sa.Select[Any]:
    """Return the query of what media files have, each once for all formats of a subtitle."""
    return (
        sa.select(
            files.c.id,
            files.c.duration,
            files.c.library,
            files.c.spoken_language,
            sidecars.c.language,
            *MAKER_COLUMNS,
            sidecars.c.upgrade_refused,
            _IS_REQUESTED.label("is_requested"),
        )
        .join(sidecars, _IS_OF_FILE)
        .where(files.c.library.in_(libraries))
        .distinct()
    )


def _belongs_to(groups: Sequence[UpgradeGroup]) -> sa.ColumnElement[bool]:
    """Return the condition that a sidecar and its file are in one of some groups."""
    conditions = [
        sa.and_(
            files.c.library == group.library,
            files.c.spoken_language.is_not_distinct_from(group.spoken),
            sidecars.c.language == group.language,
            sidecars.c.upgrade_refused == group.refused,
            *(sidecars.c[name] == value for name, value in makers_to_columns(group.makers).items()),
        )
        for group in groups
    ]
    return sa.or_(*conditions)


def _requeue(connection: sa.Connection, condition: sa.ColumnElement[bool]) -> int:
    """Have files evaluated again that are done, after all others."""
    return connection.execute(
        files.update()
        .where(condition, files.c.state.in_(AFFECTED_BY_SIDECARS))
        .values(**_due_values(), priority=UPGRADE)
    ).rowcount


def _due_values() -> dict[str, Any]:
    now = time.time()
    return {"state": FileState.STABILISING, "next_check_at": now, "updated_at": now}
