"""SubER, the subtitle edit rate: how much must be done to a subtitle to make it the reference.

Wilken, Georgakopoulou, Matusov: "SubER: A Metric for Automatic Evaluation of Subtitle Quality",
IWSLT 2022. Words, line breaks and cue ends are tokens; edits are insertions, deletions,
replacements and shifts of phrases, as in TER (Snover and others 2006), but a token may only stand
for one of a cue that is on the screen at the same time, and a break only for a break. The rate is
edits in a hundred tokens of the reference, on text without case and punctuation.

A shift of the whole file costs nothing as long as the cues still overlap: look at the times too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from subtitled.plugin import Cue, Language

from .words import words_of

LONGEST_SHIFT = 10
"""Tokens of a phrase that is moved, as in TER."""
FARTHEST_SHIFT = 50
"""Tokens that it is moved over, as in TER."""
MOST_TRIED = 1000
"""Shifts that are tried in one part, as in the authors' tool."""
LARGEST_PART = 4000
"""Tokens of a part in which shifts are looked for; hours of cues without a common pause."""

_LINE_END, _CUE_END = "\n", "\n\n"
_NEVER = 2
"""What it costs to take away one token and put in another: more than any replacement."""

_Costs = npt.NDArray[np.signedinteger]


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    cue: Cue

    @property
    def breaks(self) -> bool:
        return self.text in (_LINE_END, _CUE_END)


def suber(hypothesis: Sequence[Cue], reference: Sequence[Cue], language: Language) -> float | None:
    """Edits in a hundred tokens of the reference; None where the reference is empty."""
    edits = length = 0
    for one, other in _parts(hypothesis, reference):
        heard, wanted = _tokens(one, language), _tokens(other, language)
        edits += _edits(heard, wanted)
        length += len(wanted)
    return 100 * edits / length if length else None


def _tokens(cues: Sequence[Cue], language: Language) -> list[_Token]:
    tokens: list[_Token] = []
    for cue in cues:
        lines = [words_of(line, language) for line in cue.text.split("\n")]
        lines = [line for line in lines if line]
        for number, line in enumerate(lines, 1):
            tokens += (_Token(word, cue) for word in line)
            tokens.append(_Token(_CUE_END if number == len(lines) else _LINE_END, cue))
    return tokens


def _parts(
    hypothesis: Sequence[Cue], reference: Sequence[Cue]
) -> Iterator[tuple[list[Cue], list[Cue]]]:
    """Both, cut where neither shows anything: no edit reaches over such a place."""
    together = sorted(
        [(cue.start, cue.end, 0, cue) for cue in hypothesis]
        + [(cue.start, cue.end, 1, cue) for cue in reference],
        key=lambda one: one[:3],
    )
    part: tuple[list[Cue], list[Cue]] = ([], [])
    latest = 0.0
    for start, end, side, cue in together:
        if start >= latest and any(part):
            yield part
            part = ([], [])
        part[side].append(cue)
        latest = max(latest, end)
    if any(part):
        yield part


def _edits(hypothesis: Sequence[_Token], reference: Sequence[_Token]) -> int:
    """Shifts and other edits between two lists of tokens."""
    if not hypothesis or not reference:
        return len(hypothesis) + len(reference)
    rows = _replacing(hypothesis, reference)
    if len(hypothesis) + len(reference) > LARGEST_PART:
        return _distance(rows)
    costs = np.stack([*rows])
    shifts, tried = 0, 0
    while True:
        better, tried = _shifted(costs, tried)
        if better is None or tried >= MOST_TRIED:
            return shifts + _distance(costs)
        costs, shifts = better, shifts + 1


def _replacing(hypothesis: Sequence[_Token], reference: Sequence[_Token]) -> Iterator[_Costs]:
    """For each token of one, what it costs to have it stand for each of the other."""
    number = {text: n for n, text in enumerate({token.text for token in reference})}
    texts = np.array([number[token.text] for token in reference])
    breaks = np.array([token.breaks for token in reference])
    starts = np.array([token.cue.start for token in reference])
    ends = np.array([token.cue.end for token in reference])
    for token in hypothesis:
        may = (breaks == token.breaks) & (token.cue.start < ends) & (starts < token.cue.end)
        same = texts == number.get(token.text, -1)
        yield np.where(may, np.where(same, 0, 1), _NEVER).astype(np.int8)


