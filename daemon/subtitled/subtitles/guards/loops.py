"""Repetition: what a recogniser caught in a loop writes, told from songs, chants and counting.

People do repeat themselves. A repetition stays if the sound bears it out: it lies in clear speech,
the recogniser is sure of it, and each repeat takes about as long as saying it does. Recognisers in
a loop put their words at no time at all, or spread a few over a minute, or never end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Word

from .passages import Finding, Passage, Removal, Sound, bare, passages

LONGEST_UNIT = 8
"""Words in the longest unit that is looked for."""
REPEATS = 4
REPEATS_SHORT = 6
"""From so many repeats on a unit is suspect; the second where it has under four letters: "no no
no" is ordinary speech."""
MOST = 30
"""Repeats that nobody says in a row, whatever the sound."""
SAME = 3
SAME_SECONDS = 10.0
"""Equal passages in a row, and the seconds that they take together, that are suspect."""
SLOWEST, FASTEST = 2.0, 30.0
"""Characters a second between which words are really spoken."""

_CHARACTER = re.compile(r"([^\W\d_])\1{4,}")
_SYLLABLES = re.compile(r"([^\W\d_]{2,8}?)\1{5,}")
KEPT = 4
"""Repeats that are left of a loop inside one word."""


def loops(words: Sequence[Word], sound: Sound) -> list[Finding]:
    """Repeats of one to eight words that the sound does not bear out; the first stays."""
    tokens = [bare(word.text) for word in words]
    taken = [False] * len(words)
    found: list[Finding] = []
    for size in range(1, LONGEST_UNIT + 1):
        for first, last in _repeated(tokens, size):
            count = (last - first) // size
            letters = sum(map(len, tokens[first : first + size]))
            needed = REPEATS_SHORT if letters < 4 else REPEATS
            if letters == 0 or count < needed or any(taken[first:last]):
                continue
            taken[first:last] = [True] * (last - first)
            run = Passage(first, last, words[first:last])
            if not _borne_out(run, sound, count, needed):
                reason = f"a loop: {_shown(words[first : first + size])} {count} times"
                found.append(Finding(first + size, last, reason))
    return sorted(found, key=lambda one: one.first)


def _repeated(tokens: Sequence[str], size: int) -> list[tuple[int, int]]:
    """The runs, from where to where, in which each word is that of ``size`` words before."""
    runs: list[tuple[int, int]] = []
    begin = -1
    for number in range(len(tokens) - size + 1):
        same = number + size < len(tokens) and tokens[number] == tokens[number + size]
        if same and begin < 0:
            begin = number
        elif not same and begin >= 0:
            length = (number + size - begin) // size * size
            if length >= 2 * size:
                runs.append((begin, begin + length))
            begin = -1
    return runs


def _borne_out(run: Passage, sound: Sound, count: int, needed: int) -> bool:
    if count > MOST or run.weak(sound):
        return False
    if not run.has_times:
        return count < 2 * needed
    letters = sum(len(bare(word.text)) for word in run.words)
    spoken = sum(word.end - word.start for word in run.words)
    nowhere = sum(word.end - word.start < 0.03 for word in run.words)
    pace = letters / max(spoken, 0.01)
    return SLOWEST <= pace <= FASTEST and nowhere <= len(run.words) / 4


def same_again(words: Sequence[Word], sound: Sound) -> list[Finding]:
    """Equal passages, one after the other for long, that the sound does not bear out."""
    found: list[Finding] = []
    row: list[Passage] = []
    for passage in passages(words):
        if row and bare(passage.text) == bare(row[0].text):
            row.append(passage)
            continue
        found += _row(row, sound)
        row = [passage]
    return [*found, *_row(row, sound)]


def _row(row: Sequence[Passage], sound: Sound) -> list[Finding]:
    if len(row) < SAME or row[-1].end - row[0].start <= SAME_SECONDS:
        return []
    if all(_borne_out(passage, sound, len(row), REPEATS) for passage in row):
        return []
    reason = f"a loop: {_shown(row[0].words)} {len(row)} times"
    return [passage.found(reason) for passage in row[1:]]


def _shown(unit: Sequence[Word]) -> str:
    text = "".join(word.text for word in unit).strip()
    return f"“{text[:40]}…”" if len(text) > 41 else f"“{text}”"


def shortened(words: Sequence[Word]) -> tuple[list[Word], list[Removal]]:
    """Words in which letters or syllables go on and on, cut to a few; and what was cut off."""
    left: list[Word] = []
    gone: list[Removal] = []
    for word in words:
        text = _CHARACTER.sub(lambda m: m[1] * KEPT, word.text)
        text = _SYLLABLES.sub(lambda m: m[1] * KEPT, text)
        if text != word.text:
            reason = f"a loop of letters, cut to {text.strip()[:40]}"
            gone.append(Removal(word.start, word.end, word.text.strip(), reason))
            word = replace(word, text=text)
        left.append(word)
    return left, gone
