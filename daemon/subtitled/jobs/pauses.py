"""Pauses that a person asked for: of everything or of one library, for good or for a while.

They are controls in the ledger, so a restart keeps them.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from subtitled.library.mailbox import Mailbox

PAUSED = "paused"
"""The control in the ledger that halts all work at the next stretch."""
PAUSED_LIBRARY = "paused library "
"""The same for one library, before its name."""
_BY_HAND = "by hand"
_UNTIL = "until "


@dataclass(frozen=True, slots=True)
class Pause:
    """One pause: of a library, or of everything (``""``); until when, or until it is ended."""

    library: str
    until: float | None = None


def pause(mailbox: Mailbox, library: str = "", until: float | None = None) -> None:
    """Halt the work, until a time (seconds since 1970) if one is given."""
    mailbox.control(_key(library), _BY_HAND if until is None else f"{_UNTIL}{until:.0f}")


def resume(mailbox: Mailbox, library: str = "") -> None:
    """End the pause of a library, or the one of everything."""
    mailbox.control(_key(library), None)


def pauses(mailbox: Mailbox, now: float) -> list[Pause]:
    """The pauses in force, that of everything first. One whose time is over is none."""
    found = []
    for key, value in sorted(mailbox.controls(PAUSED).items()):
        until = float(value.removeprefix(_UNTIL)) if value.startswith(_UNTIL) else None
        if until is None or until > now:
            found.append(Pause(key.removeprefix(PAUSED_LIBRARY) if key != PAUSED else "", until))
    return found


def end_with(library: str) -> str:
    """The command that ends the pause of a library, or the one of everything."""
    return "subtitled queue resume" + (f" --library {shlex.quote(library)}" if library else "")


def _key(library: str) -> str:
    return f"{PAUSED_LIBRARY}{library}" if library else PAUSED
