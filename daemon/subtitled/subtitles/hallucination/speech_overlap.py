"""Words that contradict the audio: outside speech, or faster than possible."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from subtitled.plugin import Word

from .passages import (
    MIN_CLEAR_SPEECH_SHARE,
    MIN_CONFIDENCE,
    MIN_WORD_SECONDS,
    Passage,
    SpeechMask,
    SuspectWords,
    normalise_text,
    split_passages,
)

NO_SPEECH_SHARE = 0.1
LITTLE_SPEECH_SHARE = 0.3
"""Share of a passage in speech below which it is outside; the second is for low confidence."""
TRUSTED_CONFIDENCE = 0.8
"""Mean confidence from which words are kept although the VAD detected no speech."""
GUESS_CONFIDENCE = 0.35
"""Mean confidence below which words in faint speech are guesses."""
MAX_LETTERS_PER_SECOND, MAX_WIDE_LETTERS_PER_SECOND = 35.0, 20.0
"""Impossible letters a second; the second is for scripts with one character a syllable."""
MIN_LETTERS_PER_SECOND, LONG_SECONDS = 1.0, 5.0
"""Fewer letters a second, for more seconds than the second value, are no speech."""


def find_outside_speech(words: Sequence[Word], speech_mask: SpeechMask) -> list[SuspectWords]:
    """Find passages outside speech, and guesses in faint speech."""
    suspects: list[SuspectWords] = []
    for passage in split_passages(words):
        if not passage.has_times:
            continue
        confidence = passage.confidence
        speech_share = speech_mask.measure_speech_share(passage.words)
        if speech_share < NO_SPEECH_SHARE and (
            confidence is None or confidence < TRUSTED_CONFIDENCE
        ):
            suspects.append(passage.to_suspect("outside speech"))
        elif (
            confidence is not None
            and confidence < MIN_CONFIDENCE
            and speech_share < LITTLE_SPEECH_SHARE
        ):
            suspects.append(
                passage.to_suspect(f"little speech there (confidence {confidence:.0%})")
            )
        elif (
            confidence is not None
            and confidence < GUESS_CONFIDENCE
            and speech_mask.measure_clear_share(passage.words) < MIN_CLEAR_SPEECH_SHARE
        ):
            suspects.append(
                passage.to_suspect(f"a guess in faint speech (confidence {confidence:.0%})")
            )
    return suspects


def find_impossible_pace(words: Sequence[Word], speech_mask: SpeechMask) -> list[SuspectWords]:
    """Find passages too fast or too slow for speech that nothing else supports."""
    suspects: list[SuspectWords] = []
    for passage in split_passages(words):
        if not passage.has_times or not passage.is_weak(speech_mask):
            continue
        letters = len(normalise_text(passage.text))
        seconds = speech_mask.measure_seconds(passage.words)
        pace = letters / max(seconds, MIN_WORD_SECONDS)
        if (letters >= 10 and pace > _max_pace(passage)) or (
            pace < MIN_LETTERS_PER_SECOND and seconds > LONG_SECONDS
        ):
            suspects.append(passage.to_suspect(f"{letters} letters in {seconds:.1f} s"))
    return suspects


def _max_pace(passage: Passage) -> float:
    wide_characters = sum(unicodedata.east_asian_width(c) in "WF" for c in passage.text)
    return (
        MAX_WIDE_LETTERS_PER_SECOND
        if wide_characters * 2 > len(passage.text)
        else MAX_LETTERS_PER_SECOND
    )
