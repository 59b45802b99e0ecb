"""The formats of broadcasters by their names, and what each file of an export contains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

from subtitled.media.timecode import StartTimecode, parse_timecode
from subtitled.plugin import InputRejectedError, Subtitle

from . import ebu_stl, ebu_tt_d, hls, scc

ExportFormat = Literal["ebu-stl", "ebu-tt-d", "scc", "hls"]
TIMECODE_FORMATS: frozenset[ExportFormat] = frozenset({"ebu-stl", "scc"})
"""Those that count frames. The others do not care how many the picture has."""
DEFAULT_RATE = Fraction(25)
"""Frames per second where neither the media nor the user says it."""


class ExportError(InputRejectedError):
    """A file that was rendered does not read back as what was rendered."""


@dataclass(frozen=True, slots=True)
class Programme:
    """What an export has to know of the media besides the cues.

    Attributes:
        start: The timecode at 0 seconds.
        duration: Seconds of the media; 0 if unknown.
        made_on: The date that a file states.
        segment_seconds: Seconds of a segment of HLS.
    """

    start: StartTimecode
    duration: float
    made_on: date
    segment_seconds: float = hls.DEFAULT_SEGMENT_SECONDS


def choose_start(
    stated: StartTimecode | None, frame_rate: float, label: str | None, rate: float | None
) -> StartTimecode:
    """Return the timecode at which a programme begins.

    Args:
        stated: What the media states.
        frame_rate: Frames per second of its picture; 0 if unknown.
        label: What the user wants instead.
        rate: The frames per second that the user wants instead.

    Raises:
        TimecodeError: The label or the rate is impossible.
    """
    if label is None and rate is None and stated is not None:
        return stated
    fps: Fraction | float = rate or (stated.rate.fps if stated else frame_rate) or DEFAULT_RATE
    if label is None:
        label = str(stated) if stated else "00:00:00:00"
    frame, counted = parse_timecode(label, fps)
    return StartTimecode(frame, counted, "setting")


def render_export(
    subtitle: Subtitle, fmt: ExportFormat, programme: Programme
) -> Mapping[str, bytes]:
    """Render the files of an export.

    Args:
        subtitle: Its cues.
        fmt: The format.
        programme: The media.

    Returns:
        The content of each file by the ending of its name, such as ``.stl``. A segmented format has
        several files, by their names.

    Raises:
        InputRejectedError: The format cannot hold the text, or its times.
    """
    if fmt == "ebu-stl":
        written = ebu_stl.write(subtitle, programme.start, programme.made_on)
        _, cues = ebu_stl.read(written, is_drop_frame=programme.start.rate.is_drop_frame)
        if cues != ebu_stl.representable(subtitle, programme.start):
            raise ExportError(
                "the EBU STL file does not read back as it was written",
                "This is a fault in subtitled: please report it",
            )
        return {".stl": written}
    if fmt == "ebu-tt-d":
        return {".ebu-tt-d.xml": ebu_tt_d.write(subtitle).encode()}
    if fmt == "scc":
        return {".scc": scc.write(subtitle, programme.start).encode("ascii")}
    files = hls.write(subtitle, programme.duration, programme.segment_seconds)
    return {name: content.encode() for name, content in files.items()}
