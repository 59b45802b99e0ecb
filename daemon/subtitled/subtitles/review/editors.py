"""Whose edits are in a text: who may not be its second reader."""

from __future__ import annotations

from collections.abc import Iterable

from .undoing import LoggedOperation


def find_edits(log: Iterable[LoggedOperation], since: int = 0) -> tuple[int, ...]:
    """Return the versions whose operations changed a text since an earlier version.

    An operation that was undone changed nothing, and neither did the undo. If the undone operation
    is in the earlier version, the undo is a change of that.

    Args:
        log: All operations of a document, in order.
        since: The earlier version.
    """
    edits: dict[int, None] = {}
    for operation in log:
        if operation.version <= since:
            continue
        if operation.reverts in edits:
            del edits[operation.reverts]
        else:
            edits[operation.version] = None
    return tuple(edits)
