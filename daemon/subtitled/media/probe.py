"""The content of a media file as ffprobe reports it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from subtitled.plugin import Language
from subtitled.plugin.limits import (
    clean_text,
    parse_json,
    read_integer,
    read_number,
    read_object,
    read_objects,
)
from subtitled.plugin.paths import display_path

from .card_clips import find_sounds
from .errors import NotMediaError, unreadable_error
from .ffmpeg import failure_reason, run_ffprobe
from .ffmpeg_process import Completed
from .marks import Mark
from .mxf_labels import CHANNEL_NAMES, add_mxf_labels
from .read_errors import check_readable
from .start_timecode import find_doubts, find_start_clock, find_start_timecode
from .stream_tags import find_title, has_disposition, read_cue_count, read_language, read_marks
from .timecode import StartTimecode, TimecodeError
from .track_names import read_track_names
from .wave_notes import NO_NOTES, WaveNotes, read_wave_notes

PROBE_TIMEOUT_SECONDS = 60.0
"""Seconds that a probe may take. A disk that has to spin up needs some of them."""
MAX_TRACKS = 1000
"""Most streams that are looked at."""

TEXT_CODECS = frozenset(
    (
        "subrip srt ass ssa webvtt mov_text text ttml microdvd sami subviewer subviewer1 realtext "
        "stl mpl2 pjs vplayer jacosub eia_608 hdmv_text_subtitle"
    ).split()
)
"""Subtitle codecs that hold text. The others hold images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioTrack:
    """An audio track. ``index`` is its absolute index among the streams of the file."""

    index: int
    language: Language
    title: str
    codec: str
    channels: int
    is_default: bool
    marks: frozenset[Mark] = frozenset()
    """What its tags and dispositions say of it."""
    channel_names: tuple[str, ...] = ()
    """The names that a recorder gave the channels, empty where it gave none; none if unknown."""
    file: str = ""
    """The file with its sound, relative to the folder of the media file; empty: that itself."""
    selected: tuple[int, ...] = ()
    """Which channels of its stream these are, from 1; empty: all."""

    @property
    def stream(self) -> int:
        """Its absolute index among the streams of the file with its sound."""
        return 0 if self.file else self.index

    def file_of(self, media: Path) -> Path:
        """Return the file with its sound."""
        return media.parent / self.file if self.file else media

    @property
    def is_original(self) -> bool:
        """Whether it is marked as the language of the production."""
        return Mark.ORIGINAL in self.marks

    @property
    def is_dub(self) -> bool:
        """Whether it is marked as a dub."""
        return Mark.DUB in self.marks

    @property
    def is_commentary(self) -> bool:
        """Whether it is marked as talk about the film."""
        return Mark.COMMENTARY in self.marks

    @property
    def is_audio_description(self) -> bool:
        """Whether it is marked as audio description for the blind."""
        return Mark.AUDIO_DESCRIPTION in self.marks


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleTrack:
    """An embedded subtitle. ``index`` is its absolute index among the streams of the file."""

    index: int
    language: Language
    title: str
    codec: str
    is_text: bool
    is_default: bool
    marks: frozenset[Mark] = frozenset()
    """What its tags and dispositions say of it."""
    cue_count: int | None = None
    """Cues, if the container says how many; in MP4 the pauses are counted too."""

    @property
    def is_forced(self) -> bool:
        """Whether it is marked as having only the parts in another language."""
        return Mark.FORCED in self.marks

    @property
    def is_sdh(self) -> bool:
        """Whether it is marked as made for the deaf and hard of hearing."""
        return Mark.SDH in self.marks


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """The tracks of a media file and its properties."""

    duration: float
    """Seconds; 0 if it is unknown."""
    format: str
    """ffmpeg's name of the container format."""
    audio_tracks: tuple[AudioTrack, ...]
    subtitle_tracks: tuple[SubtitleTrack, ...]
    has_video: bool
    frame_rate: float = 0.0
    """Frames a second of the video; 0 if it is unknown."""
    start_time: float = 0.0
    """The first timestamp of the container in seconds. Times in the media file count from it."""
    start_timecode: StartTimecode | None = None
    """The timecode of its first moment, if it states one."""
    timecode_problem: str = ""
    """Why what it states as timecode is not believed."""
    timecode_doubts: str = ""
    """What speaks against labels that count on from that timecode, for people."""
    start_clock: Fraction | None = None
    """Seconds since midnight at which a broadcast wave file says that it begins."""
    is_selected: bool = False
    """Whether its audio tracks are those that the settings name."""


