"""Captions that scroll, and karaoke: one text in many cues becomes one cue for each phrase.

Automatic captions of YouTube show each phrase as the lower line while it is spoken, alone for 10
milliseconds, and as the upper line of the next phrase. Broadcast roll-up captions shift lines up
one by one. Live captions and karaoke show a line that grows, or one line again with another part of
it coloured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from subtitled.plugin import Cue

from ..markup import strip_tags
from .result import ReadResult

MAX_PAUSE_SECONDS = 0.3
"""Longest time between two cues of which one continues the other."""
MAX_SCROLL_PAUSE_SECONDS = 2.0
"""The same where whole lines of the one before stand above new ones."""
MIN_SHARE = 0.5
"""Share of cues that repeat text of the cue before, from which a file is rolling."""
MIN_REPEATS = 3
"""Fewest cues that repeat text, for the same."""
MAX_STEP_SECONDS = 0.05
"""Longest gap or overlap of two cues with one text."""
MIN_REPEATS_WITH_SIGNS = 2
"""The same for files with times of words, or with cues that only flash."""
MIN_REPEATED_TEXTS = 4
"""Fewest texts that are there twice from which all cues with one text are joined."""
FLASH_SECONDS = 0.2
"""Duration below which nobody can read a cue."""


def join_rolling(result: ReadResult) -> ReadResult:
    """Return the result with each phrase once, if its captions scroll or are karaoke."""
    pairs = _find_repeats(result)
    if _is_enough(sum(_overlap(*pair) > 0 for pair in pairs), result):
        lines = [_Lines.of(cue) for cue in result.cues]
        overlaps = [_overlap(*pair) for pair in pairwise(lines)]
        if any(
            overlap > 0 and before.plain != after.plain
            for (before, after), overlap in zip(pairwise(lines), overlaps, strict=True)
        ):
            cues = tuple(_phrases(lines, overlaps))
            return replace(result, cues=cues, is_rolling=True, is_karaoke=False)
    # In a file in which most cues repeat the one before, each is no cue by itself.
    repeated = [before.plain for before, after in pairs if _repeats(before, after)]
    joins_all = len(set(repeated)) >= MIN_REPEATED_TEXTS and _is_enough(len(repeated), result)
    if joins_all or any(_repeats(*pair) and _is_one_text(pair) for pair in pairs):
        lines = [_Lines.of(cue) for cue in result.cues]
        cues = tuple(_join_repeated(lines, joins_all=joins_all))
        return replace(result, cues=cues, is_karaoke=True)
    return result


def _find_repeats(result: ReadResult) -> list[tuple[_Lines, _Lines]]:
    """Return the pairs of neighbours of which the second may repeat text of the first."""
    texts = [
        strip_tags(cue.text) if "<" in cue.text or "{" in cue.text else cue.text
        for cue in result.cues
    ]
    return [
        (_Lines.of(result.cues[place - 1]), _Lines.of(result.cues[place]))
        for place, (before, text) in enumerate(pairwise(texts), 1)
        if (words := before.rsplit(None, 1)) and words[-1] in text and _may_repeat(before, text)
    ]


def _is_enough(repeats: int, result: ReadResult) -> bool:
    """Check whether so many cues repeat text of the one before that the captions scroll."""
    if repeats < MIN_REPEATS_WITH_SIGNS or repeats < MIN_SHARE * (len(result.cues) - 1):
        return False
    has_signs = result.is_karaoke or any(cue.duration < FLASH_SECONDS for cue in result.cues)
    return repeats >= (MIN_REPEATS_WITH_SIGNS if has_signs else MIN_REPEATS)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A cue with its lines, with and without tags."""

    cue: Cue
    marked: tuple[str, ...]
    plain: tuple[str, ...]

    @classmethod
    def of(cls, cue: Cue) -> _Lines:
        if "<" not in cue.text and "{" not in cue.text:
            plain = tuple(" ".join(line.split()) for line in cue.text.split("\n") if line.strip())
            return cls(cue, plain, plain)
        lines = [(line, " ".join(strip_tags(line).split())) for line in cue.text.split("\n")]
        lines = [(marked, plain) for marked, plain in lines if plain]
        return cls(cue, tuple(line[0] for line in lines), tuple(line[1] for line in lines))


