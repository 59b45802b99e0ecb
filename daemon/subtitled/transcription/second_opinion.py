"""Which stretches look wrong, and which of two hearings of one looks better: pure functions.

Signs are what :mod:`~subtitled.subtitles.guards` would leave out (loops above all), little
confidence, and far more or fewer letters than anybody says in the seconds that are speech.
"""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.plugin import Language, Stretch, Transcript
from subtitled.subtitles.guards import Phrases, guard
from subtitled.subtitles.guards.passages import UNSURE, mean_confidence
from subtitled.subtitles.layout.estimate import weight

ENOUGH = 5.0
"""Seconds of clear speech below which a stretch tells nothing."""
LEFT_OUT = 0.1
"""Share of its letters that the guards may leave out of a stretch that looks well."""
SPARSE, DENSE = 4.0, 30.0
"""Letters for each second of speech, between which people speak: even slow speech with pauses has
six or seven, and nobody says thirty. A character of Chinese counts as two
(:func:`~subtitled.subtitles.layout.estimate.weight`)."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a hearing of a stretch looks: what is odd about it, and how many letters for each second
    of speech are to be believed, of which nobody says more than so many."""

    odd: tuple[str, ...] = ()
    believed: float = 0.0

    @property
    def wrong(self) -> bool:
        return bool(self.odd)

    def __str__(self) -> str:
        return ", ".join(self.odd) or "looks well"


def look(
    transcript: Transcript, stretch: Stretch, language: Language, duration: float, phrases: Phrases
) -> Look:
    """Look at the words of one stretch of a medium of ``duration`` seconds."""
    spoken = sum(part.duration for part in stretch.speech)
    faint = sum(part.duration for part in stretch.quiet)
    if spoken - faint < ENOUGH:
        return Look()
    words, gone = guard(
        transcript, language, stretch.speech, duration, phrases, quiet=stretch.quiet
    )
    said = sum(weight(word.text) for word in transcript.words)
    left_out = sum(weight(removal.text) for removal in gone) / said if said else 0.0
    odd = []
    if any("loop" in removal.reason for removal in gone):
        odd.append("it loops")
    elif left_out > LEFT_OUT:
        odd.append(f"{left_out:.0%} of it is not to be believed")
    confidence = mean_confidence(words)
    if confidence is not None and confidence < UNSURE:
        odd.append(f"confidence is {confidence:.0%}")
    pace = said / spoken
    if pace > DENSE:
        odd.append(f"{pace:.0f} letters for each second of speech")
    elif said / (spoken - faint) < SPARSE:
        odd.append(f"only {said / (spoken - faint):.1f} letters for each second of speech")
    return Look(tuple(odd), min(DENSE, pace * (1.0 - left_out)))


def better(first: Look, second: Look) -> bool:
    """Whether the second hearing is kept: it has fewer odd signs, or as many and more of it is to
    be believed. In doubt the first stays, whose engine was chosen."""
    return (len(second.odd), -second.believed) < (len(first.odd), -first.believed)
