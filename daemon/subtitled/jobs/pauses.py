"""Pauses of a library, or of all work. They are in the database, so a restart keeps them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from subtitled.db.kv import PAUSED_KEY, PAUSED_LIBRARY_KEY, KeyValueStore

_BY_HAND = "by hand"
_UNTIL = "until "


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause of one library, or of everything (``""``), until a time or until it is resumed."""

    library: str
    until: float | None = None


def pause(kv: KeyValueStore, library: str = "", until: float | None = None) -> None:
    """Pause a library, or everything (``""``).

    Args:
        kv: The store of control values.
        library: The name of a library, or "".
        until: Seconds since 1970 at which the pause ends by itself; None: it does not.
    """
    kv.set(_pause_key(library), _BY_HAND if until is None else f"{_UNTIL}{until!r}")


def resume(kv: KeyValueStore, library: str = "") -> None:
    """End the pause of a library, or that of everything (``""``)."""
    kv.set(_pause_key(library), None)


def active_pauses(kv: KeyValueStore, now: float) -> list[Pause]:
    """Return the pauses in force, that of everything first. Expired ones are left out."""
    active = []
    for key, value in sorted(kv.watch_prefix(PAUSED_KEY).items()):
        until = float(value.removeprefix(_UNTIL)) if value.startswith(_UNTIL) else None
        if until is None or until > now:
            active.append(
                Pause(key.removeprefix(PAUSED_LIBRARY_KEY) if key != PAUSED_KEY else "", until)
            )
    return active


def resume_command(library: str) -> str:
    """Return the command line that ends a pause."""
    return "subtitled queue resume" + (f" --library {shlex.quote(library)}" if library else "")


def _pause_key(library: str) -> str:
    return f"{PAUSED_LIBRARY_KEY}{library}" if library else PAUSED_KEY
