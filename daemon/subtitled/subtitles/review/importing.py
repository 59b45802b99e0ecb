"""Turning a corrected file into operations: which cue of a document is which cue of the file.

Cues that are equal are matched first, then those with the same text, then similar ones in between.
What has no match was deleted or inserted. So few operations make the document equal to the file,
and cues that were only retimed or respelt keep their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher

from rapidfuzz.distance import Indel

from subtitled.plugin import Cue, Language

from .document import Document, ReviewCue, round_time, tidy_lines
from .operations import Compound, Delete, Insert, SetText, SetTimes, SimpleOperation

MAX_TABLE = 40_000
"""Most pairs of cues that are compared where texts and times differ. Beyond, the order decides."""
_UNMATCHED_COST = 1.0
"""Cost of a cue that is deleted or inserted. Two of them cost as much as no similarity at all."""

_Pairs = Iterator[tuple[int | None, int | None]]


def import_cues(document: Document, cues: Sequence[Cue], language: Language) -> Compound | None:
    """Return the operation that makes a document equal to the cues of a file.

    Args:
        document: The version to start from.
        cues: The cues of the file.
        language: The language of both.

    Returns:
        One operation, so that one undo takes the import back; None if nothing differs.
    """
    wanted = _by_time([_tidied(cue, language) for cue in cues])
    parts: list[SimpleOperation] = []
    for old, new in _match(document.cues, wanted):
        parts += _difference(
            None if old is None else document.cues[old], None if new is None else wanted[new]
        )
    return Compound(parts=tuple(parts)) if parts else None


def _tidied(cue: Cue, language: Language) -> ReviewCue:
    return ReviewCue(
        id="",
        start=round_time(cue.start),
        end=round_time(cue.end),
        lines=tidy_lines(cue.text, language),
    )


def _by_time(cues: list[ReviewCue]) -> list[ReviewCue]:
    return sorted((cue for cue in cues if cue.lines), key=lambda cue: (cue.start, cue.end))


def _difference(old: ReviewCue | None, new: ReviewCue | None) -> Iterator[SimpleOperation]:
    if new is None:
        if old is not None:
            yield Delete(cues=(old.id,))
        return
    if old is None:
        yield Insert(start=new.start, end=new.end, lines=new.lines)
        return
    if (old.start, old.end) != (new.start, new.end):
        yield SetTimes(cue=old.id, start=new.start, end=new.end)
    if old.lines != new.lines:
        yield SetText(cue=old.id, lines=new.lines)


def _match(old: Sequence[ReviewCue], new: Sequence[ReviewCue]) -> _Pairs:
    """Yield pairs of places; None stands for a cue without a match."""

    def match_texts(old_from: int, old_to: int, new_from: int, new_to: int) -> _Pairs:
        yield from _match_equal(
            (old, range(old_from, old_to)),
            (new, range(new_from, new_to)),
            lambda cue: cue.lines,
            lambda *ends: _match_similar(old, new, *ends),
        )

    yield from _match_equal(
        (old, range(len(old))),
        (new, range(len(new))),
        lambda cue: (cue.start, cue.end, cue.lines),
        match_texts,
    )


def _match_equal(
    old: tuple[Sequence[ReviewCue], range],
    new: tuple[Sequence[ReviewCue], range],
    key: Callable[[ReviewCue], Hashable],
    match_rest: Callable[[int, int, int, int], _Pairs],
) -> _Pairs:
    """Match cues with an equal key in order, and hand on what lies between them."""
    (old_cues, old_places), (new_cues, new_places) = old, new
    matcher = SequenceMatcher(
        None,
        [key(old_cues[place]) for place in old_places],
        [key(new_cues[place]) for place in new_places],
        autojunk=False,
    )
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        old_range = old_places[old_from:old_to]
        new_range = new_places[new_from:new_to]
        if tag == "equal":
            yield from zip(old_range, new_range, strict=True)
        else:
            yield from match_rest(old_range.start, old_range.stop, new_range.start, new_range.stop)


def _match_similar(
    old: Sequence[ReviewCue],
    new: Sequence[ReviewCue],
    old_from: int,
    old_to: int,
    new_from: int,
    new_to: int,
) -> _Pairs:
    """Match the cues of a passage in order so that times and texts differ least."""
    rows, columns = range(old_from, old_to), range(new_from, new_to)
    if len(rows) * len(columns) > MAX_TABLE:
        common = min(len(rows), len(columns))
        yield from zip(rows[:common], columns[:common], strict=True)
        yield from ((place, None) for place in rows[common:])
        yield from ((None, place) for place in columns[common:])
        return
    costs = [[_difference_of(old[row], new[column]) for column in columns] for row in rows]
    for row, column in _cheapest_pairs(costs, len(rows), len(columns)):
        yield (
            None if row is None else rows[row],
            None if column is None else columns[column],
        )


def _cheapest_pairs(costs: Sequence[Sequence[float]], rows: int, columns: int) -> _Pairs:
    """Match rows and columns in order at the least cost, by dynamic programming."""
    # rest[row][column]: the least cost of what follows from there.
    rest = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows, -1, -1):
        for column in range(columns, -1, -1):
            if row == rows or column == columns:
                rest[row][column] = _UNMATCHED_COST * (rows - row + columns - column)
                continue
            unmatched = _UNMATCHED_COST + min(rest[row + 1][column], rest[row][column + 1])
            rest[row][column] = min(unmatched, rest[row + 1][column + 1] + costs[row][column])
    row = column = 0
    while row < rows or column < columns:
        is_inside = row < rows and column < columns
        if is_inside and rest[row][column] == rest[row + 1][column + 1] + costs[row][column]:
            yield row, column
            row, column = row + 1, column + 1
        elif row < rows and (column == columns or rest[row + 1][column] <= rest[row][column + 1]):
            yield row, None
            row += 1
        else:
            yield None, column
            column += 1


def _difference_of(old: ReviewCue, new: ReviewCue) -> float:
    """Return how much two cues differ, from 0 to 3: the text counts twice."""
    overlap = min(old.end, new.end) - max(old.start, new.start)
    union = max(old.end, new.end) - min(old.start, new.start)
    times = 1.0 - max(0.0, overlap) / union if union > 0 else 0.0
    return times + 2.0 * Indel.normalized_distance(old.text, new.text)
