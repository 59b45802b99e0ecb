"""Evidence of voice activity: cues stand where somebody speaks, and begin when somebody begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from subtitled.plugin import TimeSpan
from subtitled.plugin.types import SPEECH_PADDING_SECONDS

from .correlation import Spectrum, choose_size, correlate, draw_activity, transform
from .evidence import STEP_SECONDS, CueTimes, Floats, OffsetGrid

INDEPENDENT_SECONDS: Final = 1.5
"""Seconds of speech or silence that count as one observation, since neighbours are alike."""
CUE_CERTAINTY: Final = 0.6
"""How much surer than by chance somebody speaks in a cue; 1 would be always."""
GAP_CERTAINTY: Final = 0.4
"""How much surer than by chance nobody speaks between cues. Not everything said has a cue."""
MAX_GAP_SECONDS: Final = 8.0
"""Longest time without a cue that counts. Songs and untranslated speech may fill it."""
GAP_MARGIN_SECONDS: Final = 0.3
"""Seconds after a cue that tell nothing."""
ONSET_LEAD_SECONDS: Final = 0.2
"""Seconds by which a cue usually appears before its speech is detected: half of it is the habit of
those who make subtitles, the other half is the detector."""
ONSET_SHARE: Final = 0.5
"""Share of cues that begin with speech after a pause."""
ONSET_SPREAD_SECONDS: Final = 0.2
"""How much the beginnings of cues and of speech differ."""


class VoiceEvidence:
    """The evidence of the speech of one media file."""

    def __init__(
        self, speech: Sequence[TimeSpan], faint: Sequence[TimeSpan], grid: OffsetGrid
    ) -> None:
        """Prepare the curves.

        Args:
            speech: The spans of speech, in order, as voice activity detection pads them.
            faint: Their faint parts.
            grid: The offsets that are asked for.
        """
        self._grid = grid
        self._margin = grid.max_seconds + 2.0
        tight = [_without_padding(span) for span in speech]
        self.onsets = np.array([span.start for span in tight if span.end > span.start])
        self._last = speech[-1].end if speech else 0.0
        length = _point(self._last + 2 * self._margin) + 2
        activity = draw_activity(
            tight,
            [_without_padding(span) for span in faint],
            step=STEP_SECONDS,
            length=length,
            margin=self._margin,
        )
        present = activity[_point(self._margin) : _point(self._margin + self._last) + 1]
        share = min(max(float(present.mean()), 0.02), 0.98)
        by_chance = np.log(_mix(activity, share))
        weight = STEP_SECONDS / INDEPENDENT_SECONDS
        in_cue = share + CUE_CERTAINTY * (1.0 - share)
        in_gap = share - GAP_CERTAINTY * share
        self._cue = (np.log(_mix(activity, in_cue)) - by_chance) * weight
        self._gap = (np.log(_mix(activity, in_gap)) - by_chance) * weight
        self._onset = self._draw_onsets(len(activity))
        self._cue_sum, self._gap_sum = (
            np.concatenate(([0.0], np.cumsum(curve))) for curve in (self._cue, self._gap)
        )
        self._spectra: dict[int, tuple[Spectrum, ...]] = {}

    def rows(self, times: CueTimes, offsets: Floats) -> Floats:
        """Return the evidence of each cue (rows) for each offset (columns)."""
        cue_sum, gap_sum = self._cue_sum, self._gap_sum
        gap_starts, gap_ends = _gap_edges(times)
        result = self._look_up(self._onset, times.starts + ONSET_LEAD_SECONDS, offsets)
        result += self._look_up(cue_sum, times.ends, offsets)
        result -= self._look_up(cue_sum, times.starts, offsets)
        result += self._look_up(gap_sum, gap_ends, offsets)
        result -= self._look_up(gap_sum, gap_starts, offsets)
        return result

    def total(self, times: CueTimes) -> Floats:
        """Return the evidence of all cues together for each offset of the grid.

        This is the sum of :meth:`rows` over the cues, by FFT.
        """
        onsets = times.starts + ONSET_LEAD_SECONDS
        # The last cue may be gone before the voice that it is for begins.
        length = int(max(times.shown_ends.max(), onsets.max()) / STEP_SECONDS) + 4
        starts = np.zeros(length)
        np.add.at(starts, _point_array(onsets), 1.0)
        gap_starts, gap_ends = _gap_edges(times)
        cues = _indicator(times.starts, times.ends, length)
        gaps = _indicator(gap_starts, gap_ends, length)
        size = choose_size(length, len(self._cue))
        curve = correlate((starts, cues, gaps), self._transform(size), size)
        shift = _point(self._margin)
        lags = np.rint(self._grid.offsets / STEP_SECONDS).astype(np.int64) + shift
        return curve[lags % size]

    def _transform(self, size: int) -> tuple[Spectrum, ...]:
        """Return the transforms of the curves of beginnings, cues and gaps."""
        if size not in self._spectra:
            self._spectra[size] = tuple(
                transform(curve, size) for curve in (self._onset, self._cue, self._gap)
            )
        return self._spectra[size]

    def _look_up(self, curve: Floats, moments: Floats, offsets: Floats) -> Floats:
        """Return a curve at each moment (rows) with each of some evenly spaced offsets (columns).

        Before and after the media file the curve goes on as it begins and ends.
        """
        first = np.rint((moments + offsets[0] + self._margin) / STEP_SECONDS).astype(np.int64)
        stride = _point(float(offsets[1] - offsets[0])) if len(offsets) > 1 else 1
        width = stride * (len(offsets) - 1) + 1
        before = max(0, -int(first.min()))
        after = max(0, int(first.max()) + width - len(curve))
        padded = np.pad(curve, (before, after), "edge") if before or after else curve
        windows = np.lib.stride_tricks.sliding_window_view(padded, width)
        return windows[first + before, ::stride]

    def _draw_onsets(self, length: int) -> Floats:
        """Return the evidence of a cue that begins at each moment."""
        moments = np.zeros(length)
        if len(self.onsets):
            np.add.at(moments, _point_array(self.onsets + self._margin), 1.0)
        reach = round(4 * ONSET_SPREAD_SECONDS / STEP_SECONDS)
        bell = np.exp(
            -0.5 * (np.arange(-reach, reach + 1) * STEP_SECONDS / ONSET_SPREAD_SECONDS) ** 2
        )
        density = np.convolve(moments, bell / bell.sum() / STEP_SECONDS, "same")
        rate = max(len(self.onsets) / max(self._last, 1.0), 1e-3)
        return np.log(1.0 - ONSET_SHARE + ONSET_SHARE * density / rate)


def _mix(activity: Floats, probability: float) -> Floats:
    return activity * probability + (1.0 - activity) * (1.0 - probability)


def _without_padding(span: TimeSpan) -> TimeSpan:
    if span.start <= 0.0:
        return TimeSpan(span.start, max(span.start, span.end - SPEECH_PADDING_SECONDS))
    start = span.start + SPEECH_PADDING_SECONDS
    return TimeSpan(start, max(start, span.end - SPEECH_PADDING_SECONDS))


def _gap_edges(times: CueTimes) -> tuple[Floats, Floats]:
    begin = times.shown_ends + GAP_MARGIN_SECONDS
    end = times.shown_ends + np.minimum(times.gaps - GAP_MARGIN_SECONDS, MAX_GAP_SECONDS)
    return begin, np.maximum(begin, end)


def _indicator(starts: Floats, ends: Floats, length: int) -> Floats:
    """Return 1 between the edges and 0 elsewhere."""
    edges = np.zeros(length + 1)
    np.add.at(edges, np.clip(_point_array(starts), 0, length), 1.0)
    np.add.at(edges, np.clip(_point_array(ends), 0, length), -1.0)
    return np.cumsum(edges)[:length]


def _point(seconds: float) -> int:
    return round(seconds / STEP_SECONDS)


def _point_array(seconds: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.rint(seconds / STEP_SECONDS).astype(np.int64)
