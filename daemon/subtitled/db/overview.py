"""What each media file has and needs, as it was when the file was last examined.

The decision about a file is written in the transaction of the file's state. So a list, a count
and the state of a file never disagree.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .engine import is_sqlite
from .records import FileRecord, FileState, record_from_row
from .schema import coverage, files, requirements
from .unchanged import UntilChange

SOURCE_CORRECTED = "its source was corrected"
"""The problem of a translation that counts: a person corrected the text it was made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageRow:
    """One subtitle or summary that a media file has."""

    language: str | None
    """Its language as BCP 47; None if it is unknown."""
    kind: str
    """``full``, ``forced``, ``sdh`` or ``summary``."""
    format: str
    origin: str
    """``sidecar``, ``embedded`` or ``removed-by-user``."""
    location: str
    """The name of the sidecar, or the index of the track."""
    ownership: str
    """``human``, ``ours``, ``edited``, ``approved`` or ``outdated``."""
    is_text: bool = True
    secondary: str | None = None
    """The second language of a bilingual subtitle."""
    problem: str = ""
    """Why it does not count, or :data:`SOURCE_CORRECTED`; else empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementRow:
    """One subtitle or summary that the library wants of a media file."""

    language: str | None
    """None for the spoken language while that is unknown."""
    kind: str
    status: str
    """``met``, ``missing``, ``impossible`` or ``removed``."""
    reason: str
    secondary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOverview:
    """What is known of a media file after it was examined."""

    duration: float | None
    """Its length in seconds, if it is known."""
    title: str
    """The title of the film or episode; empty if it is unknown."""
    coverage: tuple[CoverageRow, ...]
    requirements: tuple[RequirementRow, ...]
    year: int | None = None
    """The year of release, if it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementCount:
    """How many files of a library have one requirement with one status."""

    library: str
    language: str | None
    kind: str
    status: str
    files: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateCount:
    """How many files of a library are in a state, and their known duration."""

    library: str
    state: FileState
    files: int
    seconds: float
    """The sum of their durations, as far as those are known."""
    with_duration: int
    """Of how many of them the duration is known."""


class OverviewRepository:
    """The ``coverage`` and ``requirements`` tables."""

    def __init__(self, engine: sa.Engine, version: Callable[[], str]) -> None:
        """Create the repository.

        Args:
            engine: The database.
            version: Returns a text that changes with every write to it.
        """
        self._engine = engine
        self._requirement_counts = UntilChange(version, self._count_requirements)
        self._state_counts = UntilChange(version, self._count_states)
        self._unexamined_counts = UntilChange(version, self._count_unexamined)

    def store(self, file_id: int, library: str, overview: FileOverview) -> bool:
        """Store what a file has and needs, and leave its state as it is.

        Returns:
            False if the file is no longer in the database.
        """
        with self._engine.begin() as c:
            return write_overview(c, file_id, library, overview)

    def forget(self, file_id: int) -> None:
        """Forget what a file has and needs: it changed, and is examined again at the next rest."""
        with self._engine.begin() as c:
            forget_overview(c, file_id)

    def coverage_of(self, file_id: int) -> list[CoverageRow]:
        """Return what a file has."""
        return self.coverage_of_all([file_id]).get(file_id, [])

    def coverage_of_all(self, file_ids: Sequence[int]) -> dict[int, list[CoverageRow]]:
        """Return what each of some files has, at most a few hundred."""
        query = sa.select(coverage).where(coverage.c.file_id.in_(file_ids))
        found: dict[int, list[CoverageRow]] = {}
        with self._engine.connect() as c:
            for row in c.execute(query).mappings():
                found.setdefault(row["file_id"], []).append(_coverage_row(row))
        for rows in found.values():
            rows.sort(key=lambda row: (row.language or "", row.kind, row.location))
        return found

    def requirements_of(self, file_id: int) -> list[RequirementRow]:
        """Return what is wanted of a file."""
        return self.requirements_of_all([file_id]).get(file_id, [])

    def requirements_of_all(self, file_ids: Sequence[int]) -> dict[int, list[RequirementRow]]:
        """Return what is wanted of each of some files, at most a few hundred."""
        query = sa.select(requirements).where(requirements.c.file_id.in_(file_ids))
        found: dict[int, list[RequirementRow]] = {}
        with self._engine.connect() as c:
            for row in c.execute(query).mappings():
                found.setdefault(row["file_id"], []).append(_requirement_row(row))
        return found

    def count_requirements(self) -> list[RequirementCount]:
        """Count the files by library, language, kind and status of their requirements."""
        return list(self._requirement_counts.get())

    def _count_requirements(self) -> list[RequirementCount]:
        key = (
            requirements.c.library,
            requirements.c.language,
            requirements.c.kind,
            requirements.c.status,
        )
        count = sa.func.count().label("files")
        query = sa.select(*key, count).group_by(*key).order_by(*key)
        with self._engine.connect() as c:
            return [RequirementCount(**row) for row in c.execute(query).mappings()]

    def count_states(self) -> list[StateCount]:
        """Count the files of each library by their state."""
        return list(self._state_counts.get())

    def _count_states(self) -> list[StateCount]:
        query = (
            sa.select(
                files.c.library,
                files.c.state,
                sa.func.count(),
                sa.func.coalesce(sa.func.sum(files.c.duration), 0.0),
                sa.func.count(files.c.duration),
            )
            .group_by(files.c.library, files.c.state)
            .order_by(files.c.library, files.c.state)
        )
        with self._engine.connect() as c:
            return [
                StateCount(
                    library=library,
                    state=FileState(state),
                    files=number,
                    seconds=float(seconds),
                    with_duration=known,
                )
                for library, state, number, seconds, known in c.execute(query)
            ]

    def count_unexamined_by_library(self) -> dict[str, int]:
        """Count the files of each library that have not been examined yet, without missing ones."""
        return dict(self._unexamined_counts.get())

    def _count_unexamined(self) -> dict[str, int]:
        # In SQLite as an expression, which no index has: it would read every file of the database
        # by the index of the libraries.
        library: sa.ColumnElement[str] = files.c.library
        if is_sqlite(self._engine):
            library = sa.literal_column("+files.library", sa.Text())
        query = (
            sa.select(library, sa.func.count())
            .where(files.c.examined_at.is_(None), files.c.state != FileState.MISSING)
            .group_by(library)
        )
        with self._engine.connect() as c:
            return {library: int(number) for library, number in c.execute(query)}

    def corrected_translations(self, file_ids: Sequence[int]) -> set[tuple[int, str, str]]:
        """Return the translations of some files whose source was corrected.

        Each is told by file, language and kind.
        """
        query = sa.select(coverage.c.file_id, coverage.c.language, coverage.c.kind).where(
            coverage.c.file_id.in_(file_ids), coverage.c.problem == SOURCE_CORRECTED
        )
        with self._engine.connect() as c:
            return {(row.file_id, row.language, row.kind) for row in c.execute(query)}

    def unexamined(
        self, library: str, states: Sequence[FileState], limit: int
    ) -> Iterator[FileRecord]:
        """Yield files of a library in some states that have not been examined yet."""
        query = (
            sa.select(files)
            .where(
                files.c.examined_at.is_(None),
                files.c.library == library,
                files.c.state.in_(states),
            )
            .order_by(files.c.id)
            .limit(limit)
        )
        with self._engine.connect() as c:
            rows = c.execute(query).mappings().all()
        yield from map(record_from_row, rows)


