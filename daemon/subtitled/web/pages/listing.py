"""Lists of files as the address asks for them: filters, order and a place to go on from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request

from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.file_list import (
    MAX_PAGE_SIZE,
    FileFilter,
    FilePage,
    FileSort,
    list_files,
)
from subtitled.db.database import Database
from subtitled.db.presence import Presence, SubtitleOrigin
from subtitled.db.records import FileRecord, FileState

from ..i18n import mark_text as _
from ..refusals import RefusedError
from .labels import KINDS, STATUSES
from .services import SiteServices, choose_library

MAX_BULK_FILES = 10_000
"""How many files one action may be about."""
NO_SUCH_PLACE = _("this is no place in this list. Begin with the first page")
UNEXAMINED = "unknown"
"""The status in addresses of files that have not been looked at yet."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuery:
    """Which files are asked for, and in which order."""

    wanted: FileFilter
    sort: FileSort
    after: str | None = None
    """The cursor of the page before."""

    def to_fields(self) -> dict[str, str]:
        """Return the fields of an address or a form that ask for the same, from the first page."""
        wanted = self.wanted
        status = UNEXAMINED if wanted.is_examined is False else wanted.status or ""
        return {
            "search": wanted.search,
            "library": wanted.library or "",
            "state": wanted.states[0] if len(wanted.states) == 1 else "",
            "language": wanted.language or "",
            "kind": wanted.kind or "",
            "status": status,
            "has": wanted.presence.language if wanted.presence is not None else "",
            "has_kind": wanted.presence.kind if wanted.presence is not None else "",
            "origin": wanted.presence.origin if wanted.presence is not None else "",
            "sort": self.sort if self.sort is not FileSort.PATH else "",
        }


def read_query(
    services: SiteServices,
    request: Request,
    fields: Mapping[str, str],
    states: tuple[FileState, ...] = (),
) -> FileQuery:
    """Read which files an address or a form asks for. What is not understood does not limit.

    Args:
        services: What the pages use.
        request: The request; its user sees certain libraries only.
        fields: The fields.
        states: The states of this list, if the fields name none.
    """
    state = _choose(FileState, fields.get("state", ""))
    status = fields.get("status", "")
    default = FileSort.STATE if states else FileSort.PATH
    if status == UNEXAMINED:  # files that are gone are not looked at
        states = tuple(one for one in states or FileState if one is not FileState.MISSING)
    wanted = FileFilter(
        library=choose_library(services, request, fields.get("library", "")),
        states=(state,) if state is not None else states,
        language=fields.get("language", "").strip() or None,
        kind=kind if (kind := fields.get("kind", "")) in KINDS else None,
        status=status if status in STATUSES else None,
        search=fields.get("search", "").strip(),
        is_examined=False if status == UNEXAMINED else None,
        presence=_read_presence(fields),
    )
    return FileQuery(
        wanted=wanted,
        sort=_choose(FileSort, fields.get("sort", "")) or default,
        after=fields.get("after") or None,
    )


def read_page(db: Database, query: FileQuery) -> FilePage:
    """Read one page of a list.

    Raises:
        RefusedError: The place to go on from is none of this list.
    """
    try:
        return list_files(db, query.wanted, query.sort, query.after)
    except CursorError:
        raise RefusedError(400, NO_SUCH_PLACE) from None


def iter_files(db: Database, query: FileQuery) -> Iterator[FileRecord]:
    """Yield all files of a list by their path, at most :data:`MAX_BULK_FILES`."""
    after, left = None, MAX_BULK_FILES
    while left > 0:
        page = list_files(db, query.wanted, FileSort.PATH, after, min(left, MAX_PAGE_SIZE))
        yield from (listed.record for listed in page.files)
        after, left = page.next_cursor, left - len(page.files)
        if after is None:
            return


def _read_presence(fields: Mapping[str, str]) -> Presence | None:
    """Return the subtitle that the files have, if the fields name one with whose it is."""
    origin, language = _choose(SubtitleOrigin, fields.get("origin", "")), fields.get("has", "")
    kind = fields.get("has_kind", "")
    if origin is None or not language or kind not in KINDS:
        return None
    return Presence(language, kind, origin)


def _choose(values: type[T], text: str) -> T | None:
    try:
        return values(text)  # type: ignore[call-arg]
    except ValueError:
        return None
