"""Whether a translation calls things what its glossary says: what was meant and is not there."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.library.mentions import mentions
from subtitled.library.terms import Scope, Term
from subtitled.plugin import Cue, Language, Word

SLACK = 3.0
"""Seconds before and after a cue in which its text may be found: sentences cross cues."""


@dataclass(frozen=True, slots=True)
class Missed:
    """A term that was said and is called something else in the translation."""

    time: float
    """Seconds of the medium at which the cue begins."""
    said: str
    wanted: str


def missed(
    words: Sequence[Word],
    cues: Sequence[Cue],
    terms: Sequence[Term],
    source: Language,
    target: Language,
) -> list[Missed]:
    """The terms of glossaries that were said during a cue and are missing there and around it.

    ``words`` are what was said, in order; ``cues`` the translation; ``terms`` what binds it.
    Names that no glossary has are nobody's wish, and not asked for.
    """
    asked = [term for term in terms if term.scope is not Scope.NAMES]
    starts = [word.start for word in words]
    spoken = "".join(word.text for word in words)
    asked = [t for t in asked if mentions(spoken, t.said_in(source), exact=t.exact)]
    found = []
    for number, cue in enumerate(cues):
        first, last = (bisect.bisect_left(starts, t) for t in (cue.start, cue.end))
        said = "".join(word.text for word in words[first:last])
        around = " ".join(
            other.text.replace("\n", " ")
            for other in cues[max(0, number - 3) : number + 4]
            if other.end > cue.start - SLACK and other.start < cue.end + SLACK
        )
        for term in asked:
            name, wanted = term.said_in(source), term.called_in(target)
            if mentions(said, name, exact=term.exact) and not mentions(around, wanted, bent=True):
                found.append(Missed(cue.start, name, wanted))
    return found
