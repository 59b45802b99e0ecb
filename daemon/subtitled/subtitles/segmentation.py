"""From words to cues: the cheapest way to cut a text into subtitles, by dynamic programming.

Each way of cutting has a cost: for breaks in the middle of a clause, for text that is read faster
than readers can, for cues that flash by. ``best[j]`` is the least cost of cutting the first *j*
words; since a cue holds but so many words, the whole is linear in their number.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Language, Word

from .limits import Limits, width
from .lines import lay_out, pieces_of
from .repair import repair
from .syntax import SPACELESS, break_cost, ends_sentence, may_break

MOST_WORDS = 32
"""Words in one cue, at most."""
MOST_CHARACTERS = 64
"""The same where a word is often one character."""
LONGEST_PAUSE = 1.5
"""Seconds of silence that always part two cues."""
CHAIN = 0.5
"""Gaps below so many seconds are closed: a flash of empty screen disturbs."""
LINGER = 0.5
"""Seconds that a cue stays after the speech, where it may, for slow readers."""


def segment(
    words: Sequence[Word], language: Language, limits: Limits, duration: float | None = None
) -> tuple[Cue, ...]:
    """Cues in order, apart by at least the gap, with every word in exactly one of them.

    ``duration`` is the length of the medium in seconds: no cue lies outside it.
    """
    clean = _whole_words(repair(words, duration), language, limits)
    if not clean:
        return ()
    groups = _cut(clean, language, limits)
    return _timed(groups, language, limits, duration)


def _whole_words(words: Sequence[Word], language: Language, limits: Limits) -> list[Word]:
    """Pieces that a cue may begin with: what may not begin a line joins the word before it."""
    joined: list[Word] = []
    room = limits.line_length * limits.lines
    for word in words:
        glue = bool(joined) and (
            not may_break(joined[-1].text, word.text) or width(word.text.strip(), language) == 0
        )
        if not glue and joined and str(language.primary) not in SPACELESS:
            glue = not word.text.startswith(" ")
        if glue and width(joined[-1].text + word.text, language) <= room:
            last = joined[-1]
            joined[-1] = Word(last.text + word.text, last.start, word.end, last.confidence)
        else:
            joined += _parts(word, language, limits)
    return joined


def _parts(word: Word, language: Language, limits: Limits) -> list[Word]:
    """A word that no cue can hold, in parts that share its time."""
    if width(word.text.strip(), language) <= limits.line_length:
        return [word]
    lines = lay_out([word.text], language, limits)
    if len(lines) < 2:
        lines = lay_out(list(word.text), language, limits)
    share = (word.end - word.start) / len(lines)
    return [
        Word(line, word.start + n * share, word.start + (n + 1) * share, word.confidence)
        for n, line in enumerate(lines)
    ]


@dataclass(frozen=True, slots=True)
class _Group:
    """The words of one cue."""

    text: str
    start: float
    end: float


def _cut(words: Sequence[Word], language: Language, limits: Limits) -> list[_Group]:
    spaceless = str(language.primary) in SPACELESS
    most = MOST_CHARACTERS if spaceless else MOST_WORDS
    room = limits.line_length * limits.lines
    widths = [width(word.text, language) for word in words]
    borders = [
        _border(words, number, language) for number in range(len(words))
    ]  # the cost of ending a cue after each word
    inner = [ends_sentence(word.text) for word in words]
    ends = [0.0, *itertools.accumulate(widths)]
    best = [0.0] + [float("inf")] * len(words)
    came_from = [0] * (len(words) + 1)
    for i in range(len(words)):
        if best[i] == float("inf"):
            continue
        columns, sentences = 0.0, 0
        for j in range(i, min(len(words), i + most)):
            columns += widths[j]
            if j > i:
                sentences += inner[j - 1]
                pause = words[j].start - words[j - 1].end
                too_long = words[j].end - words[i].start > limits.max_duration
                if pause > LONGEST_PAUSE or columns - 1 > room or too_long:
                    break
                if not _fits(ends, i, j, limits):
                    break
            until = words[j + 1].start if j + 1 < len(words) else words[j].end + 2.0
            cost = best[i] + _cost(
                columns, words[j].end - words[i].start, until - words[i].start, limits
            )
            cost += borders[j] + 0.9 * sentences + (2.5 if sentences and not inner[j] else 0.0)
            if cost < best[j + 1]:
                best[j + 1], came_from[j + 1] = cost, i
    groups: list[_Group] = []
    j = len(words)
    while j > 0:
        i = came_from[j]
        text = "".join(word.text for word in words[i:j]).strip()
        groups.append(_Group(text, words[i].start, words[j - 1].end))
        j = i
    return groups[::-1]


def _fits(ends: Sequence[float], i: int, j: int, limits: Limits) -> bool:
    """Whether the words from ``i`` to ``j`` fit the lines; ``ends`` are running columns."""
    first = i
    for _ in range(limits.lines):
        # The space in front of a line's first word is not shown.
        room = ends[first] + limits.line_length + 1
        first = bisect.bisect_right(ends, room, first + 1, j + 2) - 1
        if first > j:
            return True
    return False


def _border(words: Sequence[Word], number: int, language: Language) -> float:
    """What it costs to end a cue after a word: little at a sentence's end or in a pause."""
    if number + 1 == len(words):
        return 0.0
    pause = words[number + 1].start - words[number].end
    cost = break_cost(words[number].text, words[number + 1].text, language)
    return max(0.0, cost - (min(3.0, 3.0 * pause) if pause > 0.25 else 0.0))


