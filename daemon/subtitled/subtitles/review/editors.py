"""Whose edits are in a text that nobody else has read: who may not be its second reader."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .undoing import LoggedOperation


@dataclass(frozen=True, slots=True)
class Reading:
    """A version that a person read and approved."""

    version: int
    own: frozenset[int] = frozenset()
    """The versions whose operations they made themselves. Those they read for nobody."""


def find_unread_edits(
    log: Iterable[LoggedOperation], readings: Sequence[Reading] = ()
) -> tuple[int, ...]:
    """Return the versions whose operations are edits that nobody but their author has read.

    An edit is there, or it was undone. It is read if anybody else approved a version in which it
    was so too. What was undone is no edit, unless somebody else approved a version that had it.

    Args:
        log: All operations of a document, in order.
        readings: All approvals of the document.
    """
    roots = dict[int, int]()
    steps = dict[int, list[int]]()
    for operation in log:
        root = roots.get(operation.reverts or 0, operation.version)
        roots[operation.version] = root
        steps.setdefault(root, []).append(operation.version)
    return tuple(
        sorted(
            versions[-1]
            for root, versions in steps.items()
            if _is_unread(versions, [one for one in readings if root not in one.own])
        )
    )


def _is_unread(versions: Sequence[int], by_others: Sequence[Reading]) -> bool:
    """Return whether nobody else read an edit as it is now.

    Args:
        versions: The versions of the edit and of what undid and redid it, in turns.
        by_others: The approvals by other people than its author.
    """
    is_there = len(versions) % 2 == 1
    was_there = [bisect_right(versions, reading.version) % 2 == 1 for reading in by_others]
    if is_there:
        return True not in was_there
    return True in was_there and False not in was_there
