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

from subtitled.plugin import Interval

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Curve = npt.NDArray[np.float64]

STEP = 0.02
"""Seconds between two points of the grid."""
FARTHEST = 300.0
"""Seconds that one file may be late: logos, a recap, black."""
LEAST_INTERVALS = 12
"""Of speech, in either file: fewer may fall together by chance."""
LEAST_PEAK = 0.75
"""Correlation, 1 at best."""
HIGHEST_RIVAL = 0.7
"""Of the second highest peak, as a share of the highest."""
RIVAL_DISTANCE = 5.0
"""Seconds from the highest peak: what is nearer belongs to it."""
PARTS = 12
"""Parts of the programme that are asked by themselves, each with four intervals or more."""
LEAST_PARTS = 3
FAINT = 0.25
"""The share of a part's speech that may be quiet, if the part is to be asked."""
PART_PEAK = 0.6
PART_SEARCH = 10.0
PART_TOLERANCE = 0.25
"""Seconds: how far a part may look, and how near to the common shift its own must be."""
BLUR = 0.5
"""Seconds by which the borders of speech may differ: encoders and detectors are not exact."""
LONGEST_LACK = 5.0
"""Seconds of speech in one go that one file may have and the other not."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """How the speech of a new file lies to that of an old one."""

    offset: float
    """Seconds to add to a time in the old file to get the same moment in the new one."""
    peak: float
    rival: float
    parts: int
    agreeing: int
    lacking: float
    """The longest speech, in seconds, that only one of the two has."""
    doubt: str = ""
    """Why it is not believed; empty if it is."""

    @property
    def convincing(self) -> bool:
        return not self.doubt


def align(
    old: Sequence[Interval],
    new: Sequence[Interval],
    old_quiet: Sequence[Interval] = (),
    new_quiet: Sequence[Interval] = (),
) -> Alignment | None:
    """How ``new`` lies to ``old``, both the intervals of speech of a file in order; None where
    there is too little speech to tell.

    Quiet speech, in parts of the intervals, is perhaps heard in one of the encodings only: it
    counts for little, and parts of the programme that are full of it are not asked.
    """
    if min(len(old), len(new)) < LEAST_INTERVALS:
        return None
    import numpy as np

    length = max(old[-1].end, new[-1].end) + PART_SEARCH + 1.0
    before, after = _drawn(old, old_quiet, length), _drawn(new, new_quiet, length)
    curve = _correlation(before, after)
    reach = min(round(FARTHEST / STEP), len(before) - 1)
    lags = np.arange(-reach, reach + 1)
    heights = curve[lags]  # negative shifts lie at the end of the curve
    best = int(np.argmax(heights))
    lag, peak = int(lags[best]), float(heights[best])
    far = np.abs(lags - lag) > RIVAL_DISTANCE / STEP
    rival = float(heights[far].max(initial=0.0))
    quiet = [*old_quiet, *_moved(new_quiet, -lag * STEP)]
    parts = [part for part in _parts(old) if not _is_faint(part, old, quiet)]
    agreeing = sum(_agrees(part, before, after, lag) for part in parts)
    offset = _refined(old, new, lag * STEP)
    lacking = max(
        _only_in(_moved(_without(old, old_quiet), offset), new),
        _only_in(_without(new, new_quiet), _moved(old, offset)),
    )
    found = Alignment(offset, peak, rival, len(parts), agreeing, lacking)
    return Alignment(offset, peak, rival, len(parts), agreeing, lacking, _doubt(found))


def _doubt(found: Alignment) -> str:
    if found.peak < LEAST_PEAK:
        return f"the speech does not match ({found.peak:.2f})"
    if found.rival > HIGHEST_RIVAL * found.peak:
        return f"another shift matches nearly as well ({found.rival:.2f} to {found.peak:.2f})"
    if found.parts < LEAST_PARTS:
        return "too much of the speech is faint to tell"
    if found.agreeing < found.parts:
        return f"only {found.agreeing} of {found.parts} parts agree on the shift: another cut"
    if found.lacking > LONGEST_LACK:
        return f"{found.lacking:.0f} s of speech are in one file only: another cut"
    return ""


def _drawn(speech: Sequence[Interval], quiet: Sequence[Interval], length: float) -> Curve:
    """1 where somebody speaks, a half where faintly, 0 where nobody does, at every step."""
    import numpy as np

    drawn = np.zeros(round(length / STEP) + 1)
    for intervals, height in ((speech, 1.0), (quiet, 0.5)):
        for one in intervals:
            drawn[round(one.start / STEP) : round(one.end / STEP)] = height
    return drawn


def _correlation(before: Curve, after: Curve) -> Curve:
    """By shift, -1 to 1; negative shifts at the end."""
    import numpy as np

    x, y = before - before.mean(), after - after.mean()
    size = 1 << (len(x) + len(y) - 1).bit_length()
    product = np.conj(np.fft.rfft(x, size)) * np.fft.rfft(y, size)
    scale = float(np.sqrt((x @ x) * (y @ y))) or 1.0
    return np.fft.irfft(product, size) / scale


def _parts(speech: Sequence[Interval]) -> list[Interval]:
    """The programme in parts with about as many intervals each."""
    count = max(3, min(PARTS, len(speech) // 4))
    edges = [len(speech) * part // count for part in range(count + 1)]
    return [
        Interval(max(0.0, speech[first].start - 1.0), speech[last - 1].end + 1.0)
        for first, last in pairwise(edges)
    ]


def _is_faint(part: Interval, speech: Sequence[Interval], quiet: Sequence[Interval]) -> bool:
    """Whether too much of a part is quiet speech, in either file, for it to be asked."""
    return _within(part, quiet) > FAINT * _within(part, speech)


def _within(part: Interval, intervals: Sequence[Interval]) -> float:
    """Seconds of some intervals that lie in a part."""
    return sum(max(0.0, min(one.end, part.end) - max(one.start, part.start)) for one in intervals)


def _agrees(part: Interval, before: Curve, after: Curve, lag: int) -> bool:
    """Whether a part of the old file, asked by itself, finds itself at the common shift."""
    import numpy as np

    first, last = round(part.start / STEP), round(part.end / STEP)
    reach = round(PART_SEARCH / STEP)
    there = np.arange(first + lag - reach, last + lag + reach)
    inside = (there >= 0) & (there < len(after))
    y = np.where(inside, after[np.clip(there, 0, len(after) - 1)], 0.0)
    x = before[first:last]
    covariance = np.correlate(y, x - x.mean(), "valid")
    own = int(np.argmax(covariance)) - reach
    seen = y[reach + own : reach + own + len(x)]
    spread = float(x.std() * seen.std())
    height = float(((x - x.mean()) * (seen - seen.mean())).mean()) / spread if spread else 0.0
    return abs(own) * STEP <= PART_TOLERANCE and height >= PART_PEAK


def _refined(old: Sequence[Interval], new: Sequence[Interval], offset: float) -> float:
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
        apart += [float(each) for each in distance[np.abs(distance) <= PART_TOLERANCE]]
    return offset + float(np.median(apart)) if apart else offset


def _moved(speech: Sequence[Interval], offset: float) -> list[Interval]:
    return [Interval(one.start + offset, one.end + offset) for one in speech]


def _without(speech: Sequence[Interval], quiet: Sequence[Interval]) -> list[Interval]:
    """The speech that is not quiet; quiet parts lie inside its intervals, in order."""
    loud: list[Interval] = []
    number = 0
    for one in speech:
        at = one.start
        while number < len(quiet) and quiet[number].start < one.end:
            if quiet[number].start > at:
                loud.append(Interval(at, quiet[number].start))
            at = max(at, quiet[number].end)
            number += 1
        if at < one.end:
            loud.append(Interval(at, one.end))
    return loud


def _only_in(these: Sequence[Interval], those: Sequence[Interval]) -> float:
    """The longest piece of some intervals that lies in none of the others."""
    longest, other = 0.0, 0
    for one in these:
        at = one.start
        while other < len(those) and those[other].end + BLUR < one.start:
            other += 1
        for each in those[other:]:
            if each.start - BLUR >= one.end:
                break
            longest = max(longest, each.start - BLUR - at)
            at = max(at, each.end + BLUR)
        longest = max(longest, one.end - at)
    return longest