def _cost(columns: float, spoken: float, free: float, limits: Limits) -> float:
    """The cost of one cue of so many columns that may stay ``free`` seconds on the screen."""
    shown = min(limits.max_duration, max(spoken, free - limits.gap), spoken + LINGER * 2)
    shown = max(shown, 0.05)
    cost = 1.0
    if columns / shown > limits.cps:
        cost += 25.0 * (columns / shown - limits.cps) / limits.cps
    if shown < limits.min_duration:
        cost += 12.0 * (limits.min_duration - shown) / limits.min_duration
    elif shown < 1.2:
        cost += 1.5 * (1.2 - shown)
    return cost


def _timed(
    groups: Sequence[_Group], language: Language, limits: Limits, duration: float | None
) -> tuple[Cue, ...]:
    """Cues with their times: as spoken, longer where the reader needs it and may have it."""
    cues: list[Cue] = []
    end_of_all = duration if duration is not None else float("inf")
    for number, group in enumerate(groups):
        following = groups[number + 1].start - limits.gap if number + 1 < len(groups) else None
        latest = end_of_all if following is None else min(end_of_all, following)
        need = max(limits.min_duration, width(group.text, language) / limits.cps)
        end = max(group.end, min(group.start + need, group.end + LINGER + limits.min_duration))
        if following is not None and following - end < CHAIN:
            end = following
        end = min(end, latest, group.start + max(limits.max_duration, group.end - group.start))
        text = "\n".join(lay_out(pieces_of(group.text, language), language, limits))
        cues.append(Cue(group.start, max(end, group.start), text))
    return _apart(cues, limits)


def _apart(cues: Sequence[Cue], limits: Limits) -> tuple[Cue, ...]:
    """No cue of no time and no overlap, to the millisecond; such a cue joins its neighbour."""
    kept: list[Cue] = []
    for cue in cues:
        start, end = round(cue.start, 3), round(cue.end, 3)
        if kept and (end - start < 0.001 or start < kept[-1].end):
            last = kept[-1]
            kept[-1] = Cue(last.start, max(last.end, end), f"{last.text}\n{cue.text}")
        else:
            kept.append(Cue(start, max(end, start + 0.001), cue.text))
    return tuple(kept)