def _forward(costs: _Costs) -> _Costs:
    """``[i, j]``: the least cost of making the first i tokens the first j of the reference."""
    table = np.empty((costs.shape[0] + 1, costs.shape[1] + 1), np.int32)
    table[0] = np.arange(costs.shape[1] + 1)
    for i, row in enumerate(costs):
        table[i + 1] = _next(table[i], row)
    return table


def _distance(costs: Iterable[_Costs]) -> int:
    """The least cost of making one the other, without keeping the table."""
    rows = iter(costs)
    first = next(rows)
    row: _Costs = np.arange(len(first) + 1, dtype=np.int32)
    for one in chain((first,), rows):
        row = _next(row, one)
    return int(row[-1])


def _next(before: _Costs, row: _Costs) -> _Costs:
    steps = np.arange(len(before), dtype=np.int32)
    now = before + 1
    np.minimum(now[1:], before[:-1] + row, out=now[1:])
    best: _Costs = np.minimum.accumulate(now - steps) + steps
    return best


def _shifted(costs: _Costs, tried: int) -> tuple[_Costs | None, int]:
    """The costs after the shift that saves most, None if none saves anything; with the count."""
    ahead = _forward(costs)
    behind = _forward(costs[::-1, ::-1])[::-1, ::-1]
    places, wrong, missed = _traced(costs, ahead)
    least = int(ahead[-1, -1])
    best: tuple[int, int, int, int] | None = None
    found: _Costs | None = None
    for first, length, targets in _phrases(costs, places, wrong, missed):
        for aim in targets:
            if tried >= MOST_TRIED:
                return found, tried
            tried += 1
            # As in Tercom, a place within the phrase stands for one as far behind it.
            inside = first < aim <= first + length
            target = min(aim + length, len(costs)) if inside else aim
            low, high = min(first, target), max(first + length, target)
            order = _moved(low, high, first, length, target)
            row = ahead[low]
            for moved in order:
                row = _next(row, costs[moved])
            saved = least - int((row + behind[high]).min())
            rank = (saved, length, -first, -aim)
            if saved > 0 and (best is None or rank > best):
                best = rank
                found = np.concatenate([costs[:low], costs[order], costs[high:]])
    return found, tried


def _moved(low: int, high: int, first: int, length: int, target: int) -> list[int]:
    """The rows from ``low`` to ``high`` with a phrase moved to before ``target``."""
    phrase = list(range(first, first + length))
    if target <= first:
        return [*phrase, *range(low, first)]
    return [*range(first + length, high), *phrase]


def _phrases(
    costs: _Costs, places: Sequence[int], wrong: Sequence[bool], missed: Sequence[bool]
) -> Iterator[tuple[int, int, list[int]]]:
    """Phrases of the reference that stand elsewhere: where, how long, and where to put them."""
    rows, columns = costs.shape
    for first, at in np.argwhere(costs == 0):
        if abs(int(first) - int(at)) > FARTHEST_SHIFT:
            continue
        length = 0
        while (
            length < LONGEST_SHIFT
            and first + length < rows
            and at + length < columns
            and costs[first + length, at + length] == 0
        ):
            length += 1
            if not any(wrong[first : first + length]) or not any(missed[at : at + length]):
                continue
            if first <= places[at] < first + length:
                continue
            targets = {0 if n < 0 else places[n] + 1 for n in range(at - 1, at + length)}
            yield int(first), length, sorted(targets - {first})


def _traced(costs: _Costs, ahead: _Costs) -> tuple[list[int], list[bool], list[bool]]:
    """Along the cheapest way: the place of each token of the reference, and which are wrong."""
    i, j = costs.shape
    places, wrong, missed = [0] * j, [False] * i, [False] * j
    while i or j:
        cost = costs[i - 1, j - 1] if i and j else _NEVER
        if cost < _NEVER and ahead[i, j] == ahead[i - 1, j - 1] + cost:
            i, j = i - 1, j - 1
            places[j], wrong[i], missed[j] = i, bool(cost), bool(cost)
        elif i and ahead[i, j] == ahead[i - 1, j] + 1:
            i -= 1
            wrong[i] = True
        else:
            j -= 1
            places[j], missed[j] = i - 1, True
    return places, wrong, missed
