"""Decoding a track to audio for engines: mono, 16 kHz, 16 bit, from time 0 of the media file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from subtitled.plugin import SAMPLE_RATE, Audio, TransientError
from subtitled.plugin.paths import display_path

from .channel_work import write_uncancelled
from .channels import ChannelFile
from .errors import NotMediaError, TruncatedError, unreadable_error
from .ffmpeg import (
    SHORT_SECONDS,
    believed_seconds,
    failure_reason,
    is_disk_full,
    open_input,
    run_ffprobe,
    run_graph,
)
from .growing_pcm import partial_path
from .levels import correct_level
from .numpy_process import call, start_process
from .phase import MIN_SECONDS, PhaseMeter, measure_phase
from .probe import AudioTrack, MediaInfo, probe_media
from .progress import ProgressReader
from .shots import ShotReader, shot_change_output

BYTES_PER_SECOND = SAMPLE_RATE * 2
MAX_AUDIO_RATIO, MAX_VIDEO_RATIO = 4.0, 20.0
"""Seconds that decoding one second of audio or video may take before it counts as hung."""
MISSING_SHARE = 0.05
MISSING_SECONDS = 10.0
"""If the audio ends too early by both, we check whether the file is truncated."""
_JUMPING_FORMATS = frozenset({"mpegts", "mpeg", "ogg"})
"""Formats whose timestamps may jump. ffmpeg counts their times from the first stream in use."""


@dataclass(frozen=True, slots=True)
class DecodedTrack(Audio):
    """A decoded track, and what was noticed about its channels."""

    has_unrelated_sides: bool = False
    """Whether the two sides of stereo seem to have little in common."""


def decode_track(
    path: Path,
    track: AudioTrack,
    target: Path,
    *,
    on_progress: Callable[[float], None] | None = None,
    on_shot_change: Callable[[float], None] | None = None,
    facts: MediaInfo | None = None,
) -> DecodedTrack:
    """Decode a track into a file, which appears only when it is complete.

    A track that starts late is padded with silence, so times in the audio are times of the media
    file.

    Args:
        path: The media file.
        track: The track to decode.
        target: The file to write.
        on_progress: Is called with the seconds decoded so far.
        on_shot_change: Is called with the time of each shot change. If it is given, the video is
            decoded as well.
        facts: The streams of the media file, if they are known. It is probed otherwise.

    Raises:
        NotMediaError: The track cannot be decoded.
        TruncatedError: The end of the file is missing.
        TransientError: The file is gone, the disk is full, or decoding took too long.
        SetupError: ffmpeg is not installed.
    """
    partial = partial_path(target)
    partial.parent.mkdir(parents=True, exist_ok=True)
    try:
        facts = facts or probe_media(path)
        duration = facts.duration
        source = track.file_of(path)
        size = _measure_size(source)
        seconds = min(duration, believed_seconds(duration, size))
        _check_disk_space(seconds, target.parent)
        meter = PhaseMeter()
        on_line = _make_line_handler(on_progress, on_shot_change, meter)
        with_shots = on_shot_change is not None and source == path
        start_process()
        completed = run_graph(
            _build_graph(track, with_shots, facts),
            source,
            partial,
            decoding_timeout(seconds, with_shots),
            max_bytes=max_pcm_bytes(duration, size),
            on_line=on_line,
        )
        if is_disk_full(completed):
            raise _disk_full_error(seconds, target.parent)
        if completed.exit_status != 0 and with_shots:
            # Video that cannot be decoded must not prevent the audio from being decoded.
            return decode_track(path, track, target, on_progress=on_progress, facts=facts)
        if completed.exit_status != 0 or not partial.exists() or partial.stat().st_size == 0:
            last_line = (
                completed.stderr.splitlines()[-1] if completed.stderr else "no audio came out"
            )
            raise NotMediaError(
                f"track {track.index} of {display_path(path)} cannot be decoded: {last_line}",
                "Play the file to check that it is complete; get it again if not",
            )
        audio = Audio(partial)
        _check_complete(path, audio.duration, duration)
        if meter.is_suspicious(partial, audio.duration):
            _mix_channels(path, track, partial, decoding_timeout(seconds, False))
        correct_level(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return DecodedTrack(target, meter.has_unrelated_sides)


def decoding_timeout(duration: float, with_shots: bool) -> float:
    """Return the seconds after which decoding ``duration`` seconds counts as hung."""
    return max(600.0, (MAX_VIDEO_RATIO if with_shots else MAX_AUDIO_RATIO) * duration)


def max_pcm_bytes(duration: float, size_bytes: int) -> int:
    """Return how many bytes decoding may write. A header may be wrong by a factor of two."""
    return round((2 * believed_seconds(duration, size_bytes) + SHORT_SECONDS) * BYTES_PER_SECOND)


def decode_channels(
    path: Path, tracks: Sequence[AudioTrack], target: Path, timeout: float | None = None
) -> ChannelFile:
    """Decode all channels of one track, or several mono tracks, into one interleaved file.

    Args:
        path: The media file.
        tracks: One track with any channels, or tracks with one channel each.
        target: The file to write.
        timeout: Seconds after which decoding is stopped; by default :func:`decoding_timeout`.

    Raises:
        SubtitledError: As :func:`decode_track`.
    """
    facts = probe_media(path)
    duration = facts.duration
    sources = list(dict.fromkeys(track.file_of(path) for track in tracks))
    size = sum(source.stat().st_size for source in sources)
    seconds = min(duration, believed_seconds(duration, size))
    channels = sum(track.channels for track in tracks)
    _check_disk_space(seconds * channels, target.parent)
    completed = run_graph(
        _build_channel_graph(tracks, facts),
        sources,
        target,
        timeout or decoding_timeout(seconds, False),
        max_bytes=channels * max_pcm_bytes(duration, size),
    )
    if is_disk_full(completed):
        raise _disk_full_error(seconds * channels, target.parent)
    if completed.exit_status != 0 or not target.exists() or target.stat().st_size == 0:
        numbers = ", ".join(str(track.index) for track in tracks)
        raise NotMediaError(
            f"track {numbers} of {display_path(path)} cannot be decoded: "
            f"{failure_reason(completed) or 'no audio came out'}",
            "Play the file to check that it is complete; get it again if not",
        )
    return ChannelFile(target, channels)


def _build_channel_graph(tracks: Sequence[AudioTrack], facts: MediaInfo) -> Any:
    files = {track.file: None for track in tracks}
    uses_all = facts.format in _JUMPING_FORMATS
    skipped: dict[str, Any] = {"sn": None, "dn": None} | ({} if uses_all else {"vn": None})
    inputs = {file: open_input(number, **skipped) for number, file in enumerate(files)}
    streams = [
        _open_channels(inputs[track.file], track).filter(
            "aresample", SAMPLE_RATE, **{"async": 1, "first_pts": 0}
        )
        for track in tracks
    ]
    audio = streams[0]
    if len(streams) > 1:
        # Merging ends with the shortest of its inputs, and wants one format of all.
        padded = [
            stream.filter("aformat", sample_fmts="s16", channel_layouts="mono").filter(
                "apad", whole_dur=f"{facts.duration:.3f}"
            )
            for stream in streams
        ]
        audio = ffmpeg.filter(padded, "amerge", inputs=len(padded))
    output = ffmpeg.output(
        audio,
        "TARGET",
        format="s16le",
        acodec="pcm_s16le",
        ac=sum(track.channels for track in tracks),
        ar=SAMPLE_RATE,
        map_metadata=-1,
    )
    if not uses_all:
        return output
    counted = (_count_from_first_stream(source, facts) for source in inputs.values())
    return ffmpeg.merge_outputs(output, *counted)


def _open_channels(source: Any, track: AudioTrack) -> Any:
    """Return the stream of a track in a graph, with only the channels that are selected."""
    stream = source[str(track.stream)]
    if not track.selected:
        return stream
    layout = {1: "mono", 2: "stereo"}.get(track.channels, f"{track.channels}c")
    # "<" says the same as "=" for one channel, and needs no escape.
    parts = [f"c{place}<c{number - 1}" for place, number in enumerate(track.selected)]
    return stream.filter("pan", "|".join([layout, *parts]))


def _count_from_first_stream(source: Any, facts: MediaInfo) -> Any:
    """Copy all streams to nowhere, so that a track that starts late is padded as elsewhere.

    A stream of which nothing is known cannot be copied.
    """
    known = [source[f"{track.stream}?"] for track in facts.audio_tracks if track.channels]
    return ffmpeg.output(source["v?"], *known, "-", format="null", codec="copy")


def _mix_channels(path: Path, track: AudioTrack, partial: Path, timeout: float) -> None:
    """Replace the plain sum of the channels of a track, if they cancel each other in it."""
    decoded = partial.with_name(partial.name + ".channels")
    mixed = partial.with_name(partial.name + ".mix")
    try:
        channels = decode_channels(path, [track], decoded, timeout)
        if call(write_uncancelled, str(decoded), channels.channels, MIN_SECONDS, str(mixed)):
            mixed.replace(partial)
    finally:
        decoded.unlink(missing_ok=True)
        mixed.unlink(missing_ok=True)


def _build_graph(track: AudioTrack, with_shots: bool, facts: MediaInfo) -> Any:
    """Build the graph with ffmpeg-python."""
    uses_all = facts.format in _JUMPING_FORMATS
    skipped_streams: dict[str, Any] = {"sn": None, "dn": None} | (
        {} if with_shots or uses_all else {"vn": None}
    )
    source = open_input(**skipped_streams)
    audio = _open_channels(source, track)
    if track.channels > 1:
        audio = measure_phase(audio, track.channels)
    else:
        audio = audio.filter("aresample", **{"async": 1, "first_pts": 0})
    output = ffmpeg.output(
        audio, "TARGET", format="s16le", acodec="pcm_s16le", ac=1, ar=SAMPLE_RATE, map_metadata=-1
    )
    outputs = [output]
    if with_shots:
        outputs.append(shot_change_output(source))
    if uses_all:
        outputs.append(_count_from_first_stream(source, facts))
    graph = ffmpeg.merge_outputs(*outputs) if len(outputs) > 1 else output
    return graph.global_args("-progress", "pipe:1")


def _make_line_handler(
    on_progress: Callable[[float], None] | None,
    on_shot_change: Callable[[float], None] | None,
    meter: PhaseMeter,
) -> Callable[[str], None]:
    shots, progress = ShotReader(), ProgressReader(BYTES_PER_SECOND)

    def handle_line(text: str) -> None:
        shot_change = shots.read_line(text)
        if on_shot_change is not None and shot_change is not None:
            on_shot_change(shot_change)
        meter.read_line(text)
        seconds = progress.read_line(text)
        if on_progress is not None and seconds is not None:
            on_progress(seconds)

    return handle_line


def _measure_size(source: Path) -> int:
    """Return the size of a file in bytes.

    Raises:
        SubtitledError: It is gone, or cannot be read.
    """
    try:
        return source.stat().st_size
    except OSError as error:
        raise unreadable_error(source, error) from error


def _check_disk_space(duration: float, folder: Path) -> None:
    if shutil.disk_usage(folder).free < duration * BYTES_PER_SECOND:
        raise _disk_full_error(duration, folder)


def _disk_full_error(duration: float, folder: Path) -> TransientError:
    needed_mb = duration * BYTES_PER_SECOND / 1e6
    return TransientError(
        f"the disk is full: decoding needs {needed_mb:.0f} MB in {display_path(folder)}",
        "Free space there, or move daemon.state_dir to a larger disk",
    )


def _check_complete(path: Path, decoded_seconds: float, stated_seconds: float) -> None:
    """Raise :class:`TruncatedError` if no stream has packets after the end of the audio.

    Audio may end before the video does.
    """
    missing_seconds = stated_seconds - decoded_seconds
    if missing_seconds <= max(MISSING_SECONDS, MISSING_SHARE * stated_seconds):
        return
    middle = decoded_seconds + missing_seconds / 2
    times = _packet_times(path, middle) or _packet_times(path, middle)
    if not any(time > decoded_seconds + 1.0 for time in times):
        raise TruncatedError(
            f"{display_path(path)} is cut off: it states {stated_seconds:.0f} s and ends after "
            f"{decoded_seconds:.0f} s",
            "Get the file again; it is checked again when it changes",
        )


def _packet_times(path: Path, begin: float) -> list[float]:
    """Return the times of packets from the key frame before a time on.

    Raises:
        SubtitledError: The file cannot be read.
    """
    # A seek lands on the key frame before, so more than one packet is read.
    completed = run_ffprobe(
        path,
        [
            "-read_intervals",
            f"{begin:.3f}%+#3000",
            *"-show_entries packet=pts_time -of csv=p=0".split(),
        ],
        120.0,
    )
    words = os.fsdecode(completed.stdout).replace(",", " ").split()
    return [float(word) for word in words if _is_number(word)]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()
