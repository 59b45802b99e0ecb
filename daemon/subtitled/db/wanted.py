"""What is still to be made, counted by library, language and year. No file is read for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from .records import FileState
from .schema import files, requirements

_MISSING = "missing"
"""The status of a requirement that a subtitle is to be made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCount:
    """How many files of a library lack one subtitle or summary, by their year."""

    library: str
    language: str | None
    """None for the one spoken while that is unknown."""
    secondary: str | None
    kind: str
    year: int | None
    files: int
    with_duration: int
    """Of how many of them the length is known."""
    seconds: float
    """The length of those."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedCount:
    """How many files of a library there are, and what is known of them."""

    library: str
    files: int
    examined: int
    """Of how many it is known what they have and need."""
    lacking: int
    """How many of those lack something."""
    with_duration: int
    """Of how many of the latter the length is known."""
    seconds: float
    """The length of those."""


class WantedRepository:
    """The ``requirements`` that are missing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def count(self, folders: Sequence[Path] = ()) -> list[WantedCount]:
        """Count what is missing by library, language, kind and year.

        Args:
            folders: Only files there; by default all.
        """
        key = (
            files.c.library,
            requirements.c.language,
            requirements.c.secondary,
            requirements.c.kind,
            files.c.year,
        )
        query = (
            sa.select(
                *key,
                sa.func.count(),
                sa.func.count(files.c.duration),
                sa.func.coalesce(sa.func.sum(files.c.duration), 0.0),
            )
            .join(files, files.c.id == requirements.c.file_id)
            .where(requirements.c.status == _MISSING, *_conditions(folders))
            .group_by(*key)
        )
        with self._engine.connect() as c:
            counts = [
                WantedCount(
                    library=row[0],
                    language=row[1],
                    secondary=row[2],
                    kind=row[3],
                    year=row[4],
                    files=row[5],
                    with_duration=row[6],
                    seconds=float(row[7]),
                )
                for row in c.execute(query)
            ]
        return sorted(
            counts,
            key=lambda one: (
                one.library,
                one.kind,
                one.language or "",
                one.secondary or "",
                -(one.year or 0),
            ),
        )

    def count_files(self, folders: Sequence[Path] = ()) -> list[ExaminedCount]:
        """Count the files of each library, and those that lack anything once each.

        Args:
            folders: Only files there; by default all.
        """
        lacks = (
            sa.exists()
            .where(requirements.c.file_id == files.c.id, requirements.c.status == _MISSING)
            .label("lacks")
        )
        each = (
            sa.select(files.c.library, files.c.examined_at, files.c.duration, lacks)
            .where(*_conditions(folders))
            .subquery()
        )
        is_lacking = sa.case((each.c.lacks, 1))
        duration = sa.case((each.c.lacks, each.c.duration))
        query = (
            sa.select(
                each.c.library,
                sa.func.count(),
                sa.func.count(each.c.examined_at),
                sa.func.count(is_lacking),
                sa.func.count(duration),
                sa.func.coalesce(sa.func.sum(duration), 0.0),
            )
            .group_by(each.c.library)
            .order_by(each.c.library)
        )
        with self._engine.connect() as c:
            return [
                ExaminedCount(
                    library=row[0],
                    files=row[1],
                    examined=row[2],
                    lacking=row[3],
                    with_duration=row[4],
                    seconds=float(row[5]),
                )
                for row in c.execute(query)
            ]


def _conditions(folders: Sequence[Path]) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [files.c.state != FileState.MISSING]
    if folders:
        conditions.append(sa.or_(*map(is_inside, folders)))
    return conditions


def is_inside(path: Path) -> sa.ColumnElement[bool]:
    """Return the condition that a file is the one of a path, or in the folder of that path."""
    own = os.fsencode(path)
    top = own if own.endswith(b"/") else own + b"/"
    after = top[:-1] + b"0"  # the byte after a slash
    return sa.or_(files.c.path == own, sa.and_(files.c.path >= top, files.c.path < after))
