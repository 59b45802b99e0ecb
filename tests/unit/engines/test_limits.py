"""What an engine says about its words is checked before anything computes with it."""

from __future__ import annotations

import math

import pytest

from subtitled.engines.limits import validate_in_chunk
from subtitled.plugin import (
    Chunk,
    InputRejectedError,
    Language,
    SegmentScores,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)

ENGLISH = Language("en")
SPAN = TimeSpan(10.0, 20.0)
REQUEST = TranscriptionRequest(chunk=Chunk(SPAN, (SPAN,)), language=ENGLISH)


def check(words: tuple[Word, ...] = (), scores: tuple[SegmentScores, ...] = ()) -> Transcript:
    made = Transcript(
        language=ENGLISH, words=words, engine="it", variant="v", segment_scores=scores
    )
    return validate_in_chunk(made, REQUEST, "it")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, None),
        (0.0, 0.0),
        (0.5, 0.5),
        (1.0000001, 1.0),
        (-1e-9, 0.0),
        (-1.0, None),
        (7.0, None),
        (math.nan, None),
        (math.inf, None),
    ],
)
def test_a_probability_that_is_none_is_unknown(given: float | None, kept: float | None) -> None:
    checked = check(
        (Word(text=" a", start=11.0, end=12.0, confidence=given),),
        (SegmentScores(start=11.0, end=12.0, no_speech_prob=given),),
    )
    assert checked.words[0].confidence == kept
    assert checked.segment_scores[0].no_speech_prob == kept


def test_scores_that_are_no_numbers_are_unknown_and_those_of_no_time_are_left_out() -> None:
    at = {"start": 11.0, "end": 12.0}
    checked = check(
        scores=(
            SegmentScores(**at, avg_logprob=math.nan, compression_ratio=math.inf),
            SegmentScores(**at, avg_logprob=-0.3, compression_ratio=1.5),
            SegmentScores(start=math.nan, end=12.0),
            SegmentScores(start=12.0, end=math.inf),
            SegmentScores(start=12.0, end=11.0),
        )
    )
    assert checked.segment_scores == (
        SegmentScores(**at),
        SegmentScores(**at, avg_logprob=-0.3, compression_ratio=1.5),
    )


def test_words_and_speakers_have_no_control_characters_and_times_in_the_chunk() -> None:
    checked = check((Word(text=" a\x1b[m", start=11.0, end=12.0, speaker="\0"),))
    assert (checked.words[0].text, checked.words[0].speaker) == (" a [m", None)
    for start, end in ((math.nan, 12.0), (11.0, math.nan), (12.0, 11.0), (0.0, 12.0)):
        with pytest.raises(InputRejectedError, match="for the chunk"):
            check((Word(text=" a", start=start, end=end),))
