"""Whether a translation calls things what its glossary says: what was meant and is not there."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Language, Word

from .terms import Term, TermScope, mentions_term

SLACK_SECONDS = 3.0
"""Seconds before and after a cue in which its text may be found: sentences cross cues."""


@dataclass(frozen=True, slots=True)
class MissingTerm:
    """A term that was said and is called something else in the translation."""

    start_seconds: float
    """Seconds of the medium at which the cue begins."""
    source_text: str
    target_text: str


def missing_terms(
    words: Sequence[Word],
    cues: Sequence[Cue],
    terms: Sequence[Term],
    source: Language,
    target: Language,
) -> list[MissingTerm]:
    """The terms of glossaries that were said during a cue and are missing there and around it.

    ``words`` are what was source_text, in order; ``cues`` the translation; ``terms`` what binds it.
    Names that no glossary has are nobody's wish, and not asked for.
    """
    asked = [term for term in terms if term.scope is not TermScope.NAMES]
    starts = [word.start for word in words]
    spoken = "".join(word.text for word in words)
    asked = [
        t
        for t in asked
        if mentions_term(spoken, t.source_text(source), is_case_sensitive=t.is_case_sensitive)
    ]
    found = []
    for number, cue in enumerate(cues):
        first, last = (bisect.bisect_left(starts, t) for t in (cue.start, cue.end))
        said = "".join(word.text for word in words[first:last])
        around = " ".join(
            other.text.replace("\n", " ")
            for other in cues[max(0, number - 3) : number + 4]
            if other.end > cue.start - SLACK_SECONDS and other.start < cue.end + SLACK_SECONDS
        )
        for term in asked:
            name, wanted = term.source_text(source), term.target_text(target)
            if mentions_term(
                said, name, is_case_sensitive=term.is_case_sensitive
            ) and not mentions_term(around, wanted, is_inflected=True):
                found.append(MissingTerm(cue.start, name, wanted))
    return found
