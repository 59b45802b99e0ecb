"""Changes of cues: what an operation does to a document, how it is undone, and what is in its way.

A change names each cue that it touches as it was and as it becomes. So it can be applied to any
version in which those cues are as they were, and its inverse swaps the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .document import Document, ReviewCue


@dataclass(frozen=True, slots=True)
class CueChange:
    """What becomes of one cue."""

    cue: str
    """Its id."""
    before: ReviewCue | None
    """The cue as it was; None if it is inserted."""
    after: ReviewCue | None
    """The cue as it becomes; None if it is deleted."""


Change = tuple[CueChange, ...]
"""What an operation does: at most one entry for each cue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueConflict:
    """Both versions of a cue that somebody else changed meanwhile."""

    cue: str
    base: ReviewCue | None
    """The cue in the version that the operation was made on."""
    mine: ReviewCue | None
    """The cue as the operation makes it."""
    theirs: ReviewCue | None
    """The cue as it is now."""


@dataclass(frozen=True, slots=True)
class Conflict:
    """An operation cannot be applied, because cues that it touches were changed meanwhile."""

    version: int
    """The version that the document has now."""
    cues: tuple[CueConflict, ...]


def apply_change(document: Document, change: Change) -> Document | Conflict:
    """Apply a change to a version in which its cues are as they were when it was made.

    Args:
        document: The version, which may be later than the one that the change was made on.
        change: What becomes of the cues.

    Returns:
        The next version; or a conflict, if a cue is not as it was.
    """
    current = document.by_id
    conflicts = tuple(
        CueConflict(cue=part.cue, base=part.before, mine=part.after, theirs=current.get(part.cue))
        for part in change
        if current.get(part.cue) != part.before
    )
    if conflicts:
        return Conflict(document.version, conflicts)
    return Document.create(document.version + 1, _changed_cues(document, change))


def apply_all(document: Document, changes: Iterable[Change]) -> Document:
    """Apply the changes that made a later version of a document, which fit by construction."""
    cues = dict(document.by_id)
    version = document.version
    for change in changes:
        version += 1
        for part in change:
            if part.after is None:
                cues.pop(part.cue, None)
            else:
                cues[part.cue] = part.after
    return Document.create(version, cues.values())


def rewind(document: Document, changes: Sequence[Change]) -> Document:
    """Return an earlier version, from before the last changes of a document."""
    earlier = apply_all(document, (invert(change) for change in reversed(changes)))
    return replace(earlier, version=document.version - len(changes))


def invert(change: Change) -> Change:
    """Return the change that undoes a change."""
    return tuple(CueChange(part.cue, part.after, part.before) for part in change)


def compose(changes: Iterable[Change]) -> Change:
    """Join consecutive changes to one. Cues that end as they began are left out."""
    joined: dict[str, CueChange] = {}
    for change in changes:
        for part in change:
            earlier = joined.get(part.cue)
            before = part.before if earlier is None else earlier.before
            joined[part.cue] = CueChange(part.cue, before, part.after)
    return tuple(part for part in joined.values() if part.before != part.after)


def _changed_cues(document: Document, change: Change) -> Iterable[ReviewCue]:
    touched = {part.cue for part in change}
    yield from (cue for cue in document.cues if cue.id not in touched)
    yield from (part.after for part in change if part.after is not None)