def write_overview(
    connection: sa.Connection, file_id: int, library: str, overview: FileOverview
) -> bool:
    """Replace what is stored of a file, within the caller's transaction.

    Returns:
        False if the file is no longer in the database.
    """
    found = connection.execute(
        files.update()
        .where(files.c.id == file_id)
        .values(
            duration=overview.duration,
            title=overview.title,
            year=overview.year,
            examined_at=time.time(),
        )
    )
    if not found.rowcount:
        return False
    _delete_rows(connection, file_id)
    if overview.coverage:
        connection.execute(
            coverage.insert(), [_coverage_values(file_id, row) for row in overview.coverage]
        )
    if overview.requirements:
        connection.execute(
            requirements.insert(),
            [_requirement_values(file_id, library, row) for row in overview.requirements],
        )
    return True


def forget_overview(connection: sa.Connection, file_id: int) -> None:
    """Forget what a file has and needs, within the caller's transaction.

    A file that is gone is not counted. When it returns it is examined again.
    """
    connection.execute(files.update().where(files.c.id == file_id).values(examined_at=None))
    _delete_rows(connection, file_id)


def _delete_rows(connection: sa.Connection, file_id: int) -> None:
    for table in (coverage, requirements):
        connection.execute(table.delete().where(table.c.file_id == file_id))


def _coverage_values(file_id: int, row: CoverageRow) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "language": row.language,
        "secondary": row.secondary,
        "kind": row.kind,
        "format": row.format,
        "origin": row.origin,
        "location": os.fsencode(row.location),
        "ownership": row.ownership,
        "is_text": row.is_text,
        "problem": row.problem,
    }


def _coverage_row(row: Any) -> CoverageRow:
    return CoverageRow(
        language=row["language"],
        secondary=row["secondary"],
        kind=row["kind"],
        format=row["format"],
        origin=row["origin"],
        location=os.fsdecode(row["location"]),
        ownership=row["ownership"],
        is_text=row["is_text"],
        problem=row["problem"],
    )


def _requirement_values(file_id: int, library: str, row: RequirementRow) -> dict[str, Any]:
    return {
        "file_id": file_id,
        "library": library,
        "language": row.language,
        "secondary": row.secondary,
        "kind": row.kind,
        "status": row.status,
        "reason": row.reason,
    }


def _requirement_row(row: Any) -> RequirementRow:
    return RequirementRow(
        language=row["language"],
        secondary=row["secondary"],
        kind=row["kind"],
        status=row["status"],
        reason=row["reason"],
    )
