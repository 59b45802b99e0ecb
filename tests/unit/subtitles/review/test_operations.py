"""Operations change what they say, and nothing is lost by undo or by a second editor."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Word
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import (
    Change,
    Conflict,
    apply_all,
    apply_change,
    invert,
    rewind,
)
from subtitled.subtitles.review.document import Document, ReviewCue
from subtitled.subtitles.review.replacing import count_matches
from subtitled.subtitles.review.resolving import (
    InvalidOperationError,
    OperationContext,
    resolve_operation,
)
from subtitled.subtitles.review.undoing import REDO, UNDO, LoggedOperation, find_undo_stacks
from subtitled.subtitles.rules import select_cue_rules

from .histories import ENGLISH, RULES, any_operation, context_of, documents, resolve

THREE = Document.from_cues(
    [
        Cue(1.0, 2.0, "The Schuffa said no."),
        Cue(2.5, 4.0, "He lives in New\nYork, by the <i>river</i>"),
        Cue(5.0, 6.0, "schuffa"),
    ],
    ENGLISH,
)


def _after(document: Document, *operations: ops.SimpleOperation | ops.Compound) -> Document:
    base = document
    for number, operation in enumerate(operations):
        change = resolve_operation(document, operation, f"op{number}", context_of(base))
        result = apply_change(document, change)
        assert isinstance(result, Document)
        document = result
    return document


def _texts(document: Document) -> list[str]:
    return [cue.text for cue in document.cues]


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_an_operation_and_its_inverse_leave_the_subtitle_as_it_was(data: st.DataObject) -> None:
    document = data.draw(documents())
    operation = data.draw(any_operation(document))
    change = resolve(document, operation)
    changed = apply_change(document, change)
    assert isinstance(changed, Document)
    back = apply_change(changed, invert(change))
    assert isinstance(back, Document)
    assert back.cues == document.cues
    assert rewind(changed, [change]) == document
    assert apply_all(document, [change]) == changed


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_an_operation_is_read_back_as_it_was_stored(data: st.DataObject) -> None:
    operation = data.draw(any_operation(data.draw(documents())))
    assert ops.from_json(ops.to_json(operation)) == operation


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_operations_on_different_cues_give_the_same_in_either_order(data: st.DataObject) -> None:
    document = data.draw(documents())
    mine = resolve(document, data.draw(any_operation(document)), operation_id="mine")
    theirs = resolve(document, data.draw(any_operation(document)), operation_id="theirs")
    first, second = apply_change(document, mine), apply_change(document, theirs)
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    both, reverse = apply_change(first, theirs), apply_change(second, mine)
    if {part.cue for part in mine} & {part.cue for part in theirs}:
        assert isinstance(both, Conflict)
        assert isinstance(reverse, Conflict)
        for cue in both.cues:
            assert cue.theirs == first.by_id.get(cue.cue)
            assert cue.base == document.by_id.get(cue.cue)
    else:
        assert isinstance(both, Document)
        assert isinstance(reverse, Document)
        assert both.cues == reverse.cues


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_two_editors_lose_nothing_that_was_acknowledged(data: st.DataObject) -> None:
    """Each editor works on the version read last, which the other has changed meanwhile."""
    base = data.draw(documents())
    versions, changes = [base], list[Change]()
    read = {"ana": 0, "ben": 0}
    for number in range(data.draw(st.integers(2, 8))):
        actor = data.draw(st.sampled_from(("ana", "ben")))
        if data.draw(st.booleans()):
            read[actor] = len(changes)
        made_on = versions[read[actor]]
        operation = data.draw(any_operation(made_on))
        change = resolve(made_on, operation, base, f"op{number}")
        result = apply_change(versions[-1], change)
        touched = {part.cue for part in change}
        if isinstance(result, Document):
            changes.append(change)
            versions.append(result)
            assert result.version == len(changes)
            for part in change:
                assert result.by_id.get(part.cue) == part.after
            for cue in versions[-2].cues:
                if cue.id not in touched:
                    assert result.by_id.get(cue.id) == cue
        else:
            # Nothing was written, and the editor gets both versions of each cue in the way.
            for conflict in result.cues:
                assert conflict.theirs == versions[-1].by_id.get(conflict.cue) != conflict.base
                assert conflict.cue in touched
    assert apply_all(base, changes) == versions[-1]
    for version, document in enumerate(versions):
        assert rewind(versions[-1], changes[version:]) == document


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_everything_can_be_undone_and_redone_by_each_editor(data: st.DataObject) -> None:
    document = data.draw(documents())
    base, log, changes = document, list[LoggedOperation](), list[Change]()
    for _ in range(data.draw(st.integers(1, 10))):
        stacks = find_undo_stacks(log, "ana")
        possible = ["edit"] + [UNDO] * bool(stacks.undo) + [REDO] * bool(stacks.redo)
        kind, reverts = data.draw(st.sampled_from(possible)), None
        if kind == "edit":
            change = resolve(document, data.draw(any_operation(document)), base, f"op{len(log)}")
        else:
            reverts = (stacks.undo if kind == UNDO else stacks.redo)[-1]
            change = invert(changes[reverts - 1])
        result = apply_change(document, change)
        assert isinstance(result, Document)
        document = result
        changes.append(change)
        version = document.version
        log.append(LoggedOperation(version=version, actor="ana", kind=kind, reverts=reverts))
    while stack := find_undo_stacks(log, "ana").undo:
        change = invert(changes[stack[-1] - 1])
        result = apply_change(document, change)
        assert isinstance(result, Document)
        document = result
        changes.append(change)
        version = document.version
        log.append(LoggedOperation(version=version, actor="ana", kind=UNDO, reverts=stack[-1]))
    assert document.cues == base.cues


def test_nobody_undoes_what_another_person_did() -> None:
    log = [
        LoggedOperation(version=1, actor="ana", kind="text"),
        LoggedOperation(version=2, actor="ben", kind="text"),
    ]
    assert find_undo_stacks(log, "ana").undo == (1,)
    assert find_undo_stacks(log, "ben").undo == (2,)
    assert find_undo_stacks(log, "eve").undo == ()


def test_a_new_edit_empties_what_could_be_redone() -> None:
    log = [
        LoggedOperation(version=1, actor="ana", kind="text"),
        LoggedOperation(version=2, actor="ana", kind=UNDO, reverts=1),
    ]
    assert find_undo_stacks(log, "ana").redo == (2,)
    log.append(LoggedOperation(version=3, actor="ana", kind="text"))
    assert find_undo_stacks(log, "ana").redo == ()


def test_a_split_cue_gets_a_new_cue_and_the_gap_of_the_rules() -> None:
    split = _after(THREE, ops.Split(cue="2", at=3.0, first=("He lives",), second=("in York",)))
    assert [cue.id for cue in split.cues] == ["1", "2", "op0.1", "3"]
    first, second = split.by_id["2"], split.by_id["op0.1"]
    assert (first.start, second.start, second.end) == (2.5, 3.0, 4.0)
    assert first.end == pytest.approx(3.0 - RULES.min_gap, abs=0.001)


def test_a_cue_is_not_split_where_it_is_not_on_screen() -> None:
    for at in (2.5, 4.0, 9.0):
        with pytest.raises(InvalidOperationError, match="not on screen") as raised:
            _after(THREE, ops.Split(cue="2", at=at, first=(), second=()))
        assert "between 2.500 and 4.000" in raised.value.hint


def test_merged_cues_keep_the_first_id_and_get_lines_of_our_segmentation() -> None:
    merged = _after(THREE, ops.Merge(cues=("3", "1", "2")))
    (cue,) = merged.cues
    assert (cue.id, cue.start, cue.end) == ("1", 1.0, 6.0)
    assert "<i>river</i>" in cue.text
    assert len(cue.lines) <= RULES.max_lines


def test_text_is_replaced_in_whole_words_across_a_line_break_and_never_in_tags() -> None:
    replaced = _after(THREE, ops.Replace(find="Schuffa", replacement="Schufa"))
    assert _texts(replaced)[0] == "The Schufa said no."
    assert _texts(replaced)[2] == "schuffa"
    anywhere = ops.Replace(find="schuffa", replacement="Schufa", is_case_sensitive=False)
    assert _texts(_after(THREE, anywhere))[2] == "Schufa"
    across = _after(THREE, ops.Replace(find="New York", replacement="Old York"))
    assert across.by_id["2"].lines[:2] == ("He lives in Old", "York, by the <i>river</i>")
    letter = ops.Replace(find="i", replacement="o", is_whole_word=False)
    assert _after(THREE, letter).by_id["2"].text.endswith("<i>rover</i>")


def test_a_word_is_replaced_in_a_language_without_spaces() -> None:
    japanese = Language("ja")
    document = Document.from_cues([Cue(0.0, 1.0, "東京都の人")], japanese)
    context = OperationContext(
        base=document, language=japanese, rules=select_cue_rules(japanese, translation=False)
    )
    change = resolve_operation(
        document, ops.Replace(find="東京", replacement="京都"), "op", context
    )
    assert [part.after.text for part in change if part.after] == ["京都都の人"]


def test_a_range_is_shifted_and_never_before_the_beginning() -> None:
    shifted = _after(THREE, ops.Shift(seconds=0.25, first="2"))
    assert [cue.start for cue in shifted.cues] == [1.0, 2.75, 5.25]
    with pytest.raises(InvalidOperationError, match="outside the media"):
        _after(THREE, ops.Shift(seconds=-1.5))
    with pytest.raises(InvalidOperationError, match="ends before it begins"):
        _after(THREE, ops.Shift(seconds=1.0, first="3", last="1"))


def test_ends_snap_to_the_nearest_time_within_the_distance() -> None:
    snapped = _after(THREE, ops.Snap(cues=("1", "2", "3"), times=(0.9, 2.2, 4.4, 9.0)))
    assert [(cue.start, cue.end) for cue in snapped.cues] == [(0.9, 2.2), (2.2, 4.4), (5.0, 6.0)]


def test_ends_snap_to_times_of_their_own_such_as_two_frames_before_a_shot_change() -> None:
    snap = ops.Snap(cues=("1", "2", "3"), times=(0.8, 2.3, 4.8), ends=(2.2, 4.3))
    snapped = _after(THREE, snap)
    assert [(cue.start, cue.end) for cue in snapped.cues] == [(0.8, 2.2), (2.3, 4.3), (4.8, 6.0)]


def test_a_cue_takes_the_words_of_another_engine_in_lines_of_our_own() -> None:
    words = "He lives in New York City, by the wide and cold river, said the old man"
    taken = _after(THREE, ops.TakeWords(cue="2", text=f" {words} ", engine="other"))
    assert " ".join(taken.cues[1].lines) == words
    assert 1 < len(taken.cues[1].lines) <= RULES.max_lines
    assert max(map(len, taken.cues[1].lines)) <= RULES.max_line_length
    assert [cue.lines for cue in taken.cues[::2]] == [cue.lines for cue in THREE.cues[::2]]


def test_a_split_without_a_time_begins_when_the_word_is_said() -> None:
    spoken = ((" He", 2.6, 2.8), (" lives", 2.8, 3.1), (" in", 3.3, 3.4))
    said = [Word(text=text, start=start, end=end) for text, start, end in spoken]
    split = ops.Split(cue="2", first=("He lives",), second=("in New York",))
    context = replace(context_of(THREE), find_words=lambda cue: said if cue.id == "2" else ())
    (first, second) = resolve_operation(THREE, split, "op", context)
    assert first.after is not None
    assert second.after is not None
    assert (first.after.end, second.after.start) == (round(3.3 - RULES.min_gap, 3), 3.3)


def test_what_is_found_is_counted_without_tags() -> None:
    found = ops.Replace(find="i", replacement="", is_case_sensitive=False, is_whole_word=False)
    assert count_matches(THREE.cues, found, ENGLISH) == 4  # said, lives, in, river
    assert count_matches(THREE.cues, found.model_copy(update={"find": "schuffa"}), ENGLISH) == 2
    assert count_matches(THREE.cues, found.model_copy(update={"cues": ("1",)}), ENGLISH) == 1


def test_a_cue_between_two_times_keeps_a_duration() -> None:
    document = Document.from_cues([Cue(1.0, 1.2, "Hm.")], ENGLISH)
    snapped = _after(document, ops.Snap(cues=("1",), times=(1.1,)))
    assert snapped.cues[0].start < snapped.cues[0].end


def test_restoring_gives_back_what_was_split_merged_deleted_and_respelt() -> None:
    edited = _after(
        THREE,
        ops.Split(cue="2", at=3.0, first=("He",), second=("lives",)),
        ops.Merge(cues=("1", "2")),
        ops.Delete(cues=("3",)),
        ops.Restore(cues=("1", "2", "3")),
    )
    assert edited.cues == THREE.cues


def test_a_compound_operation_works_on_what_its_parts_made() -> None:
    compound = ops.Compound(
        parts=(
            ops.Insert(start=7.0, end=8.0, lines=("New",)),
            ops.SetText(cue="op0.1", lines=("Newer",)),
            ops.Delete(cues=("1",)),
        )
    )
    after = _after(THREE, compound)
    assert after.version == 1
    assert _texts(after)[-1] == "Newer"
    assert "1" not in after.by_id


def test_an_unknown_cue_is_named_with_a_hint() -> None:
    for operation in (
        ops.SetText(cue="99", lines=()),
        ops.Merge(cues=("1", "99")),
        ops.Shift(seconds=1.0, first="99"),
        ops.Restore(cues=("99",)),
    ):
        with pytest.raises(InvalidOperationError, match="'99'") as raised:
            _after(THREE, operation)
        assert raised.value.hint


def test_texts_are_kept_as_files_can_hold_them() -> None:
    lines = ("1\n\n00:00:01,000 --> 00:00:02,000", "", "<I>so</I>\x07")
    after = _after(THREE, ops.SetText(cue="1", lines=lines))
    assert after.by_id["1"].lines[-1] == "<i>so</i>"
    assert "-->" not in after.by_id["1"].text
    again = _after(after, ops.SetText(cue="1", lines=after.by_id["1"].lines))
    assert again.cues == after.cues


def test_marks_of_right_to_left_files_are_no_part_of_the_text() -> None:
    hebrew = Language("he")
    document = Document.from_cues([Cue(0.0, 1.0, "\u202bשלום\u202c\nOK")], hebrew)
    assert document.cues[0].lines == ("שלום", "OK")


def test_cues_are_in_the_order_of_their_times_whatever_happens_to_them() -> None:
    moved = _after(THREE, ops.SetTimes(cue="1", start=5.5, end=5.6))
    assert [cue.id for cue in moved.cues] == ["2", "3", "1"]
    cues = [ReviewCue(id=str(number), start=1.0, end=2.0, lines=()) for number in (10, 9, 2)]
    assert [cue.id for cue in Document.create(0, cues).cues] == ["2", "9", "10"]
    assert replace(THREE, version=3).by_id == THREE.by_id
