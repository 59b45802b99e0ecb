"""Whose edits are in a text, whatever was undone and redone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import Change, apply_change, invert
from subtitled.subtitles.review.document import Document, ReviewCue
from subtitled.subtitles.review.editors import Reading, find_unread_edits
from subtitled.subtitles.review.resolving import OperationContext, resolve_operation
from subtitled.subtitles.review.undoing import LoggedOperation, find_undo_stacks
from subtitled.subtitles.rules import CueRules


def _log(*kinds: tuple[str, int | None]) -> list[LoggedOperation]:
    return [
        LoggedOperation(version=version, actor="ana", kind=kind, reverts=reverts)
        for version, (kind, reverts) in enumerate(kinds, 1)
    ]


def test_an_edit_that_was_undone_is_none() -> None:
    assert find_unread_edits(_log(("text", None), ("text", None), ("undo", 2))) == (1,)


def test_an_edit_that_was_redone_is_one_again() -> None:
    log = _log(("text", None), ("undo", 1), ("redo", 2))
    assert find_unread_edits(log) == (3,)
    assert (
        find_unread_edits([*log, *_log(("", None), ("", None), ("", None), ("undo", 3))[3:]]) == ()
    )


def test_the_undo_of_an_approved_edit_changes_the_approved_text() -> None:
    log = _log(("text", None), ("undo", 1), ("redo", 2))
    assert find_unread_edits(log[:2], [Reading(1)]) == (2,)
    assert find_unread_edits(log, [Reading(1)]) == ()


def test_an_approved_edit_is_read_whatever_was_approved_later() -> None:
    log = _log(("text", None), ("text", None), ("text", None))
    readings = [Reading(1, frozenset({2})), Reading(2, frozenset({1, 3}))]
    assert find_unread_edits(log, readings) == (3,)
    assert find_unread_edits(log, readings[1:]) == (1, 3)


def test_nobody_reads_their_own_edit_also_if_they_undo_and_redo_it() -> None:
    log = _log(("text", None), ("undo", 1), ("redo", 2))
    own = Reading(1, frozenset({1, 2, 3}))
    assert find_unread_edits(log[:1], [own]) == (1,)
    assert find_unread_edits(log[:2], [own]) == ()
    assert find_unread_edits(log, [own]) == (3,)
    assert find_unread_edits(log, [own, Reading(1)]) == ()
    assert find_unread_edits(log, [own, Reading(2)]) == (3,)


_CUES = 3
_Steps = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from(("edit", "edit", "undo", "redo"))), max_size=30
)


@given(_Steps, st.integers(0, 30))
def test_without_edits_the_text_is_as_it_was(steps: list[tuple[int, str]], approved: int) -> None:
    base = Document.create(
        0,
        [ReviewCue(id=str(n), start=n, end=n + 0.5, lines=(f"{n}",)) for n in range(1, _CUES + 1)],
    )
    context = OperationContext(base=base, language=Language("en"), rules=CueRules())
    document, log, changes = base, list[LoggedOperation](), list[Change]()
    versions = [base]
    for number, (person, step) in enumerate(steps):
        actor, reverts = f"p{person}", None
        if step == "edit":
            text = ops.SetText(cue=str(person), lines=(f"text {number}",))
            change = resolve_operation(document, text, f"op{number}", context)
        else:
            stacks = find_undo_stacks(log, actor)
            stack = stacks.undo if step == "undo" else stacks.redo
            if not stack:
                continue
            reverts = stack[-1]
            change = invert(changes[reverts - 1])
        result = apply_change(document, change)
        assert isinstance(result, Document)  # each person has a cue of their own
        document = result
        versions.append(document)
        changes.append(change)
        log.append(
            LoggedOperation(version=document.version, actor=actor, kind=step, reverts=reverts)
        )
    since = min(approved, document.version)
    editors = {log[version - 1].actor for version in find_unread_edits(log, [Reading(since)])}
    changed = {f"p{cue.id}" for cue in document.cues if versions[since].by_id[cue.id] != cue}
    assert editors == changed
