"""Passages that the engine's own scores make suspect."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from subtitled.plugin import SegmentScores, Word

from .passages import SuspectWords

MAX_NO_SPEECH_PROB = 0.6
MIN_AVG_LOGPROB = -1.0
MAX_COMPRESSION_RATIO = 2.4
CONFIDENT_AVG_LOGPROB = -0.5
"""Whisper's own thresholds for ``no_speech_prob``, ``avg_logprob`` and ``compression_ratio``
(openai/whisper, transcribe.py). Repetition with a high ``avg_logprob`` may be a song."""
MIN_LOOP_CHARACTERS = 60
"""Shorter texts compress so little that the ratio has no meaning."""


def find_score_issue(scores: SegmentScores, characters: int) -> str | None:
    """Return why the scores make a passage of ``characters`` suspect; None if they do not."""
    avg_logprob = scores.avg_logprob
    is_silent = scores.no_speech_prob is not None and scores.no_speech_prob > MAX_NO_SPEECH_PROB
    if is_silent and avg_logprob is not None and avg_logprob < MIN_AVG_LOGPROB:
        return (
            f"the engine reports no speech (probability {scores.no_speech_prob:.0%}, "
            f"mean log probability {avg_logprob:.2f})"
        )
    is_looping = (
        scores.compression_ratio is not None and scores.compression_ratio > MAX_COMPRESSION_RATIO
    )
    if (
        is_looping
        and characters >= MIN_LOOP_CHARACTERS
        and (avg_logprob is None or avg_logprob < CONFIDENT_AVG_LOGPROB)
    ):
        return f"a loop of the engine (compression ratio {scores.compression_ratio:.1f})"
    return None


class ScoreIndex:
    """The scores of segments by time."""

    def __init__(self, segment_scores: Sequence[SegmentScores]) -> None:
        """Take the scores in any order."""
        self.ordered = sorted(segment_scores, key=lambda scores: (scores.start, -scores.end))
        self._starts = [scores.start for scores in self.ordered]
        self._latest_ends = list(itertools.accumulate((s.end for s in self.ordered), max))

    def find_index(self, time: float) -> int:
        """Return the index of the scores at a time, or -1.

        A segment that goes on after a pause may have others in the pause, so it is the last to
        start of those that hold the time.
        """
        position = bisect.bisect_right(self._starts, time + 1e-6) - 1
        while position >= 0 and self._latest_ends[position] >= time - 1e-6:
            if self.ordered[position].end >= time - 1e-6:
                return position
            position -= 1
        return -1

    def find(self, time: float) -> SegmentScores | None:
        """Return the scores at a time, or None."""
        index = self.find_index(time)
        return self.ordered[index] if index >= 0 else None


def find_low_scores(
    words: Sequence[Word], segment_scores: Sequence[SegmentScores]
) -> list[SuspectWords]:
    """Find the words in passages with suspect scores."""
    scores = ScoreIndex(segment_scores)
    suspects: list[SuspectWords] = []
    first = 0
    for index, group in itertools.groupby(
        words, lambda word: scores.find_index((word.start + word.end) / 2)
    ):
        segment_words = list(group)
        if index >= 0:
            characters = sum(len(word.text) for word in segment_words)
            reason = find_score_issue(scores.ordered[index], characters)
            if reason is not None:
                suspects.append(SuspectWords(first, first + len(segment_words), reason))
        first += len(segment_words)
    return suspects
