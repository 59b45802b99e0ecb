"""Stored words are used again if they are in the language that is wanted."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language, Transcript
from subtitled.transcription.engine_requester import TrackRequest


@pytest.mark.parametrize(
    ("stored", "wanted", "is_answered"),
    [
        ("en", "en", True),
        ("en-GB", "en", True),
        ("und", "ta", True),
        ("nb", "no", True),
        ("cmn", "zh", True),
        ("hr", "sr", True),
        ("en", "ru", False),
        ("pt", "gl", False),
    ],
)
def test_words_of_the_same_language_under_another_code_are_not_transcribed_again(
    stored: str, wanted: str, is_answered: bool
) -> None:
    request = TrackRequest(
        track=0,
        spoken=Language(wanted),
        translate_to=None,
        engines=("whisper",),
        aligner=None,
        duration=60.0,
    )
    assert request.is_answered_by(Transcript(language=Language(stored), words=())) is is_answered
