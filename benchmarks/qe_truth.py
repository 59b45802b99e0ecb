"""Which cues are wrong, by alignment with what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from subtitled.plugin import Cue, Language
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.evaluation.words import split_words

MAX_LOST_WORDS = 4
"""Words lost between two cues up to which the first of them is wrong. More are a hole, which no cue
shows: it is counted as such."""


@dataclass(slots=True)
class CueTruth:
    """What is wrong with one cue, in words, or in characters where those are compared."""

    words: int
    errors: int = 0

    @property
    def share(self) -> float:
        """Errors per word; 1 for a cue without words that lacks some."""
        return min(1.0, self.errors / self.words) if self.words else float(self.errors > 0)


@dataclass(frozen=True, slots=True)
class Truth:
    cues: tuple[CueTruth, ...]
    lost_words: int
    """Words in holes between cues."""


def find_truth(cues: Sequence[Cue], reference: str, language: Language) -> Truth:
    """Compare cues with what was said.

    Numbers are not compared, since they may be written in letters or digits, and neither is whether
    a word is written as one or two.
    """
    split = [split_words(text.replace("\n", " "), language) for text in _alike(cues, language)]
    heard = [word for words in split for word in words]
    owners = [number for number, words in enumerate(split) for _ in words]
    said = split_words(_simplified([reference], language)[0].replace("\n", " "), language)
    found = [CueTruth(len(words)) for words in split]
    lost = 0
    for region in _differences(heard, said):
        here, there = heard[region.first : region.last], said[region.start : region.end]
        if "".join(here) == "".join(there) or any(c.isdigit() for c in "".join(here)):
            continue
        for number in range(region.first, region.last):
            found[owners[number]].errors += 1
        missing = max(0, len(there) - len(here))
        before, after = max(0, region.first - 1), min(region.last, len(owners) - 1)
        is_between = not here and owners and owners[before] != owners[after]
        if not owners or (is_between and missing > MAX_LOST_WORDS):
            lost += missing
        else:
            found[owners[max(0, region.last - 1)]].errors += missing
    return Truth(tuple(found), lost)


@dataclass(frozen=True, slots=True)
class _Difference:
    first: int
    last: int
    start: int
    end: int


def _differences(heard: Sequence[str], said: Sequence[str]) -> list[_Difference]:
    """Return the regions that differ: indices of what was heard and of what was said."""
    found: list[_Difference] = []
    is_open = False
    for op in Levenshtein.opcodes(heard, said):
        if op.tag == "equal":
            is_open = False
            continue
        part = _Difference(op.src_start, op.src_end, op.dest_start, op.dest_end)
        if is_open:
            before = found.pop()
            part = _Difference(before.first, part.last, before.start, part.end)
        found.append(part)
        is_open = True
    return found


def _alike(cues: Sequence[Cue], language: Language) -> list[str]:
    return _simplified([cue.text for cue in cues], language)


def _simplified(texts: list[str], language: Language) -> list[str]:
    if str(language.primary) != "zh":
        return texts
    return [convert_texts([text], Language("zh-Hans"))[0] for text in texts]
