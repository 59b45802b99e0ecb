"""The formats of broadcasters by their names, and what each file of an export contains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise
from typing import Literal, get_args

from subtitled.media.start_timecode import BROADCAST_WAVE, count_clock
from subtitled.media.timecode import StartTimecode, find_rate, parse_timecode
from subtitled.plugin import InputRejectedError, Subtitle

from ..formats import tidy_text
from ..formats.text import embed_rtl_lines
from ..formats.timestamps import format_timestamp
from ..markup import strip_tags
from . import avid_markers, ebu_stl, ebu_tt_d, fcpxml, hls, imsc, resolve_edl, scc, timecode_json
from .markers import Marker, Timeline, place_markers

ExportFormat = Literal["ebu-stl", "ebu-tt-d", "imsc", "scc", "hls", "json"]
MarkerFormat = Literal["resolve-edl", "fcpxml", "avid-markers"]
TIMECODE_FORMATS: frozenset[str] = frozenset({"ebu-stl", "scc", "json", *get_args(MarkerFormat)})
"""Those that count frames. The others do not care how many the picture has."""
CLOSED_GAPS: Mapping[ExportFormat, float] = {"ebu-tt-d": 0.8}
"""Shortest gap between two cues in seconds. The BBC's guidelines have gaps of a second or none, and
its validator refuses shorter ones than this."""
DAY_SECONDS = 24 * 3600.0
DEFAULT_RATE = Fraction(25)
"""Frames per second where neither the media nor the user says it."""


class ExportError(InputRejectedError):
    """A file that was rendered does not read back as what was rendered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What an export has to know of the media besides the cues.

    Attributes:
        start: The timecode at 0 seconds.
        duration: Seconds of the media; 0 if unknown.
        made_on: The date that a file states.
        segment_seconds: Seconds of a segment of HLS.
        closed_gap: Seconds between two cues below which the first stays until the second. None:
            what broadcasters want of the format, if anything.
    """

    start: StartTimecode
    duration: float
    made_on: date
    segment_seconds: float = hls.DEFAULT_SEGMENT_SECONDS
    closed_gap: float | None = None


def choose_start(
    stated: StartTimecode | None,
    frame_rate: float,
    label: str | None,
    rate: float | None,
    clock: Fraction | None = None,
) -> StartTimecode:
    """Return the timecode at which a programme begins.

    Args:
        stated: What the media states.
        frame_rate: Frames per second of its picture; 0 if unknown.
        label: What the user wants instead.
        rate: The frames per second that the user wants instead.
        clock: Seconds since midnight that the media states as its beginning; None if it does not.

    Raises:
        TimecodeError: The label or the rate is impossible.
    """
    if label is None and rate is None and stated is not None:
        return stated
    fps: Fraction | float = rate or (stated.rate.fps if stated else frame_rate) or DEFAULT_RATE
    is_by_clock = stated is None or stated.source == BROADCAST_WAVE
    if label is None and clock is not None and is_by_clock:
        return count_clock(clock, find_rate(fps))
    if label is None:
        label = str(stated) if stated else "00:00:00:00"
    frame, counted = parse_timecode(label, fps)
    return StartTimecode(frame, counted, "setting")


def render_export(
    subtitle: Subtitle, fmt: ExportFormat, programme: Programme
) -> Mapping[str, bytes]:
    """Render the files of an export.

    Args:
        subtitle: Its cues. They are written in order, without control characters.
        fmt: The format.
        programme: The media.

    Returns:
        The content of each file by the ending of its name, such as ``.stl``. A segmented format has
        several files, by their names.

    Raises:
        InputRejectedError: The format cannot hold the text, or its times.
    """
    subtitle = _prepare(subtitle, fmt)
    gap = programme.closed_gap
    subtitle = _close_gaps(subtitle, CLOSED_GAPS.get(fmt, 0.0) if gap is None else gap)
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
    if fmt == "imsc":
        return {".imsc.ttml": imsc.write(subtitle).encode()}
    if fmt == "scc":
        return {".scc": scc.write(subtitle, programme.start).encode("ascii")}
    if fmt == "json":
        return {".timecode.json": timecode_json.write(subtitle, programme.start).encode()}
    files = hls.write(subtitle, programme.duration, programme.segment_seconds)
    return {name: content.encode() for name, content in files.items()}


def render_markers(
    markers: Sequence[Marker], fmt: MarkerFormat, timeline: Timeline
) -> Mapping[str, bytes]:
    """Render the files of an export of markers.

    Args:
        markers: What is marked, in any order.
        fmt: The format.
        timeline: The programme.

    Returns:
        The content of each file by the ending of its name, such as ``.edl``; of several files, by
        their names.

    Raises:
        InputRejectedError: There is nothing to mark, or the format cannot count so.
    """
    for marker in markers:
        _check_day(marker.end, "a marker")
    placed = place_markers(markers, timeline.start)
    match fmt:
        case "resolve-edl":
            written = resolve_edl.write(placed, timeline)
        case "fcpxml":
            written = fcpxml.write(placed, timeline)
        case "avid-markers":
            written = avid_markers.write(placed, timeline)
    return {name: content.encode() for name, content in written.items()}


def _prepare(subtitle: Subtitle, fmt: ExportFormat) -> Subtitle:
    """Return the cues in order, with texts that a file can hold. Those without a text are left out.

    Raises:
        InputRejectedError: A cue is later than timecode can count.
    """
    cues = []
    for cue in sorted(subtitle.cues, key=lambda cue: (cue.start, cue.end)):
        text = tidy_text(cue.text)
        if not strip_tags(text).strip():
            continue
        if fmt not in TIMECODE_FORMATS:
            text = embed_rtl_lines(text, subtitle.language)
        else:
            _check_day(cue.end, "a cue")
        cues.append(replace(cue, text=text))
    return replace(subtitle, cues=tuple(cues))


def _close_gaps(subtitle: Subtitle, seconds: float) -> Subtitle:
    """Let a cue stay until the next one if the gap between both is shorter."""
    cues = list(subtitle.cues)
    for place, (cue, following) in enumerate(pairwise(cues)):
        if 0 < round(1000 * (following.start - cue.end)) < round(1000 * seconds):
            cues[place] = replace(cue, end=following.start)
    return replace(subtitle, cues=tuple(cues))


def _check_day(end: float, name: str) -> None:
    if not end < DAY_SECONDS:
        raise InputRejectedError(
            f"{name} ends at {format_timestamp(end, '.')}, and timecode begins again after 24 "
            "hours",
            "Correct its times, or take it out",
        )
