"""Lists of files with what each has and needs, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.database import Database
from subtitled.db.file_list import FileFilter, FileSort
from subtitled.db.overview import CoverageRow, RequirementRow
from subtitled.db.records import FileRecord, FileState

from .cursors import decode_position, encode_position
from .plain import to_plain

__all__ = ["FileFilter", "FilePage", "FileSort", "ListedFile", "count_files", "list_files"]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedFile:
    """One file of a list."""

    record: FileRecord
    coverage: tuple[CoverageRow, ...]
    requirements: tuple[RequirementRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what a list says of the file, as JSON has it."""
        return {
            **describe_record(self.record),
            "coverage": to_plain(self.coverage),
            "requirements": to_plain(self.requirements),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePage:
    """One page of a list of files."""

    files: tuple[ListedFile, ...]
    next_cursor: str | None
    """Where the next page begins; None on the last page."""

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON has it."""
        return {"files": [file.to_dict() for file in self.files], "next": self.next_cursor}


def list_files(
    db: Database,
    wanted: FileFilter,
    sort: FileSort = FileSort.PATH,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> FilePage:
    """Return one page of the files.

    Who goes on by :attr:`FilePage.next_cursor` sees every file that stays once, and none twice,
    while others come and go. In another order than by path, a file that changes meanwhile may move
    to a part of the list that was read before.

    Args:
        db: The database.
        wanted: Which files.
        sort: Their order.
        after: The cursor of the page before; None for the first page.
        limit: How many files at most, up to :data:`MAX_PAGE_SIZE`.

    Raises:
        CursorError: The cursor is none of a list in this order.
    """
    position = decode_position(sort, after) if after is not None else None
    size = min(max(limit, 1), MAX_PAGE_SIZE)
    # One more than the page, to know whether there is another page.
    records = db.file_list.page(wanted, sort, position, size + 1)
    shown = records[:size]
    ids = [record.id for record in shown]
    coverage, requirements = (
        db.overview.coverage_of_all(ids),
        db.overview.requirements_of_all(ids),
    )
    return FilePage(
        files=tuple(
            ListedFile(
                record=record,
                coverage=tuple(coverage.get(record.id, ())),
                requirements=tuple(requirements.get(record.id, ())),
            )
            for record in shown
        ),
        next_cursor=encode_position(sort, shown[-1]) if len(records) > size else None,
    )


def count_files(db: Database, wanted: FileFilter, first_page: FilePage | None) -> int:
    """Return how many files a list has.

    Args:
        db: The database.
        wanted: Which files.
        first_page: The first page, if it was read. If it is the only one, its files are counted,
            and the database does not search all files once more.
    """
    if first_page is not None and first_page.next_cursor is None:
        return len(first_page.files)
    return db.file_list.count(wanted)


def describe_record(record: FileRecord) -> dict[str, Any]:
    """Return what is known of a file without looking at it, as JSON has it."""
    return {
        "id": record.id,
        "path": to_plain(record.path),
        "library": record.library,
        "title": record.title,
        "state": str(record.state),
        "reason": record.reason,
        "hint": record.hint,
        "progress": record.progress if record.state is FileState.WORKING else "",
        "progress_share": record.progress_share,
        "spoken_language": record.spoken_language,
        "duration": record.duration,
        "attempts": record.attempts,
        "priority": record.priority,
        "job": record.job_id,
        "worker": record.worker if record.state is FileState.WORKING else None,
        "next_check_at": record.next_check_at,
        "missing_since": record.missing_since,
        "updated_at": record.updated_at,
        "examined_at": record.examined_at,
    }
