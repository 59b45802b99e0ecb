"""Lists of files: filtered, sorted, and read a page at a time.

A page begins after a position, not at a number of rows. So every page takes equally long, and a
reader who goes on from page to page sees every file once, even while others come and go.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from subtitled.config.library_settings import ORIGINAL

from .engine import is_sqlite
from .records import FileRecord, FileState, record_from_row
from .schema import files, requirements
from .text_search import contains_text, is_storable


class FileSort(StrEnum):
    """The order of a list of files."""

    PATH = "path"
    CHANGED = "changed"
    """The newest change of their state first. A file that changes meanwhile moves to the front."""
    STATE = "state"
    """What is worked on, then what waits, failed and is done; within a state by path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFilter:
    """Which files are wanted. What is None or empty does not limit."""

    library: str | None = None
    states: tuple[FileState, ...] = ()
    language: str | None = None
    """The language of a requirement; ``original`` for the one spoken while that is unknown."""
    kind: str | None = None
    """The kind of a requirement: ``full``, ``forced``, ``sdh`` or ``summary``."""
    status: str | None = None
    """The status of that requirement: ``met``, ``missing``, ``impossible`` or ``removed``."""
    search: str = ""
    """A part of the path or the title, in upper or lower case."""
    is_examined: bool | None = None
    """Whether it is known what the file has and needs."""


@dataclass(frozen=True, slots=True)
class FilePosition:
    """A place in a list of files: that of one file, whether it still exists or not."""

    path: Path
    state: FileState
    updated_at: float
    id: int


STATE_ORDER = (
    FileState.WORKING,
    FileState.QUEUED,
    FileState.WAITING,
    FileState.STABILISING,
    FileState.GROWING,
    FileState.RETRYING,
    FileState.FAILED,
    FileState.QUARANTINED,
    FileState.IMPOSSIBLE,
    FileState.NO_SPEECH,
    FileState.MISSING,
    FileState.DONE,
    FileState.UP_TO_DATE,
)
"""The states in the order of :attr:`FileSort.STATE`."""


class FileListRepository:
    """The ``files`` table as lists."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def page(
        self,
        wanted: FileFilter,
        sort: FileSort = FileSort.PATH,
        after: FilePosition | None = None,
        limit: int = 50,
    ) -> list[FileRecord]:
        """Return the files after a position.

        Args:
            wanted: Which files.
            sort: Their order.
            after: The position of the last file of the page before; None for the first page.
            limit: How many files at most.
        """
        if not _is_possible(wanted):
            return []
        with self._engine.connect() as c:
            query = sa.select(files).where(*self._conditions(c, wanted))
            if sort is FileSort.STATE:
                return _page_by_state(c, query, wanted.states or STATE_ORDER, after, limit)
            return _fetch(c, _sorted_query(query, sort, after), limit)

    def count(self, wanted: FileFilter) -> int:
        """Return how many files there are."""
        if not _is_possible(wanted):
            return 0
        with self._engine.connect() as c:
            query = sa.select(sa.func.count()).select_from(files)
            return int(c.execute(query.where(*self._conditions(c, wanted))).scalar_one())

    def _conditions(
        self, connection: sa.Connection, wanted: FileFilter
    ) -> list[sa.ColumnElement[bool]]:
        conditions: list[sa.ColumnElement[bool]] = []
        if wanted.library is not None:
            conditions.append(files.c.library == wanted.library)
        if wanted.states:
            conditions.append(files.c.state.in_(wanted.states))
        if wanted.is_examined is not None:
            is_unknown = files.c.examined_at.is_(None)
            conditions.append(sa.not_(is_unknown) if wanted.is_examined else is_unknown)
        if wanted.language or wanted.kind or wanted.status:
            names = [wanted.library] if wanted.library is not None else _libraries(connection)
            conditions.append(files.c.id.in_(_with_requirement(wanted, names)))
        if wanted.search:
            for_sqlite = is_sqlite(self._engine)
            columns = (files.c.path, files.c.title)
            conditions.append(contains_text(columns, wanted.search, for_sqlite=for_sqlite))
        return conditions


def _is_possible(wanted: FileFilter) -> bool:
    """Return whether the database can compare with all texts; otherwise nothing is found."""
    texts = (wanted.library, wanted.language, wanted.kind, wanted.status)
    return all(text is None or is_storable(text) for text in texts)


def _libraries(connection: sa.Connection) -> list[str]:
    """Return the names of the libraries with requirements. Each costs one look into the index."""
    names: list[str] = []
    query = sa.select(sa.func.min(requirements.c.library))
    while (name := connection.execute(query).scalar()) is not None:
        names.append(name)
        query = sa.select(sa.func.min(requirements.c.library)).where(requirements.c.library > name)
    return names


def _with_requirement(wanted: FileFilter, libraries: Sequence[str]) -> sa.Select[tuple[int]]:
    """Select the files with a requirement, by the index that begins with the library."""
    query = sa.select(requirements.c.file_id).where(requirements.c.library.in_(libraries))
    if wanted.language == ORIGINAL:
        query = query.where(requirements.c.language.is_(None))
    elif wanted.language:
        query = query.where(requirements.c.language == wanted.language)
    if wanted.kind:
        query = query.where(requirements.c.kind == wanted.kind)
    if wanted.status:
        query = query.where(requirements.c.status == wanted.status)
    return query


_Query = sa.Select[tuple[object, ...]]


def _sorted_query(query: _Query, sort: FileSort, after: FilePosition | None) -> _Query:
    if sort is FileSort.PATH:
        if after is not None:
            query = query.where(files.c.path > os.fsencode(after.path))
        return query.order_by(files.c.path)
    if after is not None:
        place = sa.tuple_(files.c.updated_at, files.c.id)
        query = query.where(place < sa.tuple_(after.updated_at, after.id))
    return query.order_by(files.c.updated_at.desc(), files.c.id.desc())


def _page_by_state(
    connection: sa.Connection,
    query: _Query,
    states: Sequence[FileState],
    after: FilePosition | None,
    limit: int,
) -> list[FileRecord]:
    """Read one state after the other, each by path."""
    ordered = [state for state in STATE_ORDER if state in states]
    if after is not None:
        first = STATE_ORDER.index(after.state)
        ordered = [state for state in ordered if STATE_ORDER.index(state) >= first]
    records: list[FileRecord] = []
    for state in ordered:
        if len(records) >= limit:
            break
        position = after if after is not None and after.state is state else None
        in_state = query.where(files.c.state == state)
        by_path = _sorted_query(in_state, FileSort.PATH, position)
        records += _fetch(connection, by_path, limit - len(records))
    return records


def _fetch(connection: sa.Connection, query: _Query, limit: int) -> list[FileRecord]:
    return [record_from_row(row) for row in connection.execute(query.limit(limit)).mappings()]
