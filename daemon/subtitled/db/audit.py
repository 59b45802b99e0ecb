"""Queries for the audit: what the tables say of one media file, and of the files of a project."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from subtitled.plugin.paths import display_path

from .egress_log import EgressState
from .history import HistoryEntry, HistoryEvent, entry_from_row
from .review_schema import operations, review_approvals, reviews
from .schema import egress_log, files, history

PROJECT_EVENTS = (HistoryEvent.PUBLISHED, HistoryEvent.DELIVERED)
"""Events whose details name the project."""
FOREVER = 1e12
"""Seconds since 1970 that are later than everything, and that every database can compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EditSummary:
    """What one person changed in one subtitle of a file."""

    language: str
    kind: str
    actor: str
    count: int
    first_at: float
    last_at: float
    last_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewApproval:
    """One approval of one subtitle of a file."""

    language: str
    kind: str
    actor: str
    at: float
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressSummary:
    """What of a file was sent to one destination, with one outcome."""

    component: str
    destination: str
    kind: str
    state: EgressState
    requests: int
    amount: float
    """Seconds of audio, or characters of text."""
    price: float | None
    currency: str
    first_at: float
    last_at: float


def describe_delivery(target: Path) -> str:
    """Return how the history tells that a media file was delivered to a place."""
    return f"moved to {display_path(target)}"


class AuditRepository:
    """Reads what happened to media files from the tables in which it stands."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def history_of(self, media: Sequence[Path]) -> Mapping[Path, list[HistoryEntry]]:
        """Return the history of media files under their paths, the oldest first.

        The whole table is read, however many they are.
        """
        # Not by their ids: that of a file that is gone is given to the next one.
        paths = list(map(os.fsencode, media))
        query = sa.select(history).where(history.c.path.in_(paths)).order_by(history.c.id)
        found = defaultdict[Path, list[HistoryEntry]](list)
        with self._engine.connect() as c:
            for row in c.execute(query).mappings():
                found[Path(os.fsdecode(row["path"]))].append(entry_from_row(row))
        return found

    def find_delivered(self, target: Path) -> Path | None:
        """Return where a media file was before it was delivered to a place, the last time.

        The whole history is read.
        """
        query = (
            sa.select(history.c.path)
            .where(
                history.c.event == HistoryEvent.DELIVERED,
                history.c.reason == describe_delivery(target),
            )
            .order_by(history.c.id.desc())
            .limit(1)
        )
        with self._engine.connect() as c:
            path = c.execute(query).scalar()
        return None if path is None else Path(os.fsdecode(path))

    def edits_of(
        self, media: Path, since: float = 0.0, until: float = FOREVER
    ) -> list[EditSummary]:
        """Return who changed the subtitles of a media file in reviews in a time, and how often."""
        query = (
            sa.select(
                reviews.c.language,
                reviews.c.kind,
                operations.c.actor,
                sa.func.count().label("count"),
                sa.func.min(operations.c.at).label("first_at"),
                sa.func.max(operations.c.at).label("last_at"),
                sa.func.max(operations.c.version).label("last_version"),
            )
            .select_from(operations.join(reviews).join(files))
            .where(
                files.c.path == os.fsencode(media),
                operations.c.at >= since,
                operations.c.at < until,
            )
            .group_by(reviews.c.id, reviews.c.language, reviews.c.kind, operations.c.actor)
        )
        with self._engine.connect() as c:
            return [EditSummary(**row) for row in c.execute(query).mappings()]

    def approvals_of(self, media: Path) -> list[ReviewApproval]:
        """Return who approved the subtitles of a media file, and which version."""
        query = (
            sa.select(
                reviews.c.language,
                reviews.c.kind,
                review_approvals.c.actor,
                review_approvals.c.at,
                review_approvals.c.version,
            )
            .select_from(review_approvals.join(reviews).join(files))
            .where(files.c.path == os.fsencode(media))
        )
        with self._engine.connect() as c:
            return [ReviewApproval(**row) for row in c.execute(query).mappings()]

    def egress_of(
        self, media: Sequence[Path], since: float = 0.0, until: float = FOREVER
    ) -> Mapping[Path, list[EgressSummary]]:
        """Return what of media files left this machine in a time, by destination and outcome.

        The whole table is read, however many they are.
        """
        grouped = [
            egress_log.c[name] for name in ("component", "destination", "kind", "state", "currency")
        ]
        query = (
            sa.select(
                egress_log.c.path,
                *grouped,
                sa.func.count().label("requests"),
                sa.func.sum(egress_log.c.amount).label("amount"),
                sa.func.sum(egress_log.c.price).label("price"),
                sa.func.min(egress_log.c.at).label("first_at"),
                sa.func.max(egress_log.c.at).label("last_at"),
            )
            .where(
                egress_log.c.path.in_(list(map(os.fsencode, media))),
                egress_log.c.at >= since,
                egress_log.c.at < until,
            )
            .group_by(egress_log.c.path, *grouped)
        )
        found = defaultdict[Path, list[EgressSummary]](list)
        with self._engine.connect() as c:
            for row in c.execute(query).mappings():
                values = {key: value for key, value in row.items() if key != "path"}
                summary = EgressSummary(**{**values, "state": EgressState(row["state"])})
                found[Path(os.fsdecode(row["path"]))].append(summary)
        return found

    def files_of_libraries(self, libraries: list[str]) -> Iterator[Path]:
        """Yield the media files of libraries, by path."""
        query = sa.select(files.c.path).where(files.c.library.in_(libraries)).order_by(files.c.path)
        with self._engine.connect().execution_options(yield_per=500) as c:
            for path in c.execute(query).scalars():
                yield Path(os.fsdecode(path))

    def files_of_project(self, project: str) -> list[Path]:
        """Return the media files for which something was made or delivered under a project."""
        query = sa.select(history.c.path, history.c.details).where(
            history.c.event.in_(PROJECT_EVENTS),
            history.c.path.is_not(None),
            history.c.details.contains('"project"', autoescape=True),
        )
        with self._engine.connect() as c:
            return sorted(
                {
                    Path(os.fsdecode(row.path))
                    for row in c.execute(query)
                    if json.loads(row.details).get("project") == project
                }
            )
