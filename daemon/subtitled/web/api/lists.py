"""Pages of lists, for callers who see all libraries and for those who see some."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from subtitled.daemon.answers.cursors import CursorError, encode_number, encode_position
from subtitled.daemon.answers.file_list import (
    MAX_PAGE_SIZE,
    FilePage,
    ListedFile,
    describe_record,
    list_files,
)
from subtitled.daemon.answers.history import HistoryPage, list_history
from subtitled.db.database import Database
from subtitled.db.file_list import STATE_ORDER, FileFilter, FileSort
from subtitled.db.history import HistoryFilter
from subtitled.db.records import FileRecord

from .callers import Caller
from .problems import ApiError

_SORT_KEYS: dict[FileSort, Callable[[FileRecord], Any]] = {
    FileSort.PATH: lambda record: os.fsencode(record.path),
    FileSort.CHANGED: lambda record: (-record.updated_at, -record.id),
    FileSort.STATE: lambda record: (STATE_ORDER.index(record.state), os.fsencode(record.path)),
}
"""The orders of the database, to merge the lists of several libraries."""


def wrong_cursor(error: CursorError) -> ApiError:
    """Return the error for a cursor that is none of a list."""
    return ApiError(400, "wrong-cursor", error.message, error.hint)


def page_of_files(
    db: Database, caller: Caller, wanted: FileFilter, sort: FileSort, after: str | None, limit: int
) -> FilePage:
    """Return one page of the files that a caller may see.

    Raises:
        ApiError: The cursor is none of this list.
    """
    try:
        pages = [
            list_files(db, replace(wanted, library=library), sort, after, limit)
            for library in caller.choose(wanted.library)
        ]
    except CursorError as error:
        raise wrong_cursor(error) from None
    if len(pages) == 1:
        return pages[0]
    listed = [file for page in pages for file in page.files]
    listed.sort(key=lambda file: _SORT_KEYS[sort](file.record))
    shown = listed[:limit]
    has_more = len(listed) > limit or any(page.next_cursor for page in pages)
    next_cursor = encode_position(sort, shown[-1].record) if shown and has_more else None
    return FilePage(files=tuple(shown), next_cursor=next_cursor)


def count_files(db: Database, caller: Caller, wanted: FileFilter) -> int:
    """Count the files of a list that a caller may see."""
    return sum(
        db.file_list.count(replace(wanted, library=library))
        for library in caller.choose(wanted.library)
    )


def iter_all(db: Database, caller: Caller, wanted: FileFilter) -> Iterator[FileRecord]:
    """Yield all files of a list that a caller may see."""
    after: str | None = None
    while True:
        page = page_of_files(db, caller, wanted, FileSort.PATH, after, MAX_PAGE_SIZE)
        yield from (file.record for file in page.files)
        after = page.next_cursor
        if after is None:
            return


def page_of_history(
    db: Database, caller: Caller, wanted: HistoryFilter, after: str | None, limit: int
) -> HistoryPage:
    """Return one page of the entries that a caller may see, the newest first.

    Raises:
        ApiError: The cursor is none of a history.
    """
    visible = caller.visible_events()
    events = [event for event in visible if not wanted.events or event in wanted.events]
    if not events:
        return HistoryPage(entries=(), next_cursor=None)
    try:
        pages = [
            list_history(db, replace(wanted, library=library, events=events), after, limit)
            for library in caller.choose(wanted.library)
        ]
    except CursorError as error:
        raise wrong_cursor(error) from None
    entries = sorted(
        (entry for page in pages for entry in page.entries), key=lambda one: one.id, reverse=True
    )
    shown = tuple(entries[:limit])
    has_more = len(entries) > limit or any(page.next_cursor for page in pages)
    next_cursor = encode_number(shown[-1].id) if shown and has_more else None
    return HistoryPage(entries=shown, next_cursor=next_cursor)


def describe_file(record: FileRecord) -> dict[str, Any]:
    """Return a file as the API has it."""
    described = describe_record(record)
    raw = os.fsencode(record.path)
    try:
        raw.decode()
    except UnicodeDecodeError:
        described["path_raw"] = base64.urlsafe_b64encode(raw).decode()
    return described


def describe_listed(file: ListedFile) -> dict[str, Any]:
    """Return a file of a list, with what it has and needs."""
    return file.to_dict() | describe_file(file.record)
