"""Which translations an engine made of another reading of the speech, by their signatures."""

from __future__ import annotations

import pytest

from subtitled.pipeline.corrected_speech import is_of_other_reading

NOW = "spoken de instead of ru"
BEFORE = "translated from the audio by whisper"


@pytest.mark.parametrize(
    ("variant", "is_other"),
    [
        (BEFORE, True),
        (f"{BEFORE}, spoken ru instead of uk", True),
        (f"transcribed by whisper; below it {BEFORE}", True),
        (f"{BEFORE}; below it transcribed by whisper", True),
        (f"{BEFORE}, {NOW}", False),
        (f"transcribed by whisper; below it {BEFORE}, {NOW}", False),
        (f"{BEFORE}, track 2", False),
        ("transcribed by whisper", False),
        ("transcribed by whisper, translated by nmt", False),
        ("translated by nmt from Film.ru.srt (ru)", False),
        ("", False),
    ],
)
def test_only_what_the_engine_translated_of_the_main_track_is_of_another_reading(
    variant: str, is_other: bool
) -> None:
    assert is_of_other_reading(variant, NOW) is is_other