def _may_repeat(before: str, after: str) -> bool:
    """Check whether a text has the last line of the one before."""
    last = before.rstrip().rpartition("\n")[2]
    return " ".join(last.split()) in " ".join(after.split())


def _overlap(before: _Lines, after: _Lines) -> int:
    """Return how many lines at the beginning of a cue stood at the end of the one before.

    The last of them may have grown.
    """
    pause = after.cue.start - before.cue.end
    if pause > MAX_SCROLL_PAUSE_SECONDS or after.cue.start < before.cue.start:
        return 0
    for count in range(min(len(before.plain), len(after.plain), 8), 0, -1):
        if count > 1 and before.plain[-count] != after.plain[0]:
            continue
        old, new = before.plain[-count:], after.plain[:count]
        is_typed = before.cue.duration < FLASH_SECONDS
        if old[:-1] == new[:-1] and _grows(old[-1], new[-1], is_typed=is_typed):
            scrolls = old == new and len(after.plain) > count
            return count if scrolls or pause <= MAX_PAUSE_SECONDS else 0
    return 0


def _grows(old: str, new: str, *, is_typed: bool) -> bool:
    """Check whether a line is an old one with more words, or letters if it is typed."""
    return new == old or (new.startswith(old) and (is_typed or not new[len(old)].isalnum()))


@dataclass(slots=True)
class _Phrase:
    """A phrase that is being read: its lines may still grow."""

    start: float
    end: float
    lines: list[str]


def _phrases(lines: Sequence[_Lines], overlaps: Sequence[int]) -> list[Cue]:
    """Return each new line once: from its first cue until the next phrase, or its last cue."""
    phrases: list[_Phrase] = []
    for number, entry in enumerate(lines):
        overlap = overlaps[number - 1] if number else 0
        if overlap and phrases:
            # The last line of the cue before may have grown: it stays one phrase.
            phrases[-1].lines[-1] = entry.marked[overlap - 1]
            phrases[-1].end = max(phrases[-1].end, entry.cue.end)
        if new := entry.marked[overlap:]:
            if phrases and phrases[-1].end > entry.cue.start > phrases[-1].start:
                phrases[-1].end = entry.cue.start
            phrases.append(_Phrase(entry.cue.start, entry.cue.end, list(new)))
    return [Cue(phrase.start, phrase.end, "\n".join(phrase.lines)) for phrase in phrases]


def _join_repeated(lines: Sequence[_Lines], *, joins_all: bool) -> list[Cue]:
    """Join cues that follow each other with one text, if each is no cue by itself.

    That is a text whose tags change, or cues that only flash; or ``joins_all``.
    """
    cues: list[Cue] = []
    first = 0
    for last in range(1, len(lines) + 1):
        if last < len(lines) and _repeats(lines[last - 1], lines[last]):
            continue
        run = lines[first:last]
        if len(run) > 1 and (joins_all or _is_one_text(run)):
            text = "\n".join(run[-1].plain)
            cues.append(Cue(run[0].cue.start, max(entry.cue.end for entry in run), text))
        else:
            cues += [entry.cue for entry in run]
        first = last
    return cues


def _is_one_text(run: Sequence[_Lines]) -> bool:
    """Check whether cues with the same words are one: their tags change, or one only flashes."""
    return any(entry.marked != run[0].marked or entry.cue.duration < FLASH_SECONDS for entry in run)


def _repeats(before: _Lines, after: _Lines) -> bool:
    is_near = abs(after.cue.start - before.cue.end) <= MAX_STEP_SECONDS
    return (
        is_near
        and after.cue.start > before.cue.start
        and bool(before.plain)
        and before.plain == after.plain
    )
