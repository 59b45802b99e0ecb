"""Cutting a span out of a media file to play it: its sound, a still picture, or both.

Times are those of :mod:`.decode`: a track that starts late begins with silence, and 0 is the start
of the container. ffmpeg seeks to a little before the span, because some codecs need earlier
packets to sound right. What is decoded is then cut to the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import ffmpeg

from subtitled.plugin import (
    SAMPLE_RATE,
    InputRejectedError,
    SetupError,
    TimeSpan,
    TransientError,
)
from subtitled.plugin.paths import display_path

from .errors import NotMediaError
from .ffmpeg import failure_reason, is_disk_full, open_input, run_graph
from .ffmpeg_process import Completed
from .numpy_process import call
from .probe import AudioTrack
from .short_sound import mix_sides

PRE_ROLL_SECONDS = 1.0
"""Seconds that are decoded before a span. Opus needs 0.08 s of them, MP3 and AAC less."""
TIMEOUT_SECONDS = 60.0
"""Seconds after which cutting is stopped. A disk that has to spin up needs some of them."""
SOUND_RATE = 48_000
SOUND_BITS_PER_SECOND = 96_000
WAV_RATE = 24_000
"""Samples a second of uncompressed sound. Speech has little above half of them."""
PICTURE_HEIGHT = 480
"""Most lines of a picture."""
STILL_SECONDS = 0.5
"""How long before a moment its picture may have begun, for it to be found without a key frame."""
MAX_BYTES = 64 * 1024 * 1024
"""Largest file that is written."""
_INDEX_BYTES, _INDEX_BYTES_PER_SECOND = 8192, 2048
"""Room for the index at the beginning of an MP4 file, so that it plays before all of it is here."""
_NO_ENCODER = "Unknown encoder"
_SCALED = {
    "width": f"round(min({PICTURE_HEIGHT},ih)*dar/2)*2",
    "height": f"trunc(min({PICTURE_HEIGHT},ih)/2)*2",
    "flags": "fast_bilinear",
}
"""Square pixels, whatever those of the film are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CutSource:
    """A media file from which a span is cut."""

    path: Path
    tracks: tuple[AudioTrack, ...] = ()
    """The track to play; or several mono tracks, or one of several microphones, which are mixed."""
    start_time: float = 0.0
    """The first timestamp of the container, which is where its clock begins."""

    @property
    def sounds(self) -> list[str]:
        """The name that the tracks have for each file with their sound."""
        return list(dict.fromkeys(track.file for track in self.tracks))

    @property
    def sound_files(self) -> list[Path]:
        """The files with the sound of the tracks, each once."""
        return list(dict.fromkeys(track.file_of(self.path) for track in self.tracks))

    @property
    def channels(self) -> int:
        """How many channels its sound is played with: one or two.

        Two are never made one, because they may cancel each other.
        """
        return 1 if self.has_microphones or self.tracks[0].channels == 1 else 2

    @property
    def has_microphones(self) -> bool:
        """Whether all channels are mixed to one, because each is a microphone."""
        return len(self.tracks) > 1 or any(
            track.codec.startswith("pcm_") and track.channels > 2 for track in self.tracks
        )


class SoundFormat(StrEnum):
    """How sound is encoded."""

    MP4 = "mp4"
    """AAC in MP4."""
    WAV = "wav"
    """Uncompressed, which every program reads."""


def write_sound(source: CutSource, span: TimeSpan, target: Path, fmt: SoundFormat) -> None:
    """Write the sound of a span.

    Args:
        source: The media file.
        span: The span, in seconds of the media file. The sound is exactly as long.
        target: The file to write.
        fmt: How to encode it.

    Raises:
        SubtitledError: It cannot be cut; the error says why.
    """
    sound = cut_sound(source, span)
    if fmt is SoundFormat.WAV:
        options: dict[str, Any] = {
            "format": "wav",
            "acodec": "pcm_s16le",
            "ac": source.channels,
            "ar": WAV_RATE,
            "fflags": "+bitexact",
        }
    else:
        options = _aac(source) | _mp4(span)
    graph = ffmpeg.output(sound, "TARGET", map_metadata=-1, **options)
    run_cut(graph, source.sound_files, target)


