"""Shot changes, by ffmpeg's scene filter.

The video is decoded in the same run of ffmpeg as the audio, so the file is read only once. Decoding
takes most of the time. Frames are scaled down before they are compared.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from subtitled.plugin import TimeSpan

from .clips import CutSource, cut_picture, run_cut

SCENE_THRESHOLD = 0.3
"""Difference, 0 to 1, of two frames at a shot change. ffmpeg's manual recommends 0.3 to 0.5."""
SCALED_WIDTH = 320
"""Width in pixels that suffices to detect a shot change."""


def shot_change_output(source: Any) -> Any:
    """Build a second output of ffmpeg, which prints the time of each shot change.

    :class:`ShotReader` reads its lines.
    """
    return ffmpeg.output(_print_shot_changes(source["V:0"]), "-", format="null")


def find_shot_changes(source: CutSource, span: TimeSpan, scratch: Path) -> tuple[float, ...]:
    """Find the shot changes of a span only, in seconds of the media file.

    Args:
        source: The media file, which has video.
        span: The span. What was on screen before it is decoded, too, to compare its first picture.
        scratch: A file that is written and deleted.

    Raises:
        SubtitledError: The picture cannot be decoded; the error says why.
    """
    picture, begin = cut_picture(source, span)
    reader, printed = ShotReader(), list[float]()

    def read_line(line: str) -> None:
        if (time := reader.read_line(line)) is not None:
            printed.append(begin + time)

    # The first picture is selected, too, so that something is written even if there are no changes.
    selected = _print_shot_changes(picture, "+eq(n,0)")
    graph = ffmpeg.output(selected, "TARGET", format="framecrc", map_metadata=-1)
    try:
        run_cut(graph, [source.path], scratch, on_line=read_line)
    finally:
        scratch.unlink(missing_ok=True)
    return tuple(round(time, 3) for time in printed[1:] if span.start <= time < span.end)


def _print_shot_changes(picture: Any, also: str = "") -> Any:
    """Let ffmpeg print the time of each shot change, and of pictures that an expression selects."""
    return (
        picture.filter("scale", SCALED_WIDTH, -2, flags="fast_bilinear")
        .filter("select", f"gt(scene,{SCENE_THRESHOLD}){also}")
        .filter("metadata", mode="print", file="pipe:1", direct=1)
    )


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