def probe_media(path: Path, timeout: float = PROBE_TIMEOUT_SECONDS) -> MediaInfo:
    """Read the tracks and properties of a media file.

    Raises:
        NotMediaError: The file is empty, no regular file, or ffmpeg does not know its format.
        FileGoneError: The file does not exist.
        SetupError: The file cannot be read by this user, or ffprobe is not installed.
        TransientError: The disk has an error, or ffprobe timed out.
    """
    try:
        return _probe(path, timeout)
    except OSError as error:
        raise unreadable_error(path, error) from error


def _probe(path: Path, timeout: float) -> MediaInfo:
    if not path.is_file():
        path.stat()
        raise NotMediaError(f"{display_path(path)} is not a file")
    with path.open("rb") as file:
        if not file.read(1):
            raise NotMediaError(f"{display_path(path)} is empty", "Get the file again")
    completed, payload, streams = _run(path, timeout)
    if completed.exit_status != 0 or _is_doubtful(streams):
        # ffprobe does not tell that it could not read a part.
        check_readable(path, ends_only=True)
        completed, payload, streams = _run(path, timeout)
    properties = read_object(payload.get("format"))
    kinds = {s["codec_type"] for s in streams}
    if completed.exit_status != 0 or not kinds & {"audio", "video"}:
        reason = failure_reason(completed) or "no known stream"
        raise NotMediaError(
            f"{display_path(path)} is not a media file that ffmpeg can read ({reason})",
            "Get the file again, or remove its extension from the library's extensions",
        )
    _add_track_names(path, streams, clean_text(properties.get("format_name")))
    if clean_text(properties.get("format_name")) == "mxf":
        add_mxf_labels(path, streams)
    video_streams = [
        s for s in streams if s["codec_type"] == "video" and not has_disposition(s, "attached_pic")
    ]
    audio_tracks = tuple(_parse_audio_track(s) for s in streams if s["codec_type"] == "audio")
    if not audio_tracks:
        audio_tracks = _probe_sounds(path, len(streams), timeout)
    notes = NO_NOTES
    if "wav" in clean_text(properties.get("format_name")).split(","):
        notes = read_wave_notes(path)
        audio_tracks = tuple(_name_channels(track, notes) for track in audio_tracks)
    start_timecode, timecode_problem = _read_start_timecode(payload, properties, notes)
    return MediaInfo(
        duration=_parse_seconds(properties.get("duration")),
        format=clean_text(properties.get("format_name")),
        audio_tracks=audio_tracks,
        subtitle_tracks=tuple(
            _parse_subtitle_track(s) for s in streams if s["codec_type"] == "subtitle"
        ),
        has_video=bool(video_streams),
        frame_rate=(
            _parse_frame_rate(video_streams[0].get("avg_frame_rate")) if video_streams else 0.0
        ),
        start_time=read_number(properties.get("start_time"), -1e9, 1e9) or 0.0,
        start_timecode=start_timecode,
        timecode_problem=timecode_problem,
        timecode_doubts=find_doubts(streams, start_timecode) if start_timecode else "",
        start_clock=find_start_clock(streams, properties),
    )


def _run(path: Path, timeout: float) -> tuple[Completed, dict[str, Any], list[dict[str, Any]]]:
    """Run ffprobe, and return what it prints and the tracks in it."""
    options = "-print_format json -show_format -show_streams".split()
    completed = run_ffprobe(path, options, timeout)
    payload = _parse_output(path, completed.stdout)
    tracks = [s for s in read_objects(payload.get("streams"), MAX_TRACKS) if _is_track(s)]
    return completed, payload, tracks


