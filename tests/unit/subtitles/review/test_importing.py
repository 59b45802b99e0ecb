"""A corrected file becomes few operations, which make the subtitle equal to it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.changes import apply_change
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.importing import MAX_TABLE, import_cues

from .histories import ENGLISH, any_operation, documents, resolve


def _imported(document: Document, cues: list[Cue]) -> Document:
    operation = import_cues(document, cues, ENGLISH)
    if operation is None:
        return document
    result = apply_change(document, resolve(document, operation))
    assert isinstance(result, Document)
    return result


def _sorted(cues: list[Cue]) -> list[Cue]:
    return sorted(cues, key=lambda cue: (cue.start, cue.end, cue.text))


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_after_the_import_the_subtitle_has_the_cues_of_the_file(data: st.DataObject) -> None:
    document = data.draw(documents())
    if data.draw(st.booleans()):
        corrected = data.draw(documents()).to_cues()
    else:
        change = resolve(document, data.draw(any_operation(document)))
        result = apply_change(document, change)
        assert isinstance(result, Document)
        corrected = result.to_cues()
    wanted = [cue for cue in corrected if cue.text]
    imported = _imported(document, wanted)
    assert _sorted(list(imported.to_cues())) == _sorted(wanted)
    assert import_cues(imported, wanted, ENGLISH) is None


def _film(count: int) -> list[Cue]:
    return [Cue(3.0 * number, 3.0 * number + 2, f"Line {number}.") for number in range(count)]


def test_one_correction_is_one_operation_and_cues_keep_their_ids() -> None:
    cues = _film(50)
    document = Document.from_cues(cues, ENGLISH)
    cues[20] = Cue(cues[20].start, cues[20].end, "Line twenty.")
    assert import_cues(document, cues, ENGLISH) == ops.Compound(
        parts=(ops.SetText(cue="21", lines=("Line twenty.",)),)
    )


def test_retimed_deleted_inserted_and_respelt_cues_are_told_apart() -> None:
    document = Document.from_cues(_film(10), ENGLISH)
    cues = _film(10)
    cues[2] = Cue(6.2, 8.2, "Line 2.")
    del cues[5]
    cues[6] = Cue(cues[6].start, cues[6].end, "Line seven.")
    cues.insert(1, Cue(2.0, 2.9, "Something new"))
    operation = import_cues(document, cues, ENGLISH)
    assert operation is not None
    assert set(operation.parts) == {
        ops.SetTimes(cue="3", start=6.2, end=8.2),
        ops.Delete(cues=("6",)),
        ops.SetText(cue="8", lines=("Line seven.",)),
        ops.Insert(start=2.0, end=2.9, lines=("Something new",)),
    }


def test_a_shifted_file_only_gets_other_times() -> None:
    document = Document.from_cues(_film(300), ENGLISH)
    shifted = [Cue(cue.start + 1.5, cue.end + 1.5, cue.text) for cue in _film(300)]
    operation = import_cues(document, shifted, ENGLISH)
    assert operation is not None
    assert {type(part) for part in operation.parts} == {ops.SetTimes}
    assert [cue.id for cue in _imported(document, shifted).cues] == [
        cue.id for cue in document.cues
    ]


def test_another_film_is_imported_in_short_time_too() -> None:
    document = Document.from_cues(_film(400), ENGLISH)
    other = [Cue(cue.start + 0.5, cue.end + 0.7, f"Other {cue.text}") for cue in _film(390)]
    assert MAX_TABLE < 400 * 390
    assert list(_imported(document, other).to_cues()) == other
