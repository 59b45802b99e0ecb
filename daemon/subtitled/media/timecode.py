"""Timecode (SMPTE ST 12-1): labels of frames, with and without drop-frame.

A label counts frames as hours, minutes, seconds and frames. Video of 29.97 frames a second has
fewer frames an hour than labels, so drop-frame timecode leaves labels out: the first two of each
minute, but for every tenth minute. 59.94 frames a second leave out four. A day ends at 24 hours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache

from subtitled.plugin import InputRejectedError

MAX_RATE = 120
"""Most frames a second that timecode can count."""
HOURS_A_DAY = 24
MAX_RATE_DEVIATION = Fraction(1, 2000)
"""Greatest relative difference between a rate that a container states and a rate of television."""

_LABEL = re.compile(r"\s*(\d{1,2}):(\d{2}):(\d{2})([:;.,])(\d{2,3})\s*", re.ASCII)
_DROP_FRAME_SEPARATORS = frozenset(";.,")
"""What stands before the frames in drop-frame timecode; a point and a comma on old machines."""
_SECONDS_A_MINUTE = 60
_MINUTES_OF_A_CYCLE = 10
"""Minutes after which the pattern of labels that are left out repeats."""


class TimecodeError(InputRejectedError):
    """A timecode or its rate is impossible."""


@dataclass(frozen=True)
class TimecodeRate:
    """How timecode counts.

    Attributes:
        fps: Frames per second, exact: 30000/1001 for what is called 29.97.
        is_drop_frame: Whether labels are left out so that they keep up with the clock.
    """

    fps: Fraction
    is_drop_frame: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.fps <= MAX_RATE:
            raise TimecodeError(
                f"{_describe(self.fps)} frames per second have no timecode",
                f"State a rate between 1 and {MAX_RATE}",
            )
        if self.is_drop_frame and (
            self.nominal % 30 or self.fps != Fraction(self.nominal * 1000, 1001)
        ):
            raise TimecodeError(
                f"drop-frame timecode does not exist at {_describe(self.fps)} frames per second",
                "It exists at 29.97, 59.94 and 119.88",
            )

    @cached_property
    def nominal(self) -> int:
        """Labels of one second: 30 at 29.97 frames per second."""
        return -(-self.fps.numerator // self.fps.denominator)

    @cached_property
    def dropped(self) -> int:
        """Labels that are left out at the beginning of a minute."""
        return self.nominal // 15 if self.is_drop_frame else 0

    @cached_property
    def frames_a_minute(self) -> int:
        """Labels of a minute that leaves some out; of any minute without drop-frame."""
        return self.nominal * _SECONDS_A_MINUTE - self.dropped

    @cached_property
    def frames_a_cycle(self) -> int:
        """Labels of ten minutes."""
        return self.frames_a_minute * _MINUTES_OF_A_CYCLE + self.dropped

    @cached_property
    def frames_a_day(self) -> int:
        """Labels of 24 hours, after which the count begins again."""
        return self.frames_a_cycle * (60 // _MINUTES_OF_A_CYCLE) * HOURS_A_DAY


def _describe(fps: Fraction) -> str:
    """Return a rate for people, also one that is too large for a float."""
    return f"{float(fps):g}" if fps <= 10**9 else "over a billion"


@lru_cache(maxsize=64)
def find_rate(fps: Fraction | float, *, is_drop_frame: bool = False) -> TimecodeRate:
    """Return the rate of television nearest to what a container states.

    Containers round: 29.97, 2997/100 and 30000/1001 are one rate.

    Raises:
        TimecodeError: No timecode counts so, or drop-frame does not exist at this rate.
    """
    stated = Fraction(fps)
    nominal = round(stated)
    if nominal < 1:
        raise TimecodeError(
            f"{_describe(stated)} frames per second have no timecode",
            f"State a rate between 1 and {MAX_RATE}",
        )
    candidates = (Fraction(nominal), Fraction(nominal * 1000, 1001))
    nearest = min(candidates, key=lambda rate: abs(rate - stated))
    is_near = abs(nearest - stated) <= stated * MAX_RATE_DEVIATION
    return TimecodeRate(nearest if is_near else stated, is_drop_frame)


def parse_timecode(text: str, fps: Fraction | float) -> tuple[int, TimecodeRate]:
    """Read a label.

    Args:
        text: Such as ``01:00:00:00``, or ``01:00:00;00`` for drop-frame.
        fps: Frames per second.

    Returns:
        The number of its frame, counted from midnight, and how it counts.

    Raises:
        TimecodeError: It is no label, or one that does not exist at this rate.
    """
    match = _LABEL.fullmatch(text)
    if not match:
        raise TimecodeError(
            f"{text!r:.40} is no timecode", "Write it as 01:00:00:00, drop-frame as 01:00:00;00"
        )
    rate = find_rate(fps, is_drop_frame=match[4] in _DROP_FRAME_SEPARATORS)
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    if hours >= HOURS_A_DAY or minutes >= 60 or seconds >= 60 or frames >= rate.nominal:
        raise TimecodeError(
            f"{text.strip()} is no timecode at {float(rate.fps):.6g} frames per second",
            f"Hours go to 23, minutes and seconds to 59, frames to {rate.nominal - 1}",
        )
    if rate.dropped and minutes % _MINUTES_OF_A_CYCLE and not seconds and frames < rate.dropped:
        raise TimecodeError(
            f"the timecode {text.strip()} is one that drop-frame leaves out",
            f"The minute begins with the frame {rate.dropped:02d}",
        )
    all_minutes = hours * 60 + minutes
    skipped = rate.dropped * (all_minutes - all_minutes // _MINUTES_OF_A_CYCLE)
    labels = (all_minutes * _SECONDS_A_MINUTE + seconds) * rate.nominal + frames
    return labels - skipped, rate


def format_timecode(frame: int, rate: TimecodeRate) -> str:
    """Return the label of a frame that is counted from midnight; a day later the same again."""
    cycles, rest = divmod(frame % rate.frames_a_day, rate.frames_a_cycle)
    first_minute = rate.nominal * _SECONDS_A_MINUTE
    minutes = 0 if rest < first_minute else 1 + (rest - first_minute) // rate.frames_a_minute
    skipped = rate.dropped * (cycles * (_MINUTES_OF_A_CYCLE - 1) + minutes)
    labels = cycles * rate.frames_a_cycle + rest + skipped
    seconds, frames = divmod(labels, rate.nominal)
    separator = ";" if rate.is_drop_frame else ":"
    width = max(2, len(str(rate.nominal - 1)))
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}{separator}{frames:0{width}d}"


@dataclass(frozen=True, slots=True)
class StartTimecode:
    """The timecode of a programme's first moment.

    Attributes:
        frame: The frame at 0 seconds of the media file, counted from midnight.
        rate: How it counts.
        source: Where it was read, such as ``QuickTime timecode track``.
    """

    frame: int
    rate: TimecodeRate
    source: str = ""

    def __str__(self) -> str:
        return format_timecode(self.frame, self.rate)

    def frame_at(self, seconds: float) -> int:
        """Return the frame nearest to a time of the media file, counted from midnight."""
        return self.frame + round(Fraction(seconds) * self.rate.fps)

    def label_at(self, seconds: float) -> str:
        """Return the timecode of a time of the media file, by the nearest frame."""
        return format_timecode(self.frame_at(seconds), self.rate)

    def seconds_of(self, frame: int) -> float:
        """Return the time in the media file of a frame that is counted from midnight.

        A frame before the first one belongs to the next day.
        """
        return float((frame - self.frame) % self.rate.frames_a_day / self.rate.fps)
