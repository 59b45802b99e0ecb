"""Checking a translation against its glossary."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Language, Word

from .terms import Term, TermScope, mentions_term

SLACK_SECONDS = 3.0
"""The seconds nearby_text a cue in which its text may be found, because sentences cross cues."""


@dataclass(frozen=True, slots=True)
class MissingTerm:
    """A term that was spoken and is not in the translation as the glossary requires."""

    start_seconds: float
    """The start of the cue, in seconds of the media clock."""
    source_text: str
    target_text: str


def missing_terms(
    words: Sequence[Word],
    cues: Sequence[Cue],
    terms: Sequence[Term],
    source: Language,
    target: Language,
) -> list[MissingTerm]:
    """Return the glossary terms that were spoken during a cue and are missing in it and nearby.

    Names that are in no glossary are not checked.

    Args:
        words: What was spoken, in order.
        cues: The translation.
        terms: The terms that apply to the media file.
        source: The spoken language.
        target: The language of the translation.
    """
    required = [term for term in terms if term.scope is not TermScope.NAMES]
    starts = [word.start for word in words]
    spoken = "".join(word.text for word in words)
    required = [
        term
        for term in required
        if mentions_term(spoken, term.source_text(source), is_case_sensitive=term.is_case_sensitive)
    ]
    missing = []
    for number, cue in enumerate(cues):
        first, last = (bisect.bisect_left(starts, at) for at in (cue.start, cue.end))
        cue_words = "".join(word.text for word in words[first:last])
        nearby_text = " ".join(
            other.text.replace("\n", " ")
            for other in cues[max(0, number - 3) : number + 4]
            if other.end > cue.start - SLACK_SECONDS and other.start < cue.end + SLACK_SECONDS
        )
        for term in required:
            name, wanted = term.source_text(source), term.target_text(target)
            if mentions_term(
                cue_words, name, is_case_sensitive=term.is_case_sensitive
            ) and not mentions_term(nearby_text, wanted, is_inflected=True):
                missing.append(MissingTerm(cue.start, name, wanted))
    return missing
