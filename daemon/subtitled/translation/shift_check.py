"""Detects shifted lines: right translations with the wrong numbers.

A model that joins two lines and renumbers the rest gives an answer in which every text belongs to
another line. The check compares what survives translation: numbers, names, questions and length.
"""

from __future__ import annotations

import functools
import math
import re
import statistics
import unicodedata
from collections.abc import Collection, Sequence

MIN_RUN_SCORE = 4.0
"""Points by which a run of lines must fit its neighbours better to count as shifted."""
MIN_GAIN = 0.5
"""Points by which a text must fit its own source better, where lines are missing."""
MAX_SHIFT_LINES = 3
"""Places by which lines are assumed to shift at most."""
MIN_LINES = 4
"""Fewest lines that can be compared."""

_NUMBER = re.compile(r"\d+(?:[.,:\u00a0\u202f ]\d{3}(?!\d))*")
_WORD = re.compile(r"[^\W\d_]{4,}")
_CHARS_DENSITY = (
    ("CJK", 3.0),
    ("HIRAGANA", 1.5),
    ("KATAKANA", 1.5),
    ("HANGUL", 2.0),
)
"""Letters of an alphabet to which one character of a script corresponds."""


@functools.lru_cache(maxsize=4096)
def letter_count(text: str) -> float:
    """Return how much a text says, in letters of an alphabet."""
    total = 0.0
    for character in text:
        if character.isascii():
            total += character.isalnum()
        elif unicodedata.category(character)[0] in "LN":
            name = unicodedata.name(character, "")
            total += next((many for script, many in _CHARS_DENSITY if name.startswith(script)), 1.0)
    return total


def extract_numbers(text: str) -> list[str]:
    """Return the numbers in a text in ASCII digits, without thousands separators."""
    numbers = []
    for match in _NUMBER.findall(text):
        numbers.append("".join(str(unicodedata.digit(c)) for c in match if c.isdigit()))
    return numbers


def shifted_lines(
    sources: Sequence[str], texts: Sequence[str | None], bad: Collection[int] = ()
) -> set[int]:
    """Find texts that seem to belong to another source than their own.

    Lines that were renumbered lack the last or the first number. Then only a text that fits its own
    source best is believed, and none if there are few lines to compare. The same holds beside a bad
    line, into which two may have been joined.

    Args:
        sources: The source lines, in order.
        texts: Their translations, None where one is missing.
        bad: The places of translations that are wrong anyhow.

    Returns:
        The places of shifted texts.
    """
    known = [number for number, text in enumerate(texts) if text is not None]
    typical = _typical_growth(sources, texts, known)
    own = {number for number in known if _fits_own_source(sources, texts, number, typical)}
    if known and (texts[0] is None or texts[-1] is None):
        return set(known) - (own if len(known) >= MIN_LINES else set())
    shifted = {n for at in bad for n in (at - 1, at + 1) if n in known and n not in own}
    for step in (*range(-MAX_SHIFT_LINES, 0), *range(1, MAX_SHIFT_LINES + 1)):
        gains = [_shift_gain(sources, texts, number, step, typical) for number in range(len(texts))]
        run = _best_run(gains)
        shifted |= run
        for edge, outwards in ((min(run, default=0), -1), (max(run, default=-1), 1)):
            at = edge + outwards
            while run and at in known and at not in own:
                shifted.add(at)
                at += outwards
    return shifted


def _typical_growth(
    sources: Sequence[str], texts: Sequence[str | None], known: Sequence[int]
) -> float:
    """Return the median growth of the texts over their sources, as a logarithm."""
    if len(known) < MIN_LINES:
        return 0.1
    return statistics.median(_growth(sources[n], texts[n] or "") for n in known)


def _growth(source: str, text: str) -> float:
    return math.log((letter_count(text) + 3) / (letter_count(source) + 3))


def _fits_own_source(
    sources: Sequence[str], texts: Sequence[str | None], number: int, usual: float
) -> bool:
    """Return whether a text fits its own source better than those around it."""
    near = [
        step
        for step in range(-MAX_SHIFT_LINES, MAX_SHIFT_LINES + 1)
        if step and 0 <= number + step < len(sources)
    ]
    return all(_shift_gain(sources, texts, number, step, usual) < -MIN_GAIN for step in near)


def _shift_gain(
    sources: Sequence[str], texts: Sequence[str | None], number: int, step: int, usual: float
) -> float:
    """Return how much better a text fits the source ``step`` places further than its own."""
    text, other = texts[number], number + step
    if text is None:
        return 0.0
    if not 0 <= other < len(sources):
        return -1.0
    return _fit_score(sources[other], text, usual) - _fit_score(sources[number], text, usual)


def _best_run(gains: Sequence[float]) -> set[int]:
    """Return the places of the run with the highest sum, if it exceeds :data:`MIN_RUN_SCORE`."""
    best, best_run = 0.0, range(0)
    total, first = 0.0, 0
    for number, gain in enumerate(gains):
        if total <= 0:
            total, first = 0.0, number
        total += gain
        if total > best:
            best, best_run = total, range(first, number + 1)
    return set(best_run) if best > MIN_RUN_SCORE else set()


@functools.lru_cache(maxsize=4096)
def _fit_score(source: str, text: str, usual: float) -> float:
    """Return how well a text matches a source, in points."""
    points = 0.0
    mine, theirs = set(extract_numbers(source)), set(extract_numbers(text))
    if mine and theirs:
        points += 3.0 if mine & theirs else -2.0
    elif mine or theirs:
        points -= 1.0
    shared = {word.casefold() for word in _WORD.findall(source)} & {
        word.casefold() for word in _WORD.findall(text)
    }
    points += min(3.0, 1.5 * len(shared))
    asks, answers = _is_question(source), _is_question(text)
    points += (1.0 if asks else 0.0) if asks == answers else -1.0
    strange = abs(_growth(source, text) - usual)
    return points - min(2.5, 2.0 * max(0.0, strange - 0.3))


def _is_question(text: str) -> bool:
    return any(mark in text for mark in "?？؟")
