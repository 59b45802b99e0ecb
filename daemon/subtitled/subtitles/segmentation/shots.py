"""Snapping cues to shot changes.

A cue that begins or ends shortly before or after a shot change seems to flicker, and viewers read
it again. The rules are those of Netflix's timing guidelines (360051554394). They are written for
24 frames a second, where half a second is 12 frames, and are scaled to other rates:

- A cue that begins up to 7 frames before a shot change, or up to half a second after it, begins on
  the shot change.
- A cue that begins 8 to 11 frames before a shot change begins 12 frames before it.
- A cue that ends within half a second of a shot change, on either side, ends 2 frames before it.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Cue, Language

from ..rules import CueRules, measure_width

MAX_SHIFT_MS = 500
"""No edge of a cue is moved farther. Shorter gaps are closed."""
FRAMES_BEFORE_SHOT = 2
DEFAULT_FRAME_RATE = 24.0
"""Frames a second of a media file that does not state them."""


@dataclass(slots=True, kw_only=True)
class _CueTimes:
    """Times of a cue in milliseconds: current, original, and the shortest duration allowed."""

    start: int
    end: int
    original_start: int
    original_end: int
    min_duration: int
    max_duration: int


def snap_to_shots(
    cues: Sequence[Cue],
    shot_changes: Sequence[float],
    frame_rate: float,
    language: Language,
    rules: CueRules,
    duration: float | None = None,
) -> tuple[Cue, ...]:
    """Move the edges of cues near a shot change as the rules say.

    Shot changes are times in seconds, ``frame_rate`` is frames a second. No cue is moved beyond
    ``duration``. An edge is not moved if that would violate the order, the gap, the shortest or
    longest duration or the reading speed.
    """
    rate = _known_rate(frame_rate)
    shot_changes_ms = sorted(
        {
            round(shot_change * 1000)
            for shot_change in shot_changes
            if math.isfinite(shot_change) and shot_change > 0
        }
    )
    gap = _gap_before_shot(rate, rules)
    cue_times = [_to_cue_times(cue, language, rules) for cue in cues]
    latest = math.inf if duration is None else math.floor(duration * 1000)
    if shot_changes_ms:
        # The end of the cue before may have to move as well.
        for move in (_snap_end, _snap_start, _snap_end):
            for number in range(len(cue_times)):
                latest_end = (
                    cue_times[number + 1].start - gap if number + 1 < len(cue_times) else latest
                )
                move(cue_times, number, shot_changes_ms, gap, rate, latest_end)
        _close_gaps(cue_times, shot_changes_ms, gap)
    return tuple(
        cue
        if (times.start, times.end) == (times.original_start, times.original_end)
        else Cue(times.start / 1000, times.end / 1000, cue.text)
        for cue, times in zip(cues, cue_times, strict=True)
    )


def latest_end_before(shot_change: float, frame_rate: float, rules: CueRules) -> float:
    """Return where a cue ends that is to end before a shot change; all times are in seconds."""
    gap = _gap_before_shot(_known_rate(frame_rate), rules)
    return max(0, round(shot_change * 1000) - gap) / 1000


def _known_rate(frame_rate: float) -> float:
    """Return the frames a second, or the usual ones if the media file does not state them."""
    return frame_rate if math.isfinite(frame_rate) and frame_rate >= 1 else DEFAULT_FRAME_RATE


def _gap_before_shot(rate: float, rules: CueRules) -> int:
    """Return the milliseconds between the end of a cue and the shot change after it."""
    return max(math.ceil(FRAMES_BEFORE_SHOT * 1000 / rate), math.ceil(rules.min_gap * 1000))


def _to_cue_times(cue: Cue, language: Language, rules: CueRules) -> _CueTimes:
    start, end = round(cue.start * 1000), round(cue.end * 1000)
    to_read = math.ceil(measure_width(cue.text, language) / rules.max_cps * 1000)
    min_duration = max(math.ceil(rules.min_duration * 1000), to_read)
    max_duration = math.floor(rules.max_duration * 1000)
    return _CueTimes(
        start=start,
        end=end,
        original_start=start,
        original_end=end,
        min_duration=min(min_duration, end - start),
        max_duration=max(max_duration, end - start),
    )


def _snap_start(
    cue_times: list[_CueTimes],
    number: int,
    shot_changes: Sequence[int],
    gap: int,
    rate: float,
    latest_end: float,
) -> None:
    """Move the start of a cue to a nearby shot change.

    A cue that would be too short then ends later, at ``free`` at the latest.
    """
    cue = cue_times[number]
    start = cue.original_start
    after = bisect.bisect_left(shot_changes, start)
    ahead = shot_changes[after] - start if after < len(shot_changes) else MAX_SHIFT_MS + 1
    behind = start - shot_changes[after - 1] if after else MAX_SHIFT_MS + 1
    if ahead <= _frames_to_ms(7, rate):
        target = shot_changes[after]
    elif behind <= MAX_SHIFT_MS:
        target = shot_changes[after - 1]
    elif ahead < MAX_SHIFT_MS:
        target = shot_changes[after] - MAX_SHIFT_MS
    else:
        return
    first = cue_times[number - 1].end + gap if number else 0
    end = max(cue.end, target + cue.min_duration)
    is_too_late = end != cue.end and (end > latest_end or end - cue.original_end > MAX_SHIFT_MS)
    is_near = abs(target - start) <= MAX_SHIFT_MS and target >= first
    if is_near and not is_too_late and _is_allowed(cue, target, end):
        cue.start, cue.end = target, end


def _snap_end(
    cue_times: list[_CueTimes],
    number: int,
    shot_changes: Sequence[int],
    gap: int,
    rate: float,
    latest_end: float,
) -> None:
    """Move the end of a cue to two frames before a nearby shot change."""
    cue = cue_times[number]
    after = bisect.bisect_right(shot_changes, cue.original_end)
    candidates = [
        shot_change - gap
        for shot_change in shot_changes[max(0, after - 1) : after + 1]
        if abs(shot_change - cue.original_end) <= MAX_SHIFT_MS
        and abs(shot_change - gap - cue.original_end) <= MAX_SHIFT_MS
    ]
    for target in candidates:
        if target <= latest_end and _is_allowed(cue, cue.start, target):
            cue.end = target
            return


def _frames_to_ms(count: int, rate: float) -> int:
    """Convert frames at 24 a second to milliseconds, in whole frames of this media file."""
    return round(round(count * rate / 24) * 1000 / rate)


def _is_allowed(cue: _CueTimes, start: int, end: int) -> bool:
    return cue.min_duration <= end - start <= cue.max_duration


def _close_gaps(cue_times: list[_CueTimes], shot_changes: Sequence[int], gap: int) -> None:
    """Close the short gaps that moving has left, unless there is a shot change in them."""
    for cue, following in itertools.pairwise(cue_times):
        end = following.start - gap
        has_moved = cue.end != cue.original_end or following.start != following.original_start
        has_shot_change = bisect.bisect_left(shot_changes, cue.end) < bisect.bisect_left(
            shot_changes, following.start
        )
        if (
            has_moved
            and not has_shot_change
            and cue.end < end < cue.end + MAX_SHIFT_MS
            and abs(end - cue.original_end) <= MAX_SHIFT_MS
            and _is_allowed(cue, cue.start, end)
        ):
            cue.end = end
