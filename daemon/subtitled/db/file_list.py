"""Lists of files: filtered, sorted, and read a page at a time.

A page begins after a position, not at a number of rows. So every page takes equally long, and a
reader who goes on from page to page sees every file once, even while others come and go.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.config.library_settings import ORIGINAL

from .engine import is_sqlite
from .presence import Presence, has_presence
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
    presence: Presence | None = None
    """A subtitle that the file has, wanted or not."""


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


WALKED_ROWS = 2000
"""Files that are looked at in their order, before all files that match are gathered and sorted."""


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
            if sort is FileSort.STATE:
                if _requirement_conditions(wanted):
                    return _gather(c, wanted, sort, after, limit)
                return _page_by_state(c, wanted, after, limit)
            # Few files match, or many do: then a page of them is found soon in their order.
            records = _walk(c, wanted, sort, after, limit)
            return records if len(records) == limit else _gather(c, wanted, sort, after, limit)

    def count(self, wanted: FileFilter) -> int:
        """Return how many files there are."""
        if not _is_possible(wanted):
            return 0
        with self._engine.connect() as c:
            conditions = _conditions(c, replace(wanted, library=None))
            if _requirement_conditions(wanted) and not conditions:
                # From one index alone. It has the library of the file as well.
                numbers = _numbers_with_requirement(c, wanted).distinct().subquery()
                query = sa.select(sa.func.count()).select_from(numbers)
            else:
                query = sa.select(sa.func.count()).select_from(files)
                query = query.where(*_conditions(c, wanted), _with_requirement(c, wanted))
            return int(c.execute(query).scalar_one())


def _walk(
    connection: sa.Connection,
    wanted: FileFilter,
    sort: FileSort,
    after: FilePosition | None,
    limit: int,
) -> list[FileRecord]:
    """Return the files among the next :data:`WALKED_ROWS` in their order."""
    place = sa.select(files.c.id).where(_is_after(sort, after)).order_by(*_order(sort))
    next_rows = place.limit(WALKED_ROWS).subquery()
    query = (
        sa.select(files)
        .join(next_rows, next_rows.c.id == files.c.id)
        .where(*_conditions(connection, wanted), _has_requirement(wanted))
        .order_by(*_order(sort))
    )
    return _fetch(connection, query.limit(limit))


def _gather(
    connection: sa.Connection,
    wanted: FileFilter,
    sort: FileSort,
    after: FilePosition | None,
    limit: int,
) -> list[FileRecord]:
    """Return the files by the indexes of what they have in common, and sort them."""
    by_index = not is_sqlite(connection)
    query = sa.select(files).where(
        *_conditions(connection, wanted),
        _with_requirement(connection, wanted),
        _is_after(sort, after, by_index=by_index),
    )
    return _fetch(connection, query.order_by(*_order(sort, by_index=by_index)).limit(limit))


def _page_by_state(
    connection: sa.Connection, wanted: FileFilter, after: FilePosition | None, limit: int
) -> list[FileRecord]:
    """Read one state after the other, each by path."""
    first = STATE_ORDER.index(after.state) if after is not None else 0
    records: list[FileRecord] = []
    for state in STATE_ORDER[first:]:
        if len(records) >= limit:
            break
        if wanted.states and state not in wanted.states:
            continue
        position = after if after is not None and after.state is state else None
        in_state = replace(wanted, states=(state,))
        records += _gather(connection, in_state, FileSort.PATH, position, limit - len(records))
    return records


def _order(sort: FileSort, *, by_index: bool = True) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the columns by which a list is sorted.

    Args:
        sort: The order.
        by_index: Whether an index on them may be used. SQLite would read a whole index, although
            few files match.
    """
    if sort is FileSort.PATH:
        return (_column(files.c.path, by_index).asc(),)
    if sort is FileSort.CHANGED:
        return _column(files.c.updated_at, by_index).desc(), files.c.id.desc()
    return _state_rank().asc(), _column(files.c.path, by_index).asc()


