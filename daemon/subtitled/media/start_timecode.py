"""The timecode at which a media file begins, as its container states it.

QuickTime, MP4 and MXF state a label, broadcast wave files the samples since midnight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from subtitled.plugin.limits import read_integer

from .stream_tags import Stream, has_disposition, read_tag
from .timecode import StartTimecode, TimecodeError, TimecodeRate, find_rate, parse_timecode

BROADCAST_WAVE = "broadcast wave"
"""The source of a timecode that a wave file states as samples since midnight."""
MAX_RATE_DIFFERENCE = 0.002
"""Up to which share two rates are the same, such as 30 and 29.97."""
MAX_SAMPLES = 2**48
"""Most samples since midnight that a broadcast wave file is believed to state."""


def find_start_timecode(
    streams: Sequence[Stream],
    properties: Mapping[str, Any],
    sound_rate: TimecodeRate | None = None,
) -> StartTimecode | None:
    """Find the timecode of the first moment of a media file.

    The material package of MXF and the timecode track of QuickTime are believed before what a video
    stream states, and that before the sound.

    Args:
        streams: The streams as ffprobe lists them.
        properties: What ffprobe says of the container.
        sound_rate: How the samples of a broadcast wave file are labelled. None if nothing says it.

    Returns:
        The timecode, or None if the file states none, or no rate for it.

    Raises:
        TimecodeError: What the file states is impossible, as drop-frame at 25 frames per second.
    """
    pictures = (s for s in streams if s.get("codec_type") == "video")
    # A cover has a frame rate that says nothing.
    moving = (s for s in pictures if not has_disposition(s, "attached_pic"))
    video = next(filter(_rate, moving), None)
    video_rate = _rate(video) if video else None
    if label := read_tag(properties, "timecode"):
        return _parse(label, video_rate, "container")
    tracks = [s for s in streams if s.get("codec_tag_string") == "tmcd"]
    for stream in (*tracks, *(s for s in streams if s not in tracks)):
        if label := read_tag(stream, "timecode"):
            source = "timecode track" if stream in tracks else "video track"
            return _parse(label, _rate(stream) or video_rate, source)
    clock = find_start_clock(streams, properties)
    counted = sound_rate or (find_rate(video_rate) if video_rate is not None else None)
    return count_clock(clock, counted) if clock is not None and counted is not None else None


def find_doubts(streams: Sequence[Stream], start: StartTimecode) -> str:
    """Return what speaks against labels that count on from the first moment, for people.

    Args:
        streams: The streams as ffprobe lists them.
        start: The timecode that was found.
    """
    doubts = []
    parts = max((_count_parts(s) for s in streams), default=1)
    if parts > 1:
        doubts.append(
            f"its timecode track has {parts} parts and may jump: labels count on from the first"
        )
    video = next((s for s in streams if s.get("codec_type") == "video" and _rate(s)), None)
    rate = (
        _rate(video) if video is not None and not has_disposition(video, "attached_pic") else None
    )
    if rate is not None and not any(
        abs(float(rate / (start.rate.fps * factor)) - 1) < MAX_RATE_DIFFERENCE
        for factor in (1, 2, 4)
    ):
        doubts.append(
            f"its picture has {float(rate):.6g} frames per second, which contradicts this"
        )
    return "; ".join(doubts)


def _count_parts(stream: Stream) -> int:
    """Return how many parts a timecode track of QuickTime has; each begins with a label."""
    is_timecode = stream.get("codec_tag_string") == "tmcd"
    return (read_integer(stream.get("nb_frames"), 1, 10_000_000) or 1) if is_timecode else 1


def find_start_clock(streams: Sequence[Stream], properties: Mapping[str, Any]) -> Fraction | None:
    """Return the seconds since midnight at which a broadcast wave file says that it begins."""
    samples = read_integer(read_tag(properties, "time_reference"), 0, MAX_SAMPLES)
    sample_rate = next(filter(None, (_sample_rate(s) for s in streams)), None)
    return None if samples is None or sample_rate is None else Fraction(samples, sample_rate)


def count_clock(clock: Fraction, rate: TimecodeRate) -> StartTimecode:
    """Return the timecode of a time of day, by the nearest frame."""
    return StartTimecode(round(clock * rate.fps) % rate.frames_a_day, rate, BROADCAST_WAVE)


def _parse(label: str, fps: Fraction | None, source: str) -> StartTimecode | None:
    if fps is None:
        return None
    try:
        frame, rate = parse_timecode(label, fps)
    except TimecodeError as error:
        raise TimecodeError(f"the {source} states: {error}", error.hint) from error
    return StartTimecode(frame, rate, source)


def _rate(stream: Stream) -> Fraction | None:
    for name in ("avg_frame_rate", "r_frame_rate"):
        try:
            rate = Fraction(str(stream.get(name, "")))
        except (ValueError, ZeroDivisionError):
            continue
        if rate > 0:
            return rate
    return None


def _sample_rate(stream: Stream) -> int | None:
    return read_integer(stream.get("sample_rate"), 1, 10_000_000)
