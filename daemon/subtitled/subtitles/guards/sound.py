"""Words that the sound cannot hold: where nobody speaks, or faster than anybody can."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from subtitled.plugin import Word

from .passages import LITTLE_SPEECH, UNSURE, Finding, Passage, Sound, bare, passages

NO_SPEECH = 0.1
LITTLE = 0.3
"""Shares of a passage in speech: below the first it is outside, below the second if unsure."""
BELIEVED = 0.8
"""Mean confidence from which on a recogniser is believed where our detector heard nobody."""
GUESSED = 0.35
"""Mean confidence below which words in faint sound are guesses."""
FASTEST, FASTEST_WIDE = 35.0, 20.0
"""Letters a second that nobody speaks; the second in scripts with a character to a syllable."""
SLOWEST, LONG = 1.0, 5.0
"""Fewer letters a second than the first, for more seconds than the second, are no speech."""


def outside_speech(words: Sequence[Word], sound: Sound) -> list[Finding]:
    """Passages where nobody speaks, and guesses where hardly anybody does."""
    found: list[Finding] = []
    for passage in passages(words):
        if not passage.has_times:
            continue
        sure = passage.confidence
        spoken = sound.spoken(passage.start, passage.end)
        if spoken < NO_SPEECH and (sure is None or sure < BELIEVED):
            found.append(passage.found("where nobody speaks"))
        elif sure is not None and sure < UNSURE and spoken < LITTLE:
            found.append(passage.found(f"where hardly anybody speaks (confidence {sure:.0%})"))
        elif (
            sure is not None
            and sure < GUESSED
            and sound.clear(passage.start, passage.end) < LITTLE_SPEECH
        ):
            found.append(passage.found(f"a guess in faint sound (confidence {sure:.0%})"))
    return found


def impossible_pace(words: Sequence[Word], sound: Sound) -> list[Finding]:
    """Passages too fast or too slow for speech, where nothing else stands up for them."""
    found: list[Finding] = []
    for passage in passages(words):
        if not passage.has_times or not passage.weak(sound):
            continue
        letters, seconds = len(bare(passage.text)), passage.end - passage.start
        pace = letters / max(seconds, 0.02)
        if (letters >= 10 and pace > _fastest(passage)) or (pace < SLOWEST and seconds > LONG):
            found.append(passage.found(f"{letters} letters in {seconds:.1f} s"))
    return found


def _fastest(passage: Passage) -> float:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in passage.text)
    return FASTEST_WIDE if wide * 2 > len(passage.text) else FASTEST
