"""What happened: the history a page at a time, the newest first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent, HistoryFilter

from .cursors import decode_number, encode_number
from .plain import to_plain

__all__ = ["HistoryEvent", "HistoryFilter", "HistoryPage", "list_history"]

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """One page of the history."""

    entries: tuple[HistoryEntry, ...]
    next_cursor: str | None
    """Where the next page, with earlier entries, begins; None on the last page."""

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON has it."""
        return {"entries": to_plain(self.entries), "next": self.next_cursor}


def list_history(
    db: Database,
    wanted: HistoryFilter | None = None,
    after: str | None = None,
    limit: int = PAGE_SIZE,
) -> HistoryPage:
    """Return one page of the history.

    Args:
        db: The database.
        wanted: Which entries; by default all.
        after: The cursor of the page before; None for the newest entries.
        limit: How many entries at most, up to :data:`MAX_PAGE_SIZE`.

    Raises:
        CursorError: The cursor is none of a history.
    """
    before = decode_number(after) if after is not None else None
    size = min(max(limit, 1), MAX_PAGE_SIZE)
    entries = db.history.newest(size + 1, wanted, before)
    shown = tuple(entries[:size])
    next_cursor = encode_number(shown[-1].id) if len(entries) > size else None
    return HistoryPage(entries=shown, next_cursor=next_cursor)
