"""Media sync: whether two files hold the same speech and by how much one is late.

A better copy of a programme has the same speech at the same pace, perhaps some seconds later. The
voice activity of both files is drawn on a fixed grid and correlated, by the functions that the
check of subtitles uses too (:mod:`subtitled.subtitles.synchronisation.correlation`). The offset
with the highest peak is accepted only if no other peak comes near it, every part of the programme
agrees with it (parts of another cut do not), and neither file has speech that the other lacks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from subtitled.media.numpy_process import call
from subtitled.plugin import TimeSpan

if TYPE_CHECKING:
    from subtitled.subtitles.synchronisation.correlation import Curve

STEP_SECONDS = 0.02
"""Seconds between two points of the grid."""
MAX_OFFSET_SECONDS = 300.0
"""Seconds by which one file may be late: logos, a recap, black frames."""
MIN_SPEECH_SPANS = 12
"""Fewest spans of speech in either file. Fewer may match by chance."""
MIN_PEAK = 0.75
"""Lowest correlation; 1 is a perfect match."""
MAX_RIVAL_PEAK = 0.7
"""Highest second peak, as a share of the highest."""
RIVAL_DISTANCE_SECONDS = 5.0
"""Seconds within which a peak belongs to the highest one."""
PART_COUNT = 12
"""Parts of the programme that are compared separately, with at least four spans each."""
MIN_PART_COUNT = 3
MAX_QUIET_SHARE = 0.25
"""Share of faint speech above which a part is not compared."""
MIN_PART_PEAK = 0.6
PART_SEARCH_SECONDS = 10.0
PART_TOLERANCE_SECONDS = 0.25
"""Seconds that a part may be searched, and by which its offset may differ from the common one."""
BLUR_SECONDS = 0.5
"""Seconds by which the edges of speech may differ, since encoders and detectors are not exact."""
MAX_MISSING_SPEECH_SECONDS = 5.0
"""Seconds of continuous speech that only one of the files may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaOffset:
    """The offset between the speech of two files, and how sure it is."""

    offset: float
    """Seconds to add to a time in the old file to get the same moment in the new one."""
    peak: float
    rival_peak: float
    part_count: int
    agreeing_parts: int
    missing_speech_seconds: float
    """The longest speech in seconds that only one of the files has."""
    rejection_reason: str = ""
    """Why the offset is rejected; empty if it is accepted."""

    @property
    def is_convincing(self) -> bool:
        """Whether the offset is accepted."""
        return not self.rejection_reason


def find_offset(
    old: Sequence[TimeSpan],
    new: Sequence[TimeSpan],
    old_quiet: Sequence[TimeSpan] = (),
    new_quiet: Sequence[TimeSpan] = (),
) -> MediaOffset | None:
    """Find the offset between the speech of two files.

    Args:
        old: The spans of speech of the old file, in order.
        new: Those of the new file.
        old_quiet: The faint parts of ``old``. They may be missing in another encoding, so they
            count for less, and parts that are full of them are not compared.
        new_quiet: The faint parts of ``new``.

    Returns:
        The best offset, which may be rejected, or None if there is too little speech.
    """
    if min(len(old), len(new)) < MIN_SPEECH_SPANS:
        return None
    given = [
        [(span.start, span.end) for span in spans] for spans in (old, new, old_quiet, new_quiet)
    ]
    return MediaOffset(**call(measure_offset, *given))


