"""Whether two files hold the same speech, and by how much one is late: from voice activity alone.

A better copy of a programme says the same at the same pace, perhaps some seconds later. Where
somebody speaks in each is drawn onto a fixed grid and correlated by FFT. The shift with the highest
peak is believed only if no other comes near it, if every part of the programme agrees on it by
itself (another cut does not), and if neither file has speech that the other lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from subtitled.plugin import TimeSpan

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Curve = npt.NDArray[np.float64]

STEP_SECONDS = 0.02
"""Seconds between two points of the grid."""
MAX_OFFSET_SECONDS = 300.0
"""Seconds that one file may be late: logos, a recap, black."""
MIN_SPEECH_SPANS = 12
"""Of speech, in either file: fewer may fall together by chance."""
MIN_PEAK = 0.75
"""Correlation, 1 at best."""
MAX_RIVAL_PEAK = 0.7
"""Of the second highest peak, as a share of the highest."""
RIVAL_DISTANCE_SECONDS = 5.0
"""Seconds from the highest peak: what is nearer belongs to it."""
PART_COUNT = 12
"""Parts of the programme that are asked by themselves, each with four intervals or more."""
MIN_PART_COUNT = 3
MAX_QUIET_SHARE = 0.25
"""The share of a part's speech that may be quiet, if the part is to be asked."""
MIN_PART_PEAK = 0.6
PART_SEARCH_SECONDS = 10.0
PART_TOLERANCE_SECONDS = 0.25
"""Seconds: how far a part may look, and how near to the common shift its own must be."""
BLUR_SECONDS = 0.5
"""Seconds by which the borders of speech may differ: encoders and detectors are not exact."""
MAX_MISSING_SPEECH_SECONDS = 5.0
"""Seconds of speech in one go that one file may have and the other not."""


@dataclass(frozen=True, slots=True)
class MediaOffset:
    """How the speech of a new file lies to that of an old one."""

    offset: float
    """Seconds to add to a time in the old file to get the same moment in the new one."""
    peak: float
    rival_peak: float
    part_count: int
    agreeing_parts: int
    missing_speech_seconds: float
    """The longest speech, in seconds, that only one of the two has."""
    rejection_reason: str = ""
    """Why it is not believed; empty if it is."""

    @property
    def is_convincing(self) -> bool:
        return not self.rejection_reason


def find_offset(
    old: Sequence[TimeSpan],
    new: Sequence[TimeSpan],
    old_quiet: Sequence[TimeSpan] = (),
    new_quiet: Sequence[TimeSpan] = (),
) -> MediaOffset | None:
    """How ``new`` lies to ``old``, both the intervals of speech of a file in order; None where
    there is too little speech to tell.

    Quiet speech, in parts of the intervals, is perhaps heard in one of the encodings only: it
    counts for little, and parts of the programme that are full of it are not asked.
    """
    if min(len(old), len(new)) < MIN_SPEECH_SPANS:
        return None
    import numpy as np

    length = max(old[-1].end, new[-1].end) + PART_SEARCH_SECONDS + 1.0
    before, after = _activity_curve(old, old_quiet, length), _activity_curve(new, new_quiet, length)
    curve = _cross_correlate(before, after)
    reach = min(round(MAX_OFFSET_SECONDS / STEP_SECONDS), len(before) - 1)
    lags = np.arange(-reach, reach + 1)
    heights = curve[lags]  # negative shifts lie at the end of the curve
    best = int(np.argmax(heights))
    lag, peak = int(lags[best]), float(heights[best])
    far = np.abs(lags - lag) > RIVAL_DISTANCE_SECONDS / STEP_SECONDS
    rival = float(heights[far].max(initial=0.0))
    quiet = [*old_quiet, *_shift_spans(new_quiet, -lag * STEP_SECONDS)]
    parts = [part for part in _split_into_parts(old) if not _is_faint(part, old, quiet)]
    agreeing = sum(_part_agrees(part, before, after, lag) for part in parts)
    offset = _refine_offset(old, new, lag * STEP_SECONDS)
    lacking = max(
        _longest_difference(_shift_spans(_subtract(old, old_quiet), offset), new),
        _longest_difference(_subtract(new, new_quiet), _shift_spans(old, offset)),
    )
    candidate = MediaOffset(offset, peak, rival, len(parts), agreeing, lacking)
    return MediaOffset(
        offset, peak, rival, len(parts), agreeing, lacking, _rejection_reason(candidate)
    )


def _rejection_reason(candidate: MediaOffset) -> str:
    if candidate.peak < MIN_PEAK:
        return f"the speech does not match ({candidate.peak:.2f})"
    if candidate.rival_peak > MAX_RIVAL_PEAK * candidate.peak:
        return f"another shift matches nearly as well ({candidate.rival_peak:.2f} to {candidate.peak:.2f})"
    if candidate.part_count < MIN_PART_COUNT:
        return "too much of the speech is faint to tell"
    if candidate.agreeing_parts < candidate.part_count:
        return f"only {candidate.agreeing_parts} of {candidate.part_count} parts agree on the shift: another cut"
    if candidate.missing_speech_seconds > MAX_MISSING_SPEECH_SECONDS:
        return (
            f"{candidate.missing_speech_seconds:.0f} s of speech are in one file only: another cut"
        )
    return ""


