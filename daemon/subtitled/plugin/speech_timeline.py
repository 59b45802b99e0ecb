"""A map between the time of the media and speech time, which stands still in pauses.

Recognisers hear speech without the long silences between its spans. Whatever they place there, and
whatever is measured about it, is in speech time: letters a second, the share of speech, the length
of a passage. This map is the one way between the two clocks.
"""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence

from .types import SPEECH_PADDING_SECONDS, TimeSpan

SEAM_LEAD_SECONDS = 0.1
"""Seconds of a span's padding that a word at its edge keeps: the first consonant is quiet."""
MIN_PAUSE_SECONDS = 0.01
"""Seconds between two spans below which there is no pause: a long span was cut there."""
PREFERENCE = 3.0
"""How much more a second of a word counts on the side of a pause on which it is likely to be."""
MIN_WORD_SECONDS = 0.1
"""Seconds that a word beside a pause has at least, if it was that long."""


class SpeechTimeline:
    """Speech spans, and the seconds of speech before each moment of the media."""

    def __init__(self, speech: Sequence[TimeSpan]) -> None:
        """Take the spans of speech.

        Args:
            speech: The spans in seconds of the media, in order. Empty ones are left out, and those
                without a pause between them are one.
        """
        self.spans = _join_touching(speech)
        """The spans of speech. Those that touch are one."""
        self._starts = [span.start for span in self.spans]
        self._ends = [span.end for span in self.spans]
        self._edges = [0.0, *itertools.accumulate(span.end - span.start for span in self.spans)]

    @property
    def duration(self) -> float:
        """The seconds of speech."""
        return self._edges[-1]

    def to_speech_time(self, time: float) -> float:
        """Convert a moment of the media to speech time.

        Args:
            time: Seconds of the media.

        Returns:
            The seconds of speech before it.
        """
        number = bisect.bisect_right(self._starts, time) - 1
        if number < 0:
            return 0.0
        return self._edges[number] + min(time, self._ends[number]) - self._starts[number]

    def to_media_time(self, speech_time: float, *, is_end: bool = False) -> float:
        """Convert speech time to a moment of the media.

        Args:
            speech_time: Seconds of speech. Values outside the speech give its first or last moment.
            is_end: Whether something ends there. On a seam, an end belongs to the span before the
                pause and a start to the span after it.

        Returns:
            Seconds of the media.
        """
        if not self.spans:
            return speech_time
        find = bisect.bisect_left if is_end else bisect.bisect_right
        number = min(max(0, find(self._edges, speech_time) - 1), len(self.spans) - 1)
        time = self._starts[number] + speech_time - self._edges[number]
        return min(max(time, self._starts[number]), self._ends[number])

    def measure_speech(self, start: float, end: float) -> float:
        """Measure the speech between two moments of the media.

        Args:
            start: The first moment, in seconds of the media.
            end: The second one.

        Returns:
            Seconds of speech; 0 if the second moment is the earlier one.
        """
        return max(0.0, self.to_speech_time(end) - self.to_speech_time(start))

    def spans_pause(self, start: float, end: float) -> bool:
        """Tell whether something was laid over a pause.

        Args:
            start: Where it starts, in seconds of the media.
            end: Where it ends.

        Returns:
            Whether it touches speech on both sides of a pause.
        """
        return self._last_touched(end) > self._first_touched(start)

    def confine(self, start: float, end: float, *, prefers_first: bool = False) -> TimeSpan:
        """Return where a word is said that was laid over a pause: on one side of it.

        That is the span with most of the word, not counting the padding beside the pause, which is
        no speech. In doubt the word is what follows the pause, because recognisers start words too
        early: right after the word before.

        Args:
            start: Where the word starts, in seconds of the media.
            end: Where it ends.
            prefers_first: Whether in doubt it is what precedes the pause, such as the last word of
                a sentence.

        Returns:
            Seconds of the media. A word that is laid over no pause is returned as it is.
        """
        first, last = self._first_touched(start), self._last_touched(end)
        if last <= first:
            return TimeSpan(start, end)
        preferred = first if prefers_first else last
        chosen = max(
            range(first, last + 1),
            key=lambda number: (
                round(self._inside(number, start, end, first, last), 3)
                * (PREFERENCE if number == preferred else 1.0),
                number == preferred,
            ),
        )
        low, high = self._core(chosen, first, last)
        low = max(start, self._starts[chosen], low - SEAM_LEAD_SECONDS * (chosen > first))
        high = min(end, self._ends[chosen], high + SEAM_LEAD_SECONDS * (chosen < last))
        if high - low < MIN_WORD_SECONDS and chosen == first:
            high = min(self._ends[chosen], low + MIN_WORD_SECONDS)
        elif high - low < MIN_WORD_SECONDS:
            low = max(self._starts[chosen], high - MIN_WORD_SECONDS)
        return TimeSpan(low, max(low, high))

    def place(self, start: float, end: float, *, prefers_first: bool = False) -> TimeSpan:
        """Return where a word is said whose speech times are given: never across a pause.

        Args:
            start: Where it starts, in seconds of speech.
            end: Where it ends, in seconds of speech.
            prefers_first: As for :meth:`confine`.

        Returns:
            Seconds of the media.
        """
        begin = self.to_media_time(start)
        return self.confine(
            begin, max(begin, self.to_media_time(end, is_end=True)), prefers_first=prefers_first
        )

    def _first_touched(self, start: float) -> int:
        """Return the first span that ends after a moment."""
        return bisect.bisect_right(self._ends, start)

    def _last_touched(self, end: float) -> int:
        """Return the last span that starts before a moment; -1 if there is none."""
        return bisect.bisect_left(self._starts, end) - 1

    def _core(self, number: int, first: int, last: int) -> tuple[float, float]:
        """Return a span without the padding beside the pauses between ``first`` and ``last``."""
        start, end = self._starts[number], self._ends[number]
        padding = min(SPEECH_PADDING_SECONDS, (end - start) / 3)
        return start + padding * (number > first), end - padding * (number < last)

    def _inside(self, number: int, start: float, end: float, first: int, last: int) -> float:
        """Return the seconds of a word in the core of a span."""
        low, high = self._core(number, first, last)
        return max(0.0, min(end, high) - max(start, low))


def _join_touching(speech: Sequence[TimeSpan]) -> tuple[TimeSpan, ...]:
    joined: list[TimeSpan] = []
    for span in speech:
        if span.end <= span.start:
            continue
        if joined and span.start - joined[-1].end < MIN_PAUSE_SECONDS:
            joined[-1] = TimeSpan(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)