def write_samples(source: CutSource, span: TimeSpan, target: Path) -> None:
    """Write the sound of a span as engines get it: mono, 16-bit, without a header.

    Args:
        source: The media file.
        span: The span, in seconds of the media file.
        target: The file to write.

    Raises:
        SubtitledError: It cannot be cut; the error says why.
    """
    graph = ffmpeg.output(
        cut_sound(source, span),
        "TARGET",
        format="s16le",
        acodec="pcm_s16le",
        ac=source.channels,
        ar=SAMPLE_RATE,
    )
    if source.channels == 1:
        run_cut(graph, source.sound_files, target)
        return
    sides = target.with_name(target.name + ".sides")
    try:
        run_cut(graph, source.sound_files, sides)
        call(mix_sides, str(sides), str(target))
    finally:
        sides.unlink(missing_ok=True)


def write_still(source: CutSource, at: float, target: Path) -> None:
    """Write the picture that is on screen at a time, as JPEG.

    Args:
        source: The media file, which has video.
        at: The time in seconds.
        target: The file to write.

    Raises:
        SubtitledError: It cannot be cut; the error says why.
    """
    begin = max(0.0, at - STILL_SECONDS)
    picture = _from_zero(_open_picture(begin), "setpts", source, begin)
    # Each picture replaces the one before, so that the last one up to this time is left.
    picture = picture.filter("trim", end=_seconds(at - begin + 0.0005))
    try:
        run_cut(_still_output(picture), [source.path], target)
    except NotMediaError:
        # Pictures of a lecture may stay for minutes. The key frame before is what there is.
        picture = _open_picture(at, noaccurate_seek=None)
        run_cut(_still_output(picture, frames=1), [source.path], target)


def write_clip(source: CutSource, span: TimeSpan, target: Path) -> None:
    """Write picture and sound of a span as MP4 with at most :data:`PICTURE_HEIGHT` lines.

    Args:
        source: The media file, which has video. Without tracks the clip is silent.
        span: The span.
        target: The file to write.

    Raises:
        SetupError: This ffmpeg has no encoder of H.264.
        SubtitledError: It cannot be cut; the error says why.
    """
    picture, begin = cut_picture(source, span)
    lead = span.start - begin
    picture = (
        picture.filter("trim", start=_seconds(lead))
        .filter("setpts", f"PTS-{_seconds(lead)}/TB")
        .filter("scale", **_SCALED)
        .filter("setsar", 1)
        .filter("format", "yuv420p")
    )
    sound = [cut_sound(source, span, first_input=1)] if source.tracks else []
    options = {"vcodec": "libx264", "preset": "ultrafast", "crf": 28, "g": 48, "threads": 2}
    graph = ffmpeg.output(
        picture, *sound, "TARGET", map_metadata=-1, **options, **_aac(source), **_mp4(span)
    )
    run_cut(graph, [source.path, *source.sound_files], target)


def cut_sound(source: CutSource, span: TimeSpan, first_input: int = 0) -> Any:
    """Build the part of a graph that cuts the sound of tracks to a span.

    Args:
        source: The media file.
        span: The span.
        first_input: The number of the first of :attr:`CutSource.sound_files` among the files that
            :func:`run_cut` is given.

    Returns:
        The stream, which begins at 0 and is as long as the span.

    Raises:
        InputRejectedError: There is no track.
    """
    if not source.tracks:
        raise InputRejectedError("the file has no sound", "Ask for a picture instead")
    begin, lead = _begin(span), span.start - _begin(span)
    inputs = {
        name: open_input(number, vn=None, sn=None, dn=None, **_seek(begin))
        for number, name in enumerate(source.sounds, first_input)
    }
    streams = [
        _from_zero(inputs[track.file][str(track.stream)], "asetpts", source, begin, track.file)
        .filter("aresample", SOUND_RATE, **{"async": 1, "first_pts": 0})
        .filter("atrim", start=_seconds(lead), end=_seconds(lead + span.duration))
        .filter("asetpts", "N/SR/TB")
        .filter("apad", whole_dur=_seconds(span.duration))
        for track in source.tracks
    ]
    if len(streams) > 1:
        mono = [stream.filter("aformat", channel_layouts="mono") for stream in streams]
        return ffmpeg.filter(mono, "amix", inputs=len(mono))
    if source.has_microphones:
        channels = "+".join(f"c{channel}" for channel in range(source.tracks[0].channels))
        return streams[0].filter("pan", f"mono|c0<{channels}")
    return streams[0]


