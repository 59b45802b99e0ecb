"""Which windows were transcribed badly, and which of several attempts at one is the best.

Batched decoding now and then stops early, loops, or writes stop-words where much is said. Such a
window is transcribed again another way, and the attempt with the most speech covered is kept. The
thresholds were set on recordings with references in 12 languages, none of which are reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from subtitled.plugin import SegmentScores, TimeSpan, Word

from .windows import Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

MAX_GAP_SECONDS = 2.5
"""Seconds of speech without a word that are no pause: voice activity detection ends at pauses."""
MAX_WORD_SECONDS = 2.0
"""Seconds after which a word's time is a fault of the alignment."""
MIN_RATE = 0.5
"""Letters for each second of speech, as a share of those of the other windows."""
MIN_RATE_SECONDS = 5.0
"""Seconds of speech of a window, below which its rate says nothing."""
SHORT_WORD_LETTERS = 3
SHORT_WORD_RUN = 10
"""Words of so many letters at most, one after the other: "of the of the to he"."""
SHORT_WORD_CONFIDENCE = 0.6
"""Mean confidence below which such a run is noise and no speech."""


@dataclass(slots=True)
class WindowTranscript:
    """What was recognised in one window.

    Attributes:
        words: In order, in seconds of the media clock.
        doubtful: Words that Whisper itself hardly believes.
        segment_scores: The scores of the segments.
        encoded: What the encoder made of the window, float32 of shape (1, frames, size), or None.
            Names are compared with it, which saves to encode the sound again.
    """

    words: list[Word] = field(default_factory=list)
    doubtful: list[Word] = field(default_factory=list)
    segment_scores: list[SegmentScores] = field(default_factory=list)
    encoded: npt.NDArray[np.float32] | None = None


Attempt = list[tuple[Window, WindowTranscript]]
"""One way to transcribe a window: as a whole, or as several windows that make it up."""


def find_gaps(window: Window, words: Sequence[Word]) -> list[TimeSpan]:
    """Find the speech of a window in which no word was found; short pauses do not count."""
    gaps: list[TimeSpan] = []
    for part in window.parts:
        at = part.start
        inside = sorted(
            (w.start, w.end) for w in words if w.end > part.start and w.start < part.end
        )
        for start, end in (*inside, (part.end, part.end)):
            if start - at >= MAX_GAP_SECONDS:
                gaps.append(TimeSpan(at, start))
            at = max(at, min(end, start + MAX_WORD_SECONDS))
    return gaps


def lost_seconds(window: Window, words: Sequence[Word]) -> float:
    """Return the seconds of speech of a window in which no word was found."""
    return sum(gap.duration for gap in find_gaps(window, words))


def letter_rate(window: Window, words: Sequence[Word]) -> float:
    """Return the letters for each second of speech of a window."""
    return sum(len(word.text.strip()) for word in words) / max(window.duration, 0.1)


def has_short_word_run(words: Sequence[Word]) -> bool:
    """Tell whether many doubtful words of few letters follow each other, in a script of letters."""
    run: list[Word] = []
    for word in words:
        text = word.text.strip(" .,!?;:")
        if word.text.startswith(" ") and text.isalpha() and len(text) <= SHORT_WORD_LETTERS:
            run.append(word)
        else:
            run = []
        if len(run) >= SHORT_WORD_RUN:
            sure = sum(one.confidence or 0.0 for one in run) / len(run)
            if sure < SHORT_WORD_CONFIDENCE:
                return True
    return False


def usual_rate(transcripts: dict[Window, WindowTranscript]) -> float:
    """Return the median letter rate of the windows that are long enough to tell; 0 of none."""
    rates = [
        letter_rate(window, transcript.words)
        for window, transcript in transcripts.items()
        if window.duration >= MIN_RATE_SECONDS
    ]
    return median(rates) if len(rates) > 2 else 0.0


def is_broken(window: Window, words: Sequence[Word], usual: float) -> bool:
    """Tell whether a window has to be transcribed again.

    Args:
        window: The speech that was transcribed.
        words: What was found and believed.
        usual: The letter rate of the other windows, 0 if unknown.
    """
    if find_gaps(window, words) or has_short_word_run(words):
        return True
    enough = window.duration >= MIN_RATE_SECONDS
    return enough and letter_rate(window, words) < MIN_RATE * usual


def best_attempt(window: Window, attempts: Sequence[Attempt]) -> Attempt:
    """Choose the attempt that loses the least speech; of equals, the first.

    What has a run of stop-words loses to what has none, whatever it covers.
    """

    def penalty(attempt: Attempt) -> tuple[bool, float]:
        words = [word for _, transcript in attempt for word in transcript.words]
        return has_short_word_run(words), round(lost_seconds(window, words), 1)

    return min(attempts, key=penalty)
