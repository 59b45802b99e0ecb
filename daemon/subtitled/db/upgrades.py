"""Sidecars that are to be made again by something else: asked for, and taken back or done with.

A request stands in the row of its sidecar, so that it is made once, however often it is asked for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.subtitles.makers import Makers

from .engine import write_transaction
from .records import ACTIVE_STATES, AFFECTED_BY_SIDECARS, BACKFILL, UPGRADE, FileState
from .review_schema import reviews
from .schema import files, sidecars
from .sidecar_records import SidecarRecord, SidecarStatus, sidecar_from_row
from .upgrade_groups import (
    IS_REQUESTED,
    UpgradeGroup,
    UpgradeGroups,
    UpgradeProgress,
    UpgradeTotal,
    belongs_to,
    select_ours,
)

__all__ = [
    "UpgradeGroup",
    "UpgradeProgress",
    "UpgradeRepository",
    "UpgradeTotal",
    "settle_upgrades",
]

_STOPPED = (*ACTIVE_STATES, FileState.WAITING, FileState.RETRYING, FileState.STABILISING)
"""States in which a file has, or soon gets, a job that may be for its upgrade."""


class UpgradeRepository(UpgradeGroups):
    """The ``sidecars`` table, by what made them and by what is to be made again."""

    def pending(self, libraries: Collection[str]) -> UpgradeTotal:
        """Return how many media files have a subtitle that is to be made again."""
        chosen = sa.select(sidecars.c.media).where(IS_REQUESTED)
        query = sa.select(sa.func.count(), sa.func.sum(files.c.duration)).where(
            files.c.path.in_(chosen), files.c.library.in_(libraries)
        )
        with self._engine.connect() as c:
            number, seconds = c.execute(query).one()
            return UpgradeTotal(int(number), float(seconds or 0.0))

    def progress(self, libraries: Collection[str]) -> UpgradeProgress:
        """Return how many media files were made again, wait for it, or were kept as they were."""
        is_again = sa.and_(sidecars.c.replaced != "", ~IS_REQUESTED)
        is_kept = sa.and_(sidecars.c.upgrade_note != "", ~IS_REQUESTED)
        query = (
            sa.select(_count_files(IS_REQUESTED), _count_files(is_again), _count_files(is_kept))
            .select_from(sidecars.join(files, files.c.path == sidecars.c.media))
            .where(
                files.c.library.in_(libraries),
                sidecars.c.status == SidecarStatus.PRESENT,
                sa.or_(IS_REQUESTED, is_again, is_kept),
            )
        )
        with self._engine.connect() as c:
            waiting, again, kept = c.execute(query).one()
            return UpgradeProgress(waiting=int(waiting), again=int(again), kept=int(kept))

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
        chosen = select_ours(sidecars.c.id).where(belongs_to(groups)).correlate(None)
        with write_transaction(self._engine) as c:
            c.execute(
                sidecars.update()
                .where(sidecars.c.id.in_(chosen), ~IS_REQUESTED)
                .values(upgrade_job=job)
            )
            _requeue(c, files.c.path.in_(sa.select(sidecars.c.media).where(IS_REQUESTED)))

    def requeue_forgotten(self) -> int:
        """Examine files whose request nothing would look at, such as those that were missing.

        Returns:
            How many there are.
        """
        with write_transaction(self._engine) as c:
            return _requeue(c, files.c.path.in_(sa.select(sidecars.c.media).where(IS_REQUESTED)))

    def withdraw(self, libraries: Collection[str]) -> UpgradeTotal:
        """Take back every request of some libraries, and end the jobs that are for them.

        What else such a file needs is found out when it is examined again.

        Returns:
            How many media files had one.
        """
        total = self.pending(libraries)
        in_libraries = sa.select(files.c.path).where(files.c.library.in_(libraries))
        requested = sa.select(sidecars.c.media).where(IS_REQUESTED)
        # What a person asked for besides, or what is new, stays as urgent as it was.
        priority = sa.case((files.c.priority > BACKFILL, BACKFILL), else_=files.c.priority)
        with write_transaction(self._engine) as c:
            c.execute(
                files.update()
                .where(
                    files.c.library.in_(libraries),
                    files.c.path.in_(requested),
                    files.c.state.in_(_STOPPED),
                )
                .values(**_due_values(), job_id=None, priority=priority, progress="")
            )
            c.execute(
                sidecars.update()
                .where(IS_REQUESTED, sidecars.c.media.in_(in_libraries))
                .values(upgrade_job=None)
            )
        return total

    def withdraw_file(self, media: Path) -> bool:
        """Take back the requests for one media file, and return whether there were any."""
        with self._engine.begin() as c:
            is_of_file = sidecars.c.media == os.fsencode(media)
            statement = sidecars.update().where(is_of_file, IS_REQUESTED)
            return c.execute(statement.values(upgrade_job=None)).rowcount > 0

    def requested(self, media: Path) -> list[SidecarRecord]:
        """Return the sidecars of a media file that are to be made again."""
        query = sa.select(sidecars).where(sidecars.c.media == os.fsencode(media), IS_REQUESTED)
        with self._engine.connect() as c:
            rows = c.execute(query.order_by(sidecars.c.path)).mappings()
            return [sidecar_from_row(row) for row in rows]

    def forget_previous(self, path: Path) -> None:
        """Forget the version before a sidecar, which is not kept any more."""
        with self._engine.begin() as c:
            is_this_path = sidecars.c.path == os.fsencode(path)
            c.execute(sidecars.update().where(is_this_path).values(replaced=""))

    def estimated_errors(self, record: SidecarRecord) -> float | None:
        """Return how many lines of a sidecar were estimated to be wrong; None if unknown."""
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


def _count_files(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(sa.distinct(sa.case((condition, files.c.id))))


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
    is_of_file = sa.and_(sidecars.c.media == os.fsencode(media), IS_REQUESTED)
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