def measure_offset(*given: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Measure the offset between the speech of two files, as JSON has both.

    Args:
        given: What :func:`find_offset` is given, as starts and ends.

    Returns:
        The fields of the offset.
    """
    import numpy as np

    from subtitled.subtitles.synchronisation.correlation import draw_activity

    old, new, old_quiet, new_quiet = (
        [TimeSpan(start, end) for start, end in spans] for spans in given
    )
    length = max(old[-1].end, new[-1].end) + PART_SEARCH_SECONDS + 1.0
    steps = round(length / STEP_SECONDS) + 1
    before = draw_activity(old, old_quiet, step=STEP_SECONDS, length=steps)
    after = draw_activity(new, new_quiet, step=STEP_SECONDS, length=steps)
    curve = _cross_correlate(before, after)
    reach = min(round(MAX_OFFSET_SECONDS / STEP_SECONDS), len(before) - 1)
    lags = np.arange(-reach, reach + 1)
    heights = curve[lags]  # Negative offsets are at the end of the curve.
    best = int(np.argmax(heights))
    lag, peak = int(lags[best]), float(heights[best])
    far = np.abs(lags - lag) > RIVAL_DISTANCE_SECONDS / STEP_SECONDS
    rival = float(np.max(heights[far], initial=0.0))
    quiet = [*old_quiet, *_shift_spans(new_quiet, -lag * STEP_SECONDS)]
    parts = [part for part in _split_into_parts(old) if not _is_faint(part, old, quiet)]
    agreeing = sum(_part_agrees(part, before, after, lag) for part in parts)
    offset = _refine_offset(old, new, lag * STEP_SECONDS)
    missing_seconds = max(
        _longest_difference(_shift_spans(_subtract(old, old_quiet), offset), new),
        _longest_difference(_subtract(new, new_quiet), _shift_spans(old, offset)),
    )
    candidate = MediaOffset(
        offset=offset,
        peak=peak,
        rival_peak=rival,
        part_count=len(parts),
        agreeing_parts=agreeing,
        missing_speech_seconds=missing_seconds,
    )
    return asdict(replace(candidate, rejection_reason=_rejection_reason(candidate)))


def _rejection_reason(candidate: MediaOffset) -> str:
    if candidate.peak < MIN_PEAK:
        return f"the speech does not match ({candidate.peak:.2f})"
    if candidate.rival_peak > MAX_RIVAL_PEAK * candidate.peak:
        peaks = f"{candidate.rival_peak:.2f} to {candidate.peak:.2f}"
        return f"another offset matches nearly as well ({peaks})"
    if candidate.part_count < MIN_PART_COUNT:
        return "too much of the speech is faint to tell"
    if candidate.agreeing_parts < candidate.part_count:
        parts = f"{candidate.agreeing_parts} of {candidate.part_count}"
        return f"only {parts} parts agree on the offset: another cut"
    if candidate.missing_speech_seconds > MAX_MISSING_SPEECH_SECONDS:
        return (
            f"{candidate.missing_speech_seconds:.0f} s of speech are in one file only: another cut"
        )
    return ""


def _cross_correlate(before: Curve, after: Curve) -> Curve:
    """Return the correlation (-1 to 1) by offset. Negative offsets are at the end."""
    import numpy as np

    from subtitled.subtitles.synchronisation.correlation import choose_size, correlate, transform

    x, y = before - before.mean(), after - after.mean()
    size = choose_size(len(x), len(y))
    scale = float(np.sqrt((x @ x) * (y @ y))) or 1.0
    return correlate((x,), (transform(y, size),), size) / scale


def _split_into_parts(speech: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Split the programme into parts with about the same number of spans."""
    count = max(3, min(PART_COUNT, len(speech) // 4))
    edges = [len(speech) * part // count for part in range(count + 1)]
    return [
        TimeSpan(max(0.0, speech[first].start - 1.0), speech[last - 1].end + 1.0)
        for first, last in pairwise(edges)
    ]


def _is_faint(part: TimeSpan, speech: Sequence[TimeSpan], quiet: Sequence[TimeSpan]) -> bool:
    """Return whether too much of the speech of a part is faint."""
    return _overlap_seconds(part, quiet) > MAX_QUIET_SHARE * _overlap_seconds(part, speech)


def _overlap_seconds(part: TimeSpan, intervals: Sequence[TimeSpan]) -> float:
    """Return the seconds of some spans that lie in a part."""
    return sum(
        max(0.0, min(interval.end, part.end) - max(interval.start, part.start))
        for interval in intervals
    )


def _part_agrees(part: TimeSpan, before: Curve, after: Curve, lag: int) -> bool:
    """Return whether a part of the old file has the common offset by itself."""
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
    """Return the offset as the median over the edges of speech, finer than the grid."""
    import numpy as np

    distances: list[float] = []
    for edges in (
        ([span.start for span in old], [span.start for span in new]),
        ([span.end for span in old], [span.end for span in new]),
    ):
        shifted, edges_new = np.array(edges[0]) + offset, np.array(edges[1])
        at = np.clip(np.searchsorted(edges_new, shifted), 1, len(edges_new) - 1)
        nearest = np.where(
            shifted - edges_new[at - 1] < edges_new[at] - shifted, edges_new[at - 1], edges_new[at]
        )
        distance = nearest - shifted
        distances += [float(each) for each in distance[np.abs(distance) <= PART_TOLERANCE_SECONDS]]
    return offset + float(np.median(distances)) if distances else offset


def _shift_spans(speech: Sequence[TimeSpan], offset: float) -> list[TimeSpan]:
    return [TimeSpan(span.start + offset, span.end + offset) for span in speech]


def _subtract(speech: Sequence[TimeSpan], quiet: Sequence[TimeSpan]) -> list[TimeSpan]:
    """Return the speech without its faint parts, which lie inside it in order."""
    loud: list[TimeSpan] = []
    number = 0
    for span in speech:
        start = span.start
        while number < len(quiet) and quiet[number].start < span.end:
            if quiet[number].start > start:
                loud.append(TimeSpan(start, quiet[number].start))
            start = max(start, quiet[number].end)
            number += 1
        if start < span.end:
            loud.append(TimeSpan(start, span.end))
    return loud


def _longest_difference(spans: Sequence[TimeSpan], other_spans: Sequence[TimeSpan]) -> float:
    """Return the longest piece of some spans that lies in none of the others, in seconds."""
    longest, index = 0.0, 0
    for span in spans:
        start = span.start
        while index < len(other_spans) and other_spans[index].end + BLUR_SECONDS < span.start:
            index += 1
        for other in other_spans[index:]:
            if other.start - BLUR_SECONDS >= span.end:
                break
            longest = max(longest, other.start - BLUR_SECONDS - start)
            start = max(start, other.end + BLUR_SECONDS)
        longest = max(longest, span.end - start)
    return longest
