"""Undo and redo: which operation comes next, for each person in a document of several.

Undo and redo are operations themselves. Each reverts one earlier operation: an undo reverts an edit
or a redo, a redo reverts an undo. So the log alone says what can be undone, also after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNDO, REDO = "undo", "redo"
"""The kinds of operations that revert another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedOperation:
    """An operation of the log, as far as undo needs it."""

    version: int
    """The version that it made."""
    actor: str
    kind: str
    reverts: int | None = None
    """The version whose operation it reverts."""


@dataclass(frozen=True, slots=True)
class UndoStacks:
    """The versions whose operations one person may revert, the next one last."""

    undo: tuple[int, ...]
    redo: tuple[int, ...]


def find_undo_stacks(log: Iterable[LoggedOperation], actor: str) -> UndoStacks:
    """Return what a person may undo and redo.

    Everybody reverts only their own operations. A new edit empties what could be redone.

    Args:
        log: All operations of a document, in order.
        actor: The person.
    """
    undo: dict[int, None] = {}
    redo: dict[int, None] = {}
    for operation in log:
        if operation.actor != actor:
            continue
        if operation.kind == UNDO and operation.reverts is not None:
            undo.pop(operation.reverts, None)
            redo[operation.version] = None
        elif operation.kind == REDO and operation.reverts is not None:
            redo.pop(operation.reverts, None)
            undo[operation.version] = None
        else:
            redo.clear()
            undo[operation.version] = None
    return UndoStacks(tuple(undo), tuple(redo))
