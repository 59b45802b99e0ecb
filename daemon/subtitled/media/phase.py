"""How long the two sides of stereo cancel each other, measured by ffmpeg while it decodes."""

from __future__ import annotations

from typing import Any

from subtitled.plugin import SAMPLE_RATE

FRAME_SAMPLES = SAMPLE_RATE // 4
"""Samples that are measured at once. Words are longer."""
MIN_ANGLE = 120
"""Degrees of phase from which two channels count as out of phase."""
MIN_SECONDS = 1.0
"""Seconds out of phase from which the channels of a track are looked at closely."""
_START, _DURATION = "lavfi.aphasemeter.out_phase_start", "lavfi.aphasemeter.out_phase_duration"


def measure_phase(audio: Any) -> Any:
    """Resample the sound of a graph and print when its two channels are out of phase.

    Measuring in large frames takes no longer than the conversion in small ones did without it.
    """
    metered = (
        audio.filter("aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0})
        .filter("asetnsamples", n=FRAME_SAMPLES, p=0)
        .filter("aphasemeter", video=0, phasing=1, angle=MIN_ANGLE, duration=0.2)
    )
    for key in (_START, _DURATION):
        metered = metered.filter("ametadata", "print", key=key, file="pipe:1", direct=1)
    return metered


class PhaseMeter:
    """Adds up what :func:`measure_phase` prints."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._start: float | None = None

    def read_line(self, text: str) -> None:
        """Read a line of ffmpeg's output; most are not about the phase."""
        name, _, value = text.partition("=")
        if name not in (_START, _DURATION):
            return
        try:
            seconds = float(value)
        except ValueError:
            return
        if name == _START:
            self._start = seconds
        else:
            self._seconds, self._start = self._seconds + seconds, None

    def measure(self, duration: float) -> float:
        """Return the seconds out of phase, up to the end of the sound at ``duration``."""
        still_on = max(0.0, duration - self._start) if self._start is not None else 0.0
        return self._seconds + still_on

    def is_suspicious(self, duration: float) -> bool:
        """Tell whether the channels may cancel each other."""
        return self.measure(duration) >= MIN_SECONDS
