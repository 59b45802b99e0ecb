"""The media servers and notifiers: what went wrong with each, and what servers were told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from subtitled.db.database import Database
from subtitled.db.kv import NOTIFIER_ERROR_KEY, SERVER_ERROR_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerStatus:
    """One media server."""

    name: str
    error: str | None
    """Its last error; None if it took the last update."""
    media_by_state: dict[str, int]
    """The number of media files by the state of their delivery."""

    def to_dict(self) -> dict[str, Any]:
        """Return the server as JSON has it, without its name."""
        return {"error": self.error, "media_by_state": self.media_by_state}


def list_servers(db: Database, configured: Iterable[str] = ()) -> list[ServerStatus]:
    """Return the media servers, sorted by name.

    Args:
        db: The database.
        configured: Names of servers to list although they had no delivery and no error yet.
    """
    errors = {
        key.removeprefix(SERVER_ERROR_KEY): error
        for key, error in db.kv.get_prefix(SERVER_ERROR_KEY).items()
    }
    counts = db.deliveries.count_by_server()
    return [
        ServerStatus(
            name=name,
            error=errors.get(name),
            media_by_state={str(state): number for state, number in counts.get(name, {}).items()},
        )
        for name in sorted({*counts, *errors, *configured})
    ]


def find_notifier_errors(db: Database) -> dict[str, str]:
    """Return the last error of each notifier that cannot deliver, by its name."""
    return {
        key.removeprefix(NOTIFIER_ERROR_KEY): error
        for key, error in sorted(db.kv.get_prefix(NOTIFIER_ERROR_KEY).items())
    }
