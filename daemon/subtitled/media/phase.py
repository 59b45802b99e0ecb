"""How long the channels of a track cancel each other, measured by ffmpeg while it decodes.

Two sides are compared by their phase. Of more channels, which are mixed to two sides first, the
power before the mix is compared with that of the decoded sound: a centre that is turned over
against both sides leaves silence, which has no phase.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subtitled.plugin import SAMPLE_RATE

from .lost_sound import FRAME_SAMPLES, measure_lost_seconds
from .numpy_process import call

MIN_ANGLE = 120
"""Degrees of phase from which two channels count as out of phase."""
MIN_SECONDS = 1.0
"""Seconds out of phase from which the channels of a track are looked at closely."""
MAX_CORRELATION = 0.3
"""Correlation of two sides below which they have little in common."""
MIN_UNRELATED_SHARE = 0.5
"""Share of a track with unrelated sides from which each side is listened to by itself."""
_LEVEL = "lavfi.astats.Overall.RMS_level"
_PHASE = "lavfi.aphasemeter.phase"
_START, _DURATION = "lavfi.aphasemeter.out_phase_start", "lavfi.aphasemeter.out_phase_duration"


def measure_phase(audio: Any, channels: int) -> Any:
    """Resample the sound of a graph and print when its channels are out of phase.

    Measuring in large frames takes no longer than the conversion in small ones did without it.

    Args:
        audio: The stream of the graph.
        channels: How many it has.
    """
    metered = audio.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0}).filter(
        "asetnsamples", n=FRAME_SAMPLES, p=0
    )
    if channels > 2:
        metered = metered.filter(
            "astats", metadata=1, reset=1, measure_perchannel="none", measure_overall="RMS_level"
        ).filter("ametadata", "print", key=_LEVEL, file="pipe:1", direct=1)
        # The mix to two sides comes here. Without this it would come before the measurement.
        metered = metered.filter("aresample")
    metered = metered.filter("aphasemeter", video=0, phasing=1, angle=MIN_ANGLE, duration=0.2)
    for key in (_START, _DURATION, *((_PHASE,) if channels == 2 else ())):
        metered = metered.filter("ametadata", "print", key=key, file="pipe:1", direct=1)
    return metered


class PhaseMeter:
    """Adds up what :func:`measure_phase` prints."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._start: float | None = None
        self._levels: list[float] = []
        self._frames = 0
        self._unrelated_frames = 0

    def read_line(self, text: str) -> None:
        """Read a line of ffmpeg's output; most are not about the phase."""
        name, _, value = text.partition("=")
        if name not in (_START, _DURATION, _LEVEL, _PHASE):
            return
        try:
            number = float(value)
        except ValueError:
            return
        if name == _LEVEL:
            self._levels.append(number)
        elif name == _PHASE:
            self._frames += 1
            self._unrelated_frames += abs(number) < MAX_CORRELATION
        elif name == _START:
            self._start = number
        else:
            self._seconds, self._start = self._seconds + number, None

    def measure(self, duration: float) -> float:
        """Return the seconds out of phase, up to the end of the sound at ``duration``."""
        still_on = max(0.0, duration - self._start) if self._start is not None else 0.0
        return self._seconds + still_on

    def measure_lost(self, mono: Path) -> float:
        """Return the seconds in which the decoded sound lacks what more than two channels had.

        Args:
            mono: The decoded sound, as 16-bit samples.
        """
        if not self._levels:
            return 0.0
        return float(call(measure_lost_seconds, str(mono), self._levels))

    @property
    def has_unrelated_sides(self) -> bool:
        """Whether the two sides of a track have little in common, as two microphones have."""
        return self._unrelated_frames > MIN_UNRELATED_SHARE * max(1, self._frames)

    def is_suspicious(self, mono: Path, duration: float) -> bool:
        """Tell whether the channels may cancel each other.

        Args:
            mono: The decoded sound, as 16-bit samples.
            duration: Its seconds.
        """
        return self.measure(duration) >= MIN_SECONDS or self.measure_lost(mono) >= MIN_SECONDS
