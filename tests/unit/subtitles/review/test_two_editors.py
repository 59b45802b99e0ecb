"""Two people in one document, in a thousand random interleavings: nothing acknowledged is lost."""

from __future__ import annotations

import random

from subtitled.plugin import Cue
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import (
    Change,
    Conflict,
    apply_all,
    apply_change,
    invert,
    rewind,
)
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.undoing import REDO, UNDO, LoggedOperation, find_undo_stacks

from .histories import ENGLISH, resolve

HISTORIES = 1000
BASE = Document.from_cues(
    [Cue(2.0 * place, 2.0 * place + 1.5, f"Line {place} of Schuffa") for place in range(5)],
    ENGLISH,
)


class History:
    """One random interleaving of two editors, who each see the version that they read last."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.versions = [BASE]
        self.changes: list[Change] = []
        self.log: list[LoggedOperation] = []
        self.seen = {"ana": 0, "ben": 0}
        self.conflicts = 0

    def step(self) -> None:
        """Let one of the two read the document, edit it, undo or redo."""
        actor = self.random.choice(("ana", "ben"))
        if self.random.random() < 0.4:
            self.seen[actor] = len(self.changes)
            return
        kind, reverts = self.random.choice(("edit", "edit", UNDO, REDO)), None
        stacks = find_undo_stacks(self.log, actor)
        if kind == "edit":
            seen = self.versions[self.seen[actor]]
            change = resolve(seen, self._operation(seen), BASE, f"op{len(self.log)}{actor}")
        else:
            stack = stacks.undo if kind == UNDO else stacks.redo
            if not stack:
                return
            reverts = stack[-1]
            change = invert(self.changes[reverts - 1])
        result = apply_change(self.versions[-1], change)
        if isinstance(result, Conflict):
            self._check_conflict(result, change)
            return
        self._check_kept(result, change)
        self.changes.append(change)
        self.versions.append(result)
        self.log.append(
            LoggedOperation(version=result.version, actor=actor, kind=kind, reverts=reverts)
        )

    def _operation(self, seen: Document) -> ops.SimpleOperation:
        cue = self.random.choice([cue.id for cue in seen.cues] or ["gone"])
        other = self.random.choice([cue.id for cue in seen.cues] or ["gone"])
        number = self.random.randint(0, 99)
        return self.random.choice(
            (
                ops.SetText(cue=cue, lines=(f"Edit {number}",)),
                ops.SetTimes(cue=cue, start=number / 10, end=number / 10 + 1),
                ops.Split(cue=cue, at=number / 10, first=("one",), second=("two",)),
                ops.Merge(cues=(cue, other)),
                ops.Insert(start=number / 10, end=number / 10 + 0.5, lines=("New",)),
                ops.Delete(cues=(cue,)),
                ops.Shift(seconds=0.1, first=cue),
                ops.Replace(find="Schuffa", replacement="Schufa"),
                ops.Restore(cues=(self.random.choice("12345"),)),
            )
        )

    def _check_conflict(self, conflict: Conflict, change: Change) -> None:
        current = self.versions[-1]
        by_cue = {part.cue: part for part in change}
        assert conflict.cues
        for cue in conflict.cues:
            assert cue.mine == by_cue[cue.cue].after
            assert cue.base == by_cue[cue.cue].before
            assert cue.theirs == current.by_id.get(cue.cue) != cue.base
        self.conflicts += 1

    def _check_kept(self, result: Document, change: Change) -> None:
        touched = {part.cue: part.after for part in change}
        assert result.version == len(self.changes) + 1
        for name, wanted in touched.items():
            assert result.by_id.get(name) == wanted
        for cue in self.versions[-1].cues:
            assert cue.id in touched or result.by_id[cue.id] == cue


def test_two_editors_lose_nothing_in_a_thousand_interleavings() -> None:
    conflicts = edits = 0
    for seed in range(HISTORIES):
        history = History(seed)
        for _ in range(10):
            history.step()
        # The log alone gives every version, forwards and backwards.
        assert apply_all(BASE, history.changes) == history.versions[-1]
        middle = len(history.changes) // 2
        assert rewind(history.versions[-1], history.changes[middle:]) == history.versions[middle]
        conflicts += history.conflicts
        edits += len(history.changes)
    assert conflicts > HISTORIES / 10, "the editors hardly met"
    assert edits > 2 * HISTORIES
