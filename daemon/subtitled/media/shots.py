"""Shot changes, by ffmpeg's scene filter.

The video is decoded in the same run of ffmpeg as the audio, so the file is read only once. Decoding
takes most of the time. Frames are scaled down before they are compared.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

SCENE_THRESHOLD = 0.3
"""Difference, 0 to 1, of two frames at a shot change. ffmpeg's manual recommends 0.3 to 0.5."""
SCALED_WIDTH = 320
"""Width in pixels that suffices to detect a shot change."""


def shot_change_output(source: Any) -> Any:
    """Build a second output of ffmpeg, which prints the time of each shot change.

    :class:`ShotReader` reads its lines.
    """
    picture = (
        source["V:0"]
        .filter("scale", SCALED_WIDTH, -2, flags="fast_bilinear")
        .filter("select", f"gt(scene,{SCENE_THRESHOLD})")
        .filter("metadata", mode="print", file="pipe:1", direct=1)
    )
    return ffmpeg.output(picture, "-", format="null")


class ShotReader:
    """Reads the shot changes from ffmpeg's output, where each has a line of time and a score."""

    def __init__(self) -> None:
        self._time: float | None = None

    def read_line(self, line: str) -> float | None:
        """Read a line; return the time in seconds of the shot change that it ends, or None."""
        if line.startswith("lavfi.scene_score="):
            return self._time
        if (time := _parse_frame_time(line)) is not None:
            self._time = time
        return None


def _parse_frame_time(line: str) -> float | None:
    """Return the time in seconds of a printed frame; None for any other line."""
    _, marker, time = line.partition("pts_time:")
    if not marker or not line.startswith("frame:"):
        return None
    try:
        return float(time.split()[0])
    except (IndexError, ValueError):
        return None