def cut_picture(source: CutSource, span: TimeSpan) -> tuple[Any, float]:
    """Build the part of a graph that decodes the picture up to the end of a span.

    Args:
        source: The media file, which has video.
        span: The span.

    Returns:
        The stream, and where it begins: a little before the span, in seconds of the media file.
        The timestamps count from there.
    """
    begin = _begin(span)
    picture = _from_zero(_open_picture(begin), "setpts", source, begin)
    return picture.filter("trim", end=_seconds(span.end - begin)), begin


def run_cut(
    graph: Any,
    files: Sequence[Path],
    target: Path,
    on_line: Callable[[str], None] | None = None,
) -> None:
    """Run a graph that writes a part of media files.

    Args:
        graph: The graph.
        files: The files that it reads, in the order of its inputs.
        target: The file to write. It is deleted if the graph fails.
        on_line: Is called with each line that the graph prints.

    Raises:
        NotMediaError: Nothing came out.
        TransientError: The disk is full, or it took too long.
        SetupError: ffmpeg, or a part of it, is missing.
    """
    is_done = False
    try:
        # With the timestamps of the file, the clock is the same whichever tracks are read.
        completed = run_graph(
            graph.global_args("-copyts"),
            files,
            target,
            TIMEOUT_SECONDS,
            max_bytes=MAX_BYTES,
            on_line=on_line,
        )
        _check(completed, files[0], target)
        is_done = True
    finally:
        if not is_done:
            target.unlink(missing_ok=True)


def _check(completed: Completed, media: Path, target: Path) -> None:
    if is_disk_full(completed):
        raise TransientError(
            f"the disk of {display_path(target.parent)} is full",
            "Free space there, or set daemon.scratch_dir to a larger disk",
        )
    if _NO_ENCODER in completed.stderr:
        raise SetupError(
            f"this ffmpeg has not every encoder: {failure_reason(completed)}",
            "Install an ffmpeg with H.264 and AAC, such as Debian's",
        )
    if completed.exit_status != 0 or not target.exists() or target.stat().st_size == 0:
        raise NotMediaError(
            f"this part of {display_path(media)} cannot be decoded: "
            f"{failure_reason(completed) or 'nothing came out'}",
            "Play the file to check that it is complete; get it again if not",
        )


def _begin(span: TimeSpan) -> float:
    """Return where to seek to for a span."""
    return max(0.0, span.start - PRE_ROLL_SECONDS)


def _seek(begin: float) -> dict[str, Any]:
    return {"ss": _seconds(begin)} if begin > 0 else {}


def _open_picture(begin: float, **options: Any) -> Any:
    return open_input(an=None, sn=None, dn=None, **_seek(begin), **options)["V:0"]


def _from_zero(stream: Any, setter: str, source: CutSource, begin: float, file: str = "") -> Any:
    """Let the timestamps of a stream count from where it was sought to."""
    start_time = 0.0 if file else source.start_time
    return stream.filter(setter, f"PTS-({_seconds(start_time + begin)})/TB")


def _seconds(seconds: float) -> str:
    return f"{seconds:.6f}"


def _still_output(picture: Any, **options: Any) -> Any:
    scaled = picture.filter("scale", **_SCALED).filter("setsar", 1)
    return ffmpeg.output(
        scaled,
        "TARGET",
        format="image2",
        update=1,
        vcodec="mjpeg",
        pix_fmt="yuvj420p",
        fps_mode="passthrough",
        map_metadata=-1,
        **{"q:v": 4},
        **options,
    )


def _aac(source: CutSource) -> dict[str, Any]:
    if not source.tracks:
        return {}
    return {
        "acodec": "aac",
        "aac_coder": "fast",
        "ac": source.channels,
        "ar": SOUND_RATE,
        "b:a": SOUND_BITS_PER_SECOND,
    }


def _mp4(span: TimeSpan) -> dict[str, Any]:
    room = _INDEX_BYTES + round(_INDEX_BYTES_PER_SECOND * span.duration)
    return {"format": "mp4", "moov_size": room, "fflags": "+bitexact"}
