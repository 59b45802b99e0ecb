"""Where the picture cuts from one shot to the next, by ffmpeg's scene filter.

The picture is decoded for it, in the same run of ffmpeg that decodes the sound: the file is read
but once. Decoding the picture is what costs; it is made small before it is compared.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

SCENE_THRESHOLD = 0.3
"""How different, 0 to 1, two frames in a row are at a cut; ffmpeg's manual says 0.3 to 0.5."""
SCALED_WIDTH = 320
"""Pixels that suffice to see a cut."""


def shot_change_output(source: Any) -> Any:
    """A second output of ffmpeg, which prints the time of each cut (see
    :func:`parse_shot_change`)."""
    picture = (
        source["V:0"]
        .filter("scale", SCALED_WIDTH, -2, flags="fast_bilinear")
        .filter("select", f"gt(scene,{SCENE_THRESHOLD})")
        .filter("metadata", mode="print", file="pipe:1", direct=1)
    )
    return ffmpeg.output(picture, "-", format="null")


def parse_shot_change(line: str) -> float | None:
    """The seconds of the medium at which a printed line says that there is a cut, else None."""
    _, marker, time = line.partition("pts_time:")
    if not marker or not line.startswith("frame:"):
        return None
    try:
        return float(time.split()[0])
    except (IndexError, ValueError):
        return None