def _activity_curve(speech: Sequence[TimeSpan], quiet: Sequence[TimeSpan], length: float) -> Curve:
    """1 where somebody speaks, a half where faintly, 0 where nobody does, at every step."""
    import numpy as np

    drawn = np.zeros(round(length / STEP_SECONDS) + 1)
    for intervals, height in ((speech, 1.0), (quiet, 0.5)):
        for interval in intervals:
            drawn[round(interval.start / STEP_SECONDS) : round(interval.end / STEP_SECONDS)] = (
                height
            )
    return drawn


def _cross_correlate(before: Curve, after: Curve) -> Curve:
    """By shift, -1 to 1; negative shifts at the end."""
    import numpy as np

    x, y = before - before.mean(), after - after.mean()
    size = 1 << (len(x) + len(y) - 1).bit_length()
    product = np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size)
    scale = float(np.sqrt((x @ x) * (y @ y))) or 1.0
    return np.fft.irfft(product, size) / scale


def _split_into_parts(speech: Sequence[TimeSpan]) -> list[TimeSpan]:
    """The programme in parts with about as many intervals each."""
    count = max(3, min(PART_COUNT, len(speech) // 4))
    edges = [len(speech) * part // count for part in range(count + 1)]
    return [
        TimeSpan(max(0.0, speech[first].start - 1.0), speech[last - 1].end + 1.0)
        for first, last in pairwise(edges)
    ]


def _is_faint(part: TimeSpan, speech: Sequence[TimeSpan], quiet: Sequence[TimeSpan]) -> bool:
    """Whether too much of a part is quiet speech, in either file, for it to be asked."""
    return _overlap_seconds(part, quiet) > MAX_QUIET_SHARE * _overlap_seconds(part, speech)


def _overlap_seconds(part: TimeSpan, intervals: Sequence[TimeSpan]) -> float:
    """Seconds of some intervals that lie in a part."""
    return sum(
        max(0.0, min(interval.end, part.end) - max(interval.start, part.start))
        for interval in intervals
    )


def _part_agrees(part: TimeSpan, before: Curve, after: Curve, lag: int) -> bool:
    """Whether a part of the old file, asked by itself, finds itself at the common shift."""
    import numpy as np

    first, last = round(part.start / STEP_SECONDS), round(part.end / STEP_SECONDS)
    reach = round(PART_SEARCH_SECONDS / STEP_SECONDS)
    window = np.arange(first + lag - reach, last + lag + reach)
    inside = (window >= 0) & (window < len(after))
    y = np.where(inside, after[np.clip(window, 0, len(after) - 1)], 0.0)
    x = before[first:last]
    covariance = np.correlate(y, x - x.mean(), "valid")
    own = int(np.argmax(covariance)) - reach
    candidate_curve = y[reach + own : reach + own + len(x)]
    spread = float(x.std() * candidate_curve.std())
    height = (
        float(((x - x.mean()) * (candidate_curve - candidate_curve.mean())).mean()) / spread
        if spread
        else 0.0
    )
    return abs(own) * STEP_SECONDS <= PART_TOLERANCE_SECONDS and height >= MIN_PART_PEAK


def _refine_offset(old: Sequence[TimeSpan], new: Sequence[TimeSpan], offset: float) -> float:
    """The shift by the median of what the borders of speech say, finer than the grid."""
    import numpy as np

    apart: list[float] = []
    for edges in (
        ([one.start for one in old], [one.start for one in new]),
        ([one.end for one in old], [one.end for one in new]),
    ):
        was, now = np.array(edges[0]) + offset, np.array(edges[1])
        at = np.clip(np.searchsorted(now, was), 1, len(now) - 1)
        nearest = np.where(was - now[at - 1] < now[at] - was, now[at - 1], now[at])
        distance = nearest - was
        apart += [float(each) for each in distance[np.abs(distance) <= PART_TOLERANCE_SECONDS]]
    return offset + float(np.median(apart)) if apart else offset


def _shift_spans(speech: Sequence[TimeSpan], offset: float) -> list[TimeSpan]:
    return [TimeSpan(one.start + offset, one.end + offset) for one in speech]


def _subtract(speech: Sequence[TimeSpan], quiet: Sequence[TimeSpan]) -> list[TimeSpan]:
    """The speech that is not quiet; quiet parts lie inside its intervals, in order."""
    loud: list[TimeSpan] = []
    number = 0
    for one in speech:
        at = one.start
        while number < len(quiet) and quiet[number].start < one.end:
            if quiet[number].start > at:
                loud.append(TimeSpan(at, quiet[number].start))
            at = max(at, quiet[number].end)
            number += 1
        if at < one.end:
            loud.append(TimeSpan(at, one.end))
    return loud


def _longest_difference(spans: Sequence[TimeSpan], other_spans: Sequence[TimeSpan]) -> float:
    """The longest piece of some intervals that lies in none of the others."""
    longest, longest_and_index = 0.0, 0
    for span in spans:
        at = span.start
        while (
            longest_and_index < len(other_spans)
            and other_spans[longest_and_index].end + BLUR_SECONDS < span.start
        ):
            longest_and_index += 1
        for each in other_spans[longest_and_index:]:
            if each.start - BLUR_SECONDS >= span.end:
                break
            longest = max(longest, each.start - BLUR_SECONDS - at)
            at = max(at, each.end + BLUR_SECONDS)
        longest = max(longest, span.end - at)
    return longest
