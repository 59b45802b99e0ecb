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
_MAYBE_CAPITAL = re.compile(
    r"[^\W\d_a-z](?<![^\W\d_].)(?<![^\W\d_][-'’].)[^\W\d_]*(?:[-'’][^\W\d_]+)*", re.DOTALL
)
"""A token that does not begin with a small letter of ASCII, as nearly all do. What stands before it
is looked at last, so that most places of a text are passed fast."""
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
    mixed = [(number, text) for number, text in enumerate(texts) if not text.isupper()]
    names: Counter[str] = Counter()
    places: dict[str, list[int]] = {}
    for number, text in mixed:
        for match in _MAYBE_CAPITAL.finditer(text):
            token = match[0]
            if len(token) >= MIN_LETTERS and token[0].isupper():
                places.setdefault(token, []).append(number)
                if not _SENTENCE_START.search(text, 0, match.start()):
                    names[token] += 1
    # Most words are there many times, and are looked at once.
    pieces = set("\n".join(text for _, text in mixed).split())
    small = {word for word in _TOKEN.findall("\n".join(pieces)) if word.islower()}
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
