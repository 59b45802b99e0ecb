"""A subtitle that was made again is compared with the one that it would replace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subtitled.plugin import Cue, Language, TimeSpan
from subtitled.subtitles.evaluation.versions import (
    VersionQuality,
    find_worsening,
    measure_version,
)
from subtitled.subtitles.quality_estimation import Evidence
from subtitled.subtitles.rules import select_cue_rules

EN = Language("en")
TEXTS = (
    "I never saw that man before.",
    "He came in by the back door.",
    "Did he say what he wanted?",
    "Only that he would be back.",
)
CUES = tuple(
    Cue(10.0 * number, 10.0 * number + 3.0, f"{TEXTS[number % 4]} {number}") for number in range(20)
)
SPEECH = tuple(TimeSpan(cue.start, cue.end) for cue in CUES)
GOOD = VersionQuality(
    cue_count=100,
    letters=3000,
    compliant_share=0.98,
    error_share=0.05,
    gap_seconds=10.0,
    estimated_share=0.1,
)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"cue_count": 0}, "no text"),
        ({"gap_seconds": 40.0}, "speech without text"),
        ({"gap_seconds": None, "letters": 1200}, "letters"),
        ({"repeated": 3}, "repetitions"),
        ({"error_share": 0.2}, "look wrong"),
        ({"compliant_share": 0.7}, "keep all limits"),
        ({"estimated_share": 0.4}, "wrong by estimate"),
    ],
)
def test_a_version_that_is_worse_in_one_respect_is_refused(
    change: dict[str, float | None], word: str
) -> None:
    reason = find_worsening(GOOD, replace(GOOD, **change))  # type: ignore[arg-type]
    assert reason is not None
    assert word in reason


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"gap_seconds": 14.0},
        {"gap_seconds": 0.0, "letters": 1200},
        {"error_share": 0.08},
        {"compliant_share": 0.95},
        {"estimated_share": None},
        {"estimated_share": 0.17},
    ],
)
def test_chance_differences_are_no_reason(change: dict[str, float | None]) -> None:
    assert find_worsening(GOOD, replace(GOOD, **change)) is None  # type: ignore[arg-type]


def _worsening(new: tuple[Cue, ...], speech: tuple[TimeSpan, ...] | None = SPEECH) -> str | None:
    evidence = Evidence(language=EN, speech=speech)
    rules = select_cue_rules(EN, translation=False)
    return find_worsening(
        measure_version(CUES, evidence, rules, None), measure_version(new, evidence, rules, None)
    )


def test_lost_speech_loops_and_long_lines_are_measured_of_the_cues() -> None:
    assert _worsening(CUES) is None
    assert "without text" in (_worsening(CUES[::3]) or "")
    assert "letters" in (_worsening(CUES[::3], None) or "")
    loop = tuple(Cue(cue.start, cue.end, "Thank you for watching.") for cue in CUES)
    assert "repetitions" in (_worsening(loop) or "")
    long = tuple(replace(cue, text=" ".join([cue.text] * 4)) for cue in CUES)
    assert _worsening(long) is not None
