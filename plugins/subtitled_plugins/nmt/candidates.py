"""The candidates that a model gives for a line, and which of them is taken."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import TextPair

MAX_LOSS = 0.3
"""How much less probable, as natural logarithm for each token, a candidate may be that is taken
because it is shorter or has the terms of the glossary."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A translation of a line."""

    text: str
    score: float
    """The mean natural logarithm of the probabilities of its tokens, 0 or less."""

    @property
    def confidence(self) -> float:
        """The mean probability of its tokens, 0 to 1."""
        return math.exp(min(self.score, 0.0))


def choose(
    candidates: Sequence[Candidate], terms: Sequence[TextPair], max_chars: int | None
) -> Candidate | None:
    """Choose the translation of a line.

    Args:
        candidates: The candidates, the likeliest first.
        terms: Terms that must be translated in a certain way.
        max_chars: How long the translation should be at most. None if it does not matter.

    Returns:
        The likeliest one that has the terms and is short enough. One that is much less likely than
        the first is not taken. None if there is no candidate.
    """
    close = _close(candidates)
    if not close:
        return None
    most = most_terms(close, terms)
    best = [one for one in close if count_terms(one.text, terms) == most]
    if max_chars is None or len(best[0].text) <= max_chars:
        return best[0]
    fitting = [one for one in best if len(one.text) <= max_chars]
    return fitting[0] if fitting else min(best, key=lambda one: len(one.text))


def most_terms(candidates: Sequence[Candidate], terms: Sequence[TextPair]) -> int:
    """Count the terms of the candidate that has most of them, of those that may be taken."""
    return max((count_terms(one.text, terms) for one in _close(candidates)), default=0)


def _close(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that are about as likely as the first."""
    return [one for one in candidates if one.text and one.score >= candidates[0].score - MAX_LOSS]


def terms_in(text: str, glossary: Sequence[TextPair]) -> tuple[TextPair, ...]:
    """Return the terms of a glossary that a line has."""
    return tuple(term for term in glossary if _find(term.source).search(text))


def count_terms(text: str, terms: Sequence[TextPair]) -> int:
    """Count the terms whose required translation is in a text."""
    return sum(_find(term.target).search(text) is not None for term in terms)


def insert_terms(text: str, terms: Sequence[TextPair]) -> str:
    """Write the required translations into the line itself: models copy words they do not know."""
    for term in terms:
        text = _find(term.source).sub(term.target.replace("\\", r"\\"), text)
    return text


def _find(term: str) -> re.Pattern[str]:
    """Match a term as whole words, in capitals or not. Scripts without spaces have no words."""
    before = r"(?<!\w)" if term[:1].isascii() else ""
    after = r"(?!\w)" if term[-1:].isascii() else ""
    return re.compile(f"{before}{re.escape(term)}{after}", re.IGNORECASE)