def _is_after(
    sort: FileSort, after: FilePosition | None, *, by_index: bool = True
) -> sa.ColumnElement[bool]:
    """Return the condition that a file comes after a position."""
    if after is None:
        return sa.true()
    path, updated_at = _column(files.c.path, by_index), _column(files.c.updated_at, by_index)
    if sort is FileSort.PATH:
        return path > os.fsencode(after.path)
    if sort is FileSort.CHANGED:
        return sa.tuple_(updated_at, files.c.id) < sa.tuple_(after.updated_at, after.id)
    rank = STATE_ORDER.index(after.state)
    return sa.tuple_(_state_rank(), path) > sa.tuple_(rank, os.fsencode(after.path))


def _column(column: sa.Column[Any], by_index: bool) -> sa.ColumnElement[Any]:
    """Return a column, in SQLite if need be as an expression that no index has."""
    return column if by_index else sa.literal_column(f"+files.{column.name}", column.type)


def _state_rank() -> sa.ColumnElement[int]:
    ranks = {str(state): rank for rank, state in enumerate(STATE_ORDER)}
    return sa.case(ranks, value=files.c.state)


def _conditions(connection: sa.Connection, wanted: FileFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions about the file itself."""
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.library is not None:
        conditions.append(files.c.library == wanted.library)
    if wanted.states:
        conditions.append(files.c.state.in_(wanted.states))
    if wanted.is_examined is not None:
        is_unknown = files.c.examined_at.is_(None)
        conditions.append(sa.not_(is_unknown) if wanted.is_examined else is_unknown)
    if wanted.presence is not None:
        conditions.append(has_presence(wanted.presence))
    if wanted.search:
        columns = (files.c.path, files.c.title)
        condition = contains_text(columns, wanted.search, for_sqlite=is_sqlite(connection))
        conditions.append(condition)
    return conditions


def _is_possible(wanted: FileFilter) -> bool:
    """Return whether the database can compare with all texts; otherwise nothing is found."""
    presence = wanted.presence
    of_presence = (presence.language, presence.kind) if presence is not None else ()
    texts = (wanted.library, wanted.language, wanted.kind, wanted.status, *of_presence)
    return all(text is None or is_storable(text) for text in texts)


def _has_requirement(wanted: FileFilter) -> sa.ColumnElement[bool]:
    """Return the condition that a file has the requirement, for few files."""
    conditions = _requirement_conditions(wanted)
    if not conditions:
        return sa.true()
    return sa.exists().where(requirements.c.file_id == files.c.id, *conditions)


def _with_requirement(connection: sa.Connection, wanted: FileFilter) -> sa.ColumnElement[bool]:
    """Return the same condition for all files."""
    if not _requirement_conditions(wanted):
        return sa.true()
    return files.c.id.in_(_numbers_with_requirement(connection, wanted))


def _numbers_with_requirement(
    connection: sa.Connection, wanted: FileFilter
) -> sa.Select[tuple[int]]:
    """Return the query of the files with a requirement, by the index that begins with a library."""
    names = [wanted.library] if wanted.library is not None else _libraries(connection)
    return sa.select(requirements.c.file_id).where(
        requirements.c.library.in_(names), *_requirement_conditions(wanted)
    )


def _requirement_conditions(wanted: FileFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.language == ORIGINAL:
        conditions.append(requirements.c.language.is_(None))
    elif wanted.language:
        conditions.append(requirements.c.language == wanted.language)
    if wanted.kind:
        conditions.append(requirements.c.kind == wanted.kind)
    if wanted.status:
        conditions.append(requirements.c.status == wanted.status)
    return conditions


def _libraries(connection: sa.Connection) -> list[str]:
    """Return the names of the libraries with requirements. Each costs one look into the index."""
    names: list[str] = []
    query = sa.select(sa.func.min(requirements.c.library))
    while (name := connection.execute(query).scalar()) is not None:
        names.append(name)
        query = sa.select(sa.func.min(requirements.c.library)).where(requirements.c.library > name)
    return names


def _fetch(connection: sa.Connection, query: sa.Select[Any]) -> list[FileRecord]:
    return [record_from_row(row) for row in connection.execute(query).mappings()]