def _is_doubtful(streams: list[dict[str, Any]]) -> bool:
    """Return whether streams look as they do where a part of the file could not be read."""
    sounds = [stream for stream in streams if stream["codec_type"] == "audio"]
    return not sounds or not all(read_integer(s.get("channels"), 1, 1024) for s in sounds)


def _name_channels(track: AudioTrack, notes: WaveNotes) -> AudioTrack:
    """Return the only track of a wave file with the names that its recorder gave the channels."""
    names = tuple(notes.channel_names.get(n, "") for n in range(1, track.channels + 1))
    return replace(track, channel_names=names if any(names) else ())


def _read_start_timecode(
    payload: dict[str, Any], properties: dict[str, Any], notes: WaveNotes
) -> tuple[StartTimecode | None, str]:
    """Return the timecode of the first moment, or why the one that is stated is not believed."""
    try:
        streams = read_objects(payload.get("streams"), MAX_TRACKS)
        return find_start_timecode(streams, properties, notes.rate), ""
    except TimecodeError as error:
        return None, str(error)


def _add_track_names(path: Path, streams: list[dict[str, Any]], container: str) -> None:
    """Add the names of tracks that ffprobe leaves out of MP4 and QuickTime files to the tags."""
    if "mov" not in container.split(","):
        return
    names = read_track_names(path)
    for stream in streams if names else []:
        number = clean_text(stream.get("id"), 32)
        with contextlib.suppress(ValueError):
            if name := names.get(int(number, 16)):
                stream["tags"] = {"name": name} | read_object(stream.get("tags"))


def _probe_sounds(video: Path, first_index: int, timeout: float) -> tuple[AudioTrack, ...]:
    """Return the tracks of a clip whose sound lies in files of its own.

    Their indices follow those of the picture's streams.
    """
    tracks: list[AudioTrack] = []
    for sound in find_sounds(video):
        name = os.path.relpath(sound, video.parent)
        for track in probe_media(sound, timeout).audio_tracks[:1]:
            tracks.append(replace(track, index=first_index + len(tracks), file=name))
    return tuple(tracks)


def _parse_output(path: Path, stdout: bytes) -> dict[str, Any]:
    try:
        return read_object(parse_json(stdout or b"{}"))
    except ValueError:
        raise NotMediaError(
            f"{display_path(path)} has tags that ffprobe cannot print", "Get the file again"
        ) from None


def _is_track(stream: dict[str, Any]) -> bool:
    return isinstance(stream.get("codec_type"), str) and isinstance(stream.get("index"), int)


def _parse_audio_track(stream: dict[str, Any]) -> AudioTrack:
    return AudioTrack(
        index=stream["index"],
        language=read_language(stream),
        title=find_title(stream),
        codec=str(stream.get("codec_name", "")),
        channels=read_integer(stream.get("channels"), 0, 1024) or 0,
        is_default=has_disposition(stream, "default"),
        marks=read_marks(stream),
        channel_names=tuple(stream.get(CHANNEL_NAMES, ())),
    )


def _parse_subtitle_track(stream: dict[str, Any]) -> SubtitleTrack:
    codec = str(stream.get("codec_name", ""))
    return SubtitleTrack(
        index=stream["index"],
        language=read_language(stream),
        title=find_title(stream),
        codec=codec,
        is_text=codec in TEXT_CODECS,
        is_default=has_disposition(stream, "default"),
        marks=read_marks(stream),
        cue_count=read_cue_count(stream),
    )


def _parse_frame_rate(value: Any) -> float:
    """Convert a fraction such as ``24000/1001`` to a number."""
    count, _, seconds = str(value).partition("/")
    try:
        return read_number(float(count) / float(seconds or 1), 0.0, 1000.0) or 0.0
    except (ValueError, ZeroDivisionError):
        return 0.0


def _parse_seconds(value: Any) -> float:
    return read_number(value, 0.0, 1e9) or 0.0
