"""Who signed in and who changed users, keys and sessions: in the log and in the history."""

from __future__ import annotations

import logging

from sqlalchemy.exc import SQLAlchemyError

from subtitled.db.history import HistoryEntry, HistoryEvent, HistoryLog

_log = logging.getLogger(__name__)

COMMAND_LINE = "command line"
"""The actor of what is done by commands."""


class AuditLog:
    """What users did to users. Nothing secret is recorded."""

    def __init__(self, history: HistoryLog | None = None) -> None:
        """Create the audit log; without a history, only lines of the log are written."""
        self._history = history

    def signed_in(self, name: str, address: str) -> None:
        """Record a sign-in."""
        self._record(HistoryEvent.SIGNED_IN, name, "signed in", address)

    def administered(self, actor: str, what: str, address: str = "") -> None:
        """Record a change of a user, a key or a session.

        Args:
            actor: Who made it.
            what: What was changed, for people.
            address: From where.
        """
        self._record(HistoryEvent.ADMINISTERED, actor, what, address)

    def _record(self, event: HistoryEvent, actor: str, what: str, address: str) -> None:
        _log.info("%s: %s%s", actor, what, f", from {address}" if address else "")
        if self._history is None:
            return
        details = {"address": address} if address else {}
        entry = HistoryEntry(event=event, actor=actor, reason=what, details=details)
        try:
            self._history.add(entry)
        except SQLAlchemyError as error:
            # A full disk or a server that is away keeps nobody out.
            _log.warning("the history could not be written: %s", type(error).__name__)
