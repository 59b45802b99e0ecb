"""From words to the sentences that are translated, across the borders of cues."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language, Word
from subtitled.subtitles.layout.syntax import break_cost, ends_sentence

PAUSE = 2.0
"""Seconds of silence over which no sentence goes on, by the guides a pause of its own."""
BREATH = 0.7
"""The same where an engine writes no full stops."""
LONGEST = 300
"""Characters; a longer sentence is cut where it reads best."""
PUNCTUATED = 40
"""Words to a full stop, at most, of an engine that writes them."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """Some words in a row that are translated as one text."""

    words: tuple[Word, ...]

    @property
    def text(self) -> str:
        return "".join(word.text for word in self.words).strip()

    @property
    def start(self) -> float:
        return self.words[0].start

    @property
    def end(self) -> float:
        return self.words[-1].end


def sentences(words: Sequence[Word], language: Language) -> list[Sentence]:
    """All of the repaired words, in order, each in exactly one sentence."""
    ends = sum(ends_sentence(word.text, language) for word in words)
    pause = PAUSE if ends * PUNCTUATED >= len(words) else BREATH
    found: list[Sentence] = []
    first = 0
    for last in range(1, len(words) + 1):
        if last == len(words) or _ends(words[first:last], words[last], language, pause):
            found += _cut(words[first:last], language)
            first = last
    return found


def _ends(said: Sequence[Word], following: Word, language: Language, pause: float) -> bool:
    """Whether a sentence ends before the word that follows."""
    if following.speaker != said[-1].speaker or following.start - said[-1].end > pause:
        return True
    after = following.text.strip()
    if after[0].islower() or not any(map(str.isalnum, after)):
        return False  # it goes on; or a mark closes what was said
    return ends_sentence(_last(said), language)


def _last(said: Sequence[Word]) -> str:
    """The last word with the marks behind it, which may be words of their own."""
    text = ""
    for word in reversed(said):
        text = word.text + text
        if any(map(str.isalnum, word.text)):
            break
    return text


def _cut(words: Sequence[Word], language: Language) -> list[Sentence]:
    """One sentence, or one that is too long for it in parts, cut where it costs least."""
    lengths = list(itertools.accumulate(len(word.text) for word in words))
    if lengths[-1] <= LONGEST or len(words) < 2:
        return [Sentence(tuple(words))]

    def cost(at: int) -> float:
        before, after = words[at - 1], words[at]
        uneven = abs(lengths[at - 1] / lengths[-1] - 0.5)
        silence = min(after.start - before.end, 1.0)
        return break_cost(before.text, after.text, language) + 8 * uneven - 4 * silence

    at = min(range(1, len(words)), key=cost)
    return [*_cut(words[:at], language), *_cut(words[at:], language)]
