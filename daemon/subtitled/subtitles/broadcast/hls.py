"""WebVTT for HLS: segments of some seconds with a map of their times, and their playlist."""

from __future__ import annotations

import math
from collections.abc import Mapping

from subtitled.plugin import InputRejectedError, Subtitle

from ..formats import vtt

CLOCK = 90_000
"""Ticks a second of the clock of MPEG-2 transport streams."""
DEFAULT_SEGMENT_SECONDS = 6.0
MAX_SEGMENTS = 100_000
PLAYLIST = "subtitles.m3u8"


def write(
    subtitle: Subtitle,
    duration: float,
    segment_seconds: float = DEFAULT_SEGMENT_SECONDS,
    first_tick: int = 0,
) -> Mapping[str, str]:
    """Render the segments and the playlist.

    Args:
        subtitle: Its cues; one that is shown across a border is in both segments.
        duration: Seconds of the media. Segments cover it whole, those without a cue too.
        segment_seconds: Seconds of a segment.
        first_tick: The time stamp of the first moment in the transport stream, in ticks of 90 kHz.

    Returns:
        The content of each file by its name.

    Raises:
        InputRejectedError: There would be too many segments.
    """
    duration = max(duration, max((cue.end for cue in subtitle.cues), default=0.0))
    count = max(1, math.ceil(duration / segment_seconds))
    if not 0 < segment_seconds < math.inf or count > MAX_SEGMENTS:
        raise InputRejectedError(
            f"{duration:.0f} seconds in segments of {segment_seconds:g} are too many segments",
            "Choose longer segments",
        )
    by_segment: list[list[str]] = [[] for _ in range(count)]
    for cue in subtitle.cues:
        block = vtt.write_cue(cue)
        last = max(
            math.ceil(cue.end / segment_seconds), math.floor(cue.start / segment_seconds) + 1
        )
        for number in range(math.floor(cue.start / segment_seconds), min(last, count)):
            by_segment[number].append(block)
    head = f"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:{first_tick},LOCAL:00:00:00.000\n"
    names = [f"segment{number:05d}.vtt" for number in range(count)]
    files = {
        name: head + "".join(f"\n{block}" for block in blocks)
        for name, blocks in zip(names, by_segment, strict=True)
    }
    lengths = [segment_seconds] * (count - 1) + [duration - segment_seconds * (count - 1)]
    entries = (
        f"#EXTINF:{length:.3f},\n{name}" for length, name in zip(lengths, names, strict=True)
    )
    files[PLAYLIST] = "\n".join(
        [
            *("#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-PLAYLIST-TYPE:VOD"),
            f"#EXT-X-TARGETDURATION:{math.ceil(segment_seconds)}",
            *entries,
            "#EXT-X-ENDLIST\n",
        ]
    )
    return files
