"""SubER, the subtitle edit rate: the edits that turn a subtitle into the reference.

Wilken, Georgakopoulou, Matusov: "SubER: A Metric for Automatic Evaluation of Subtitle Quality",
IWSLT 2022. Words, line breaks and cue ends are tokens. Edits are insertions, deletions,
replacements and shifts of phrases, as in TER (Snover and others 2006). A token may only replace one
of a cue that is shown at the same time, and a break only another break. The rate is the number of
edits per 100 tokens of the reference. Case, punctuation and marks are ignored.

A shift of the whole file costs nothing as long as the cues still overlap, so check the times too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from subtitled.plugin import Cue, Language

from .words import split_words

MAX_SHIFT_TOKENS = 10
"""Longest phrase that is shifted, in tokens, as in TER."""
MAX_SHIFT_DISTANCE = 50
"""Farthest shift in tokens, as in TER."""
MAX_SHIFT_CANDIDATES = 1000
"""Shifts that are tried in one part of the file, as in the authors' tool."""
MAX_PART_TOKENS = 4000
"""Largest part, in tokens, in which shifts are tried: hours of cues without a common pause."""

_LINE_END, _CUE_END = "\n", "\n\n"
_FORBIDDEN_COST = 2
"""Cost of a deletion and an insertion, which is more than that of any replacement."""

_CostMatrix = npt.NDArray[np.signedinteger]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    cue: Cue

    @property
    def is_break(self) -> bool:
        return self.text in (_LINE_END, _CUE_END)


def compute_suber(
    hypothesis: Sequence[Cue], reference: Sequence[Cue], language: Language
) -> float | None:
    """Return the edits per 100 tokens of the reference; None if the reference is empty."""
    edits = length = 0
    for hypothesis_part, reference_part in _split_parts(hypothesis, reference):
        hypothesis_tokens, reference_tokens = (
            _tokenise(hypothesis_part, language),
            _tokenise(reference_part, language),
        )
        edits += _count_edits(hypothesis_tokens, reference_tokens)
        length += len(reference_tokens)
    return 100 * edits / length if length else None


def _tokenise(cues: Sequence[Cue], language: Language) -> list[_Token]:
    tokens: list[_Token] = []
    for cue in cues:
        lines = [split_words(line, language) for line in cue.text.split("\n")]
        lines = [line for line in lines if line]
        for number, line in enumerate(lines, 1):
            tokens += (_Token(word, cue) for word in line)
            tokens.append(_Token(_CUE_END if number == len(lines) else _LINE_END, cue))
    return tokens


def _split_parts(
    hypothesis: Sequence[Cue], reference: Sequence[Cue]
) -> Iterator[tuple[list[Cue], list[Cue]]]:
    """Cut both files where neither shows a cue, because no edit crosses such a pause."""
    timeline = sorted(
        [(cue.start, cue.end, 0, cue) for cue in hypothesis]
        + [(cue.start, cue.end, 1, cue) for cue in reference],
        key=lambda entry: entry[:3],
    )
    part: tuple[list[Cue], list[Cue]] = ([], [])
    latest = 0.0
    for start, end, side, cue in timeline:
        if start >= latest and any(part):
            yield part
            part = ([], [])
        part[side].append(cue)
        latest = max(latest, end)
    if any(part):
        yield part


def _count_edits(hypothesis: Sequence[_Token], reference: Sequence[_Token]) -> int:
    """Count the shifts and other edits between two lists of tokens."""
    if not hypothesis or not reference:
        return len(hypothesis) + len(reference)
    rows = _replacement_costs(hypothesis, reference)
    if len(hypothesis) + len(reference) > MAX_PART_TOKENS:
        return _edit_distance(rows)
    costs = np.stack([*rows])
    shifts, tried = 0, 0
    while True:
        shifted, tried = _find_best_shift(costs, tried)
        if shifted is None or tried >= MAX_SHIFT_CANDIDATES:
            return shifts + _edit_distance(costs)
        costs, shifts = shifted, shifts + 1


def _replacement_costs(
    hypothesis: Sequence[_Token], reference: Sequence[_Token]
) -> Iterator[_CostMatrix]:
    """Yield, for each token of one list, the costs of replacing it by each token of the other."""
    number = {text: n for n, text in enumerate({token.text for token in reference})}
    texts = np.array([number[token.text] for token in reference])
    breaks = np.array([token.is_break for token in reference])
    starts = np.array([token.cue.start for token in reference])
    ends = np.array([token.cue.end for token in reference])
    for token in hypothesis:
        is_allowed = (
            (breaks == token.is_break) & (token.cue.start < ends) & (starts < token.cue.end)
        )
        is_equal = texts == number.get(token.text, -1)
        yield np.where(is_allowed, np.where(is_equal, 0, 1), _FORBIDDEN_COST).astype(np.int8)


