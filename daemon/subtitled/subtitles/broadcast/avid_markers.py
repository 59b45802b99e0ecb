"""Markers as Avid Media Composer imports them: a line each, its columns separated by tabs.

The columns are the user, the timecode, the track, the colour, the comment and the length.
"""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.media.timecode import format_timecode

from .markers import MarkerKind, PlacedMarker, Timeline

USER = "subtitled"
TRACK = "V1"
SOUND_TRACK = "A1"
"""The track of a programme that is known to have no picture."""
_COLOURS = {
    MarkerKind.CHAPTER: "blue",
    MarkerKind.SENTENCE: "green",
    MarkerKind.FINDING: "red",
}


def write(markers: Sequence[PlacedMarker], timeline: Timeline) -> dict[str, str]:
    """Render the list. Each marker is at a moment, because earlier versions know no length."""
    is_sound = timeline.audio_channels and not timeline.has_video
    track = SOUND_TRACK if is_sound else TRACK
    rate = timeline.start.rate
    lines = (
        (
            USER,
            format_timecode(one.frame, rate),
            track,
            _COLOURS[one.kind],
            one.description,
            "1",
        )
        for one in markers
    )
    return {".markers.txt": "".join("\t".join(line) + "\n" for line in lines)}
