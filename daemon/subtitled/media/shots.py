"""Where the picture cuts from one shot to the next, by ffmpeg's scene filter.

The picture is decoded for it, in the same run of ffmpeg that decodes the sound: the file is read
but once. Decoding the picture is what costs; it is made small before it is compared.
"""

from __future__ import annotations

from typing import Any

import ffmpeg

SCENE = 0.3
"""How different, 0 to 1, two frames in a row are at a cut; ffmpeg's manual says 0.3 to 0.5."""
WIDTH = 320
"""Pixels that suffice to see a cut."""


def watching(source: Any) -> Any:
    """A second output of ffmpeg, which prints the time of each cut (see :func:`cut_in`)."""
    picture = (
        source["V:0"]
        .filter("scale", WIDTH, -2, flags="fast_bilinear")
        .filter("select", f"gt(scene,{SCENE})")
        .filter("metadata", mode="print", file="pipe:1", direct=1)
    )
    return ffmpeg.output(picture, "-", format="null")


def cut_in(line: str) -> float | None:
    """The seconds of the medium at which a printed line says that there is a cut, else None."""
    _, found, time = line.partition("pts_time:")
    if not found or not line.startswith("frame:"):
        return None
    try:
        return float(time.split()[0])
    except (IndexError, ValueError):
        return None
