"""Markers as DaVinci Resolve imports them: an edit list (CMX 3600) with a line for each marker.

An event is one frame long. The line below it has the note, the colour, the name and the frames of
the marker, as in what ``Timelines > Export > Timeline Markers to EDL`` writes.
"""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.media.timecode import TimecodeError, TimecodeRate, format_timecode

from .markers import MarkerKind, PlacedMarker, Timeline

MAX_EVENTS = 999
"""Most events of an edit list: their number has three digits. More make several files."""
MAX_FRAME_LABELS = 100
"""Frames a second from which their number has three digits, for which an event has no room."""
_COLOURS = {
    MarkerKind.CHAPTER: "Blue",
    MarkerKind.SENTENCE: "Green",
    MarkerKind.FINDING: "Red",
}
_SEPARATOR = "|"
"""What begins each field. A text has the broken bar instead."""


def write(markers: Sequence[PlacedMarker], timeline: Timeline) -> dict[str, str]:
    """Render the edit list, or several of at most 999 markers.

    Raises:
        TimecodeError: The rate has three digits.
    """
    rate = timeline.start.rate
    if rate.nominal > MAX_FRAME_LABELS:
        raise TimecodeError(
            f"an edit list cannot count {float(rate.fps):g} frames per second",
            "Choose --rate 60 or less",
        )
    parts = [markers[at : at + MAX_EVENTS] for at in range(0, len(markers), MAX_EVENTS)]
    if len(parts) == 1:
        return {".edl": _render(parts[0], timeline)}
    return {f"markers{n}.edl": _render(part, timeline) for n, part in enumerate(parts, 1)}


def _render(markers: Sequence[PlacedMarker], timeline: Timeline) -> str:
    rate = timeline.start.rate
    mode = "DROP FRAME" if rate.is_drop_frame else "NON-DROP FRAME"
    title = " ".join(timeline.title.split()) or "Markers"
    head = f"TITLE: {title}\nFCM: {mode}\n\n"
    return head + "".join(_render_marker(n, one, rate) for n, one in enumerate(markers, 1))


def _render_marker(number: int, marker: PlacedMarker, rate: TimecodeRate) -> str:
    span = " ".join(format_timecode(frame, rate) for frame in (marker.frame, marker.frame + 1))
    fields = (
        f"C:ResolveColor{_COLOURS[marker.kind]}",
        f"M:{_hide(marker.name)}",
        f"D:{marker.frames}",
    )
    line = " ".join((_hide(marker.comment), *(f"{_SEPARATOR}{field}" for field in fields)))
    return f"{number:03d}  001      V     C        {span} {span}  \n{line}\n\n"


def _hide(text: str) -> str:
    return text.replace(_SEPARATOR, "¦")
