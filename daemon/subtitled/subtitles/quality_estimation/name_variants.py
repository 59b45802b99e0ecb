"""One name in several spellings."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein, Prefix

from subtitled.plugin import Cue

from ..markup import strip_tags

MIN_LETTERS = 5
"""Shorter names differ from other names by a letter."""
MAX_DISTANCE = 2
"""Letters by which spellings of one name differ at most; 1 for short names."""
LONG_NAME = 8
"""Letters from which a name is long."""
MIN_RATIO = 3
"""How much more often the usual spelling is there than the odd one."""
MAX_NAMES = 2000
"""Names that are compared: the most frequent ones."""

_TOKEN = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE_START = re.compile(r"(?:^|[.!?…:\n]\s*)[-–—\"“„«¿¡(\s]*$")


@dataclass(frozen=True, slots=True)
class NameVariant:
    """A spelling that is rare beside a similar one."""

    cue: int
    """The index of a cue that has it."""
    name: str
    other: str
    """The usual spelling."""
    other_count: int


def find_name_variants(cues: Sequence[Cue]) -> list[NameVariant]:
    """Find names that are nearly always written otherwise.

    A name is a word with a capital letter inside a sentence, which is never written small. In
    scripts without capital letters, and in texts of capitals only, nothing is found.
    """
    texts = [strip_tags(cue.text) for cue in cues]
    names: Counter[str] = Counter()
    places: dict[str, list[int]] = {}
    small: set[str] = set()
    for number, text in enumerate(texts):
        if text.isupper():
            continue
        tokens = _TOKEN.findall(text)
        small.update(filter(str.islower, tokens))
        capital = [one for one in tokens if len(one) >= MIN_LETTERS and one[0].isupper()]
        for token in capital:
            places.setdefault(token, []).append(number)
        if not capital or (capital == tokens[:1] and text[0].isalpha()):
            continue  # The first word of a sentence counts nothing, and to find places takes long.
        for match in _TOKEN.finditer(text):
            token = match[0]
            is_name = len(token) >= MIN_LETTERS and token[0].isupper()
            if is_name and not _SENTENCE_START.search(text, 0, match.start()):
                names[token] += 1
    known = [name for name, _ in names.most_common(MAX_NAMES) if name.lower() not in small]
    return _compare(known, places)


def _compare(names: Sequence[str], places: dict[str, list[int]]) -> list[NameVariant]:
    counts = {name: len(places[name]) for name in names}
    usual = [name for name in names if counts[name] >= MIN_RATIO]
    found: list[NameVariant] = []
    for name in names:
        candidates = [other for other in usual if counts[other] >= MIN_RATIO * counts[name]]
        limit = MAX_DISTANCE if len(name) >= LONG_NAME else 1
        best = process.extractOne(
            name.lower(),
            [other.lower() for other in candidates],
            scorer=Levenshtein.distance,
            score_cutoff=limit,
        )
        if best is None or best[1] == 0 or _is_inflected(name, candidates[best[2]]):
            continue
        other = candidates[best[2]]
        found += (
            NameVariant(cue, name, other, counts[other]) for cue in dict.fromkeys(places[name])
        )
    return sorted(found, key=lambda variant: variant.cue)


def _is_inflected(name: str, other: str) -> bool:
    """Check whether two names differ only in their endings, as in a case or a plural."""
    short, long = sorted((name.lower(), other.lower()), key=len)
    common = Prefix.similarity(short, long)
    return common == len(short) or (common == len(short) - 1 and short[-1] != long[-1])