def _forward_table(costs: _CostMatrix) -> _CostMatrix:
    """Return ``[i, j]``: the lowest cost of turning the first i tokens into the first j ones."""
    table = np.empty((costs.shape[0] + 1, costs.shape[1] + 1), np.int32)
    table[0] = np.arange(costs.shape[1] + 1)
    for i, row in enumerate(costs):
        table[i + 1] = _next_row(table[i], row)
    return table


def _edit_distance(costs: Iterable[_CostMatrix]) -> int:
    """Return the lowest cost of turning one list into the other, without the whole table."""
    rows = iter(costs)
    first = next(rows)
    row: _CostMatrix = np.arange(len(first) + 1, dtype=np.int32)
    for cost_row in chain((first,), rows):
        row = _next_row(row, cost_row)
    return int(row[-1])


def _next_row(before: _CostMatrix, row: _CostMatrix) -> _CostMatrix:
    steps = np.arange(len(before), dtype=np.int32)
    now = before + 1
    np.minimum(now[1:], before[:-1] + row, out=now[1:])
    best: _CostMatrix = np.minimum.accumulate(now - steps) + steps
    return best


def _find_best_shift(costs: _CostMatrix, tried: int) -> tuple[_CostMatrix | None, int]:
    """Return the costs after the best shift, or None, and the number of shifts tried so far."""
    forward = _forward_table(costs)
    backward = _forward_table(costs[::-1, ::-1])[::-1, ::-1]
    places, wrong, missed = _trace_path(costs, forward)
    least = int(forward[-1, -1])
    best: tuple[int, int, int, int] | None = None
    best_costs: _CostMatrix | None = None
    for first, length, targets in _shift_candidates(costs, places, wrong, missed):
        for aim in targets:
            if tried >= MAX_SHIFT_CANDIDATES:
                return best_costs, tried
            tried += 1
            # As in Tercom, a target within the phrase means one as far behind it.
            inside = first < aim <= first + length
            target = min(aim + length, len(costs)) if inside else aim
            low, high = min(first, target), max(first + length, target)
            order = _move_rows(low, high, first, length, target)
            row = forward[low]
            for moved in order:
                row = _next_row(row, costs[moved])
            saved = least - int((row + backward[high]).min())
            rank = (saved, length, -first, -aim)
            if saved > 0 and (best is None or rank > best):
                best = rank
                best_costs = np.concatenate([costs[:low], costs[order], costs[high:]])
    return best_costs, tried


def _move_rows(low: int, high: int, first: int, length: int, target: int) -> list[int]:
    """Return the rows from ``low`` to ``high`` with a phrase moved before ``target``."""
    phrase = list(range(first, first + length))
    if target <= first:
        return [*phrase, *range(low, first)]
    return [*range(first + length, high), *phrase]


def _shift_candidates(
    costs: _CostMatrix, places: Sequence[int], wrong: Sequence[bool], missed: Sequence[bool]
) -> Iterator[tuple[int, int, list[int]]]:
    """Yield phrases that the reference has elsewhere: position, length and targets."""
    rows, columns = costs.shape
    for first, column in np.argwhere(costs == 0):
        if abs(int(first) - int(column)) > MAX_SHIFT_DISTANCE:
            continue
        length = 0
        while (
            length < MAX_SHIFT_TOKENS
            and first + length < rows
            and column + length < columns
            and costs[first + length, column + length] == 0
        ):
            length += 1
            if not any(wrong[first : first + length]) or not any(missed[column : column + length]):
                continue
            if first <= places[column] < first + length:
                continue
            targets = {0 if n < 0 else places[n] + 1 for n in range(column - 1, column + length)}
            yield int(first), length, sorted(targets - {first})


def _trace_path(
    costs: _CostMatrix, forward: _CostMatrix
) -> tuple[list[int], list[bool], list[bool]]:
    """Return, for the cheapest alignment, the position of each reference token and the errors."""
    i, j = costs.shape
    places, wrong, missed = [0] * j, [False] * i, [False] * j
    while i or j:
        cost = costs[i - 1, j - 1] if i and j else _FORBIDDEN_COST
        if cost < _FORBIDDEN_COST and forward[i, j] == forward[i - 1, j - 1] + cost:
            i, j = i - 1, j - 1
            places[j], wrong[i], missed[j] = i, bool(cost), bool(cost)
        elif i and forward[i, j] == forward[i - 1, j] + 1:
            i -= 1
            wrong[i] = True
        else:
            j -= 1
            places[j], missed[j] = i - 1, True
    return places, wrong, missed
