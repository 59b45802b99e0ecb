"""The content of a media file as ffprobe reports it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.plugin import UNDETERMINED, Language
from subtitled.plugin.paths import display_path

from .ffmpeg import NotMediaError, file_url, run_ffmpeg, unreadable_error

PROBE_TIMEOUT_SECONDS = 60.0
"""Seconds that a probe may take. A disk that has to spin up needs some of them."""

TEXT_CODECS = frozenset(
    (
        "subrip srt ass ssa webvtt mov_text text ttml microdvd sami subviewer subviewer1 realtext "
        "stl mpl2 pjs vplayer jacosub eia_608 hdmv_text_subtitle"
    ).split()
)
"""Subtitle codecs that hold text. The others hold images."""

_COMMENTARY_TITLES = re.compile(
    r"comment|kommentar|commentaire|comentario|comentário|commento|director'?s|解説|评论", re.I
)
_DESCRIPTION_TITLES = re.compile(
    r"audio[ -]?descri|descriptive|visually impaired|audiodeskription|hörfilm|"
    r"audiodescripción|malvoyant|\bAD\b",
    re.I,
)


_DUB_TITLES = re.compile(
    r"\bdub(bed|bing)?\b|doublage|synchronfassung|synchronisiert|doblaj|doblad|dublad|дубл|"
    r"吹替|吹き替え|配音",
    re.I,
)
_ORIGINAL_TITLES = re.compile(
    r"\boriginal(ton|version|fassung| (audio|language|version))?$|version originale|"
    r"versión original|\bV\.?O\.?$|原声|原聲",
    re.I,
)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track. ``index`` is its absolute index among the streams of the file."""

    index: int
    language: Language
    title: str
    codec: str
    channels: int
    is_default: bool
    is_original: bool
    is_dub: bool
    is_commentary: bool
    is_audio_description: bool
    """Audio description for the blind."""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """An embedded subtitle. ``index`` is its absolute index among the streams of the file."""

    index: int
    language: Language
    title: str
    codec: str
    is_text: bool
    is_forced: bool
    is_sdh: bool
    is_default: bool


@dataclass(frozen=True, slots=True)
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


def probe_media(path: Path, timeout: float = PROBE_TIMEOUT_SECONDS) -> MediaInfo:
    """Read the tracks and properties of a media file.

    Raises:
        NotMediaError: The file is empty, no regular file, or ffmpeg does not know its format.
        FileGoneError: The file does not exist.
        SetupError: The file cannot be read by this user, or ffprobe is not installed.
        TransientError: The disk has an error, or ffprobe timed out.
    """
    try:
        if not path.is_file():
            path.stat()
            raise NotMediaError(f"{display_path(path)} is not a file")
        with path.open("rb") as file:
            if not file.read(1):
                raise NotMediaError(f"{display_path(path)} is empty", "Get the file again")
    except OSError as error:
        raise unreadable_error(path, error) from error
    completed = run_ffmpeg(
        "ffprobe",
        [
            *"-v error -protocol_whitelist file,pipe".split(),
            *"-print_format json -show_format -show_streams".split(),
            file_url(path),
        ],
        timeout,
    )
    payload = json.loads(completed.stdout or b"{}")
    streams = [s for s in payload.get("streams", []) if s.get("codec_type")]
    kinds = {s["codec_type"] for s in streams}
    if completed.exit_status != 0 or not kinds & {"audio", "video"}:
        reason = (
            completed.stderr.splitlines()[-1].split(": ")[-1]
            if completed.stderr
            else "no known stream"
        )
        raise NotMediaError(
            f"{display_path(path)} is not a media file that ffmpeg can read ({reason})",
            "Get the file again, or remove its extension from the library's extensions",
        )
    video_streams = [
        s for s in streams if s["codec_type"] == "video" and not _has_disposition(s, "attached_pic")
    ]
    return MediaInfo(
        duration=_parse_seconds(payload.get("format", {}).get("duration")),
        format=str(payload.get("format", {}).get("format_name", "")),
        audio_tracks=tuple(_parse_audio_track(s) for s in streams if s["codec_type"] == "audio"),
        subtitle_tracks=tuple(
            _parse_subtitle_track(s) for s in streams if s["codec_type"] == "subtitle"
        ),
        has_video=bool(video_streams),
        frame_rate=(
            _parse_frame_rate(video_streams[0].get("avg_frame_rate")) if video_streams else 0.0
        ),
    )


def _parse_audio_track(stream: dict[str, Any]) -> AudioTrack:
    title = _read_tag(stream, "title")
    return AudioTrack(
        index=int(stream["index"]),
        language=_parse_language(stream),
        title=title,
        codec=str(stream.get("codec_name", "")),
        channels=int(stream.get("channels") or 0),
        is_default=_has_disposition(stream, "default"),
        is_original=_has_disposition(stream, "original") or bool(_ORIGINAL_TITLES.search(title)),
        is_dub=_has_disposition(stream, "dub") or bool(_DUB_TITLES.search(title)),
        is_commentary=_has_disposition(stream, "comment") or bool(_COMMENTARY_TITLES.search(title)),
        is_audio_description=_has_disposition(stream, "visual_impaired")
        or _has_disposition(stream, "descriptions")
        or bool(_DESCRIPTION_TITLES.search(title)),
    )


def _parse_subtitle_track(stream: dict[str, Any]) -> SubtitleTrack:
    title, codec = _read_tag(stream, "title"), str(stream.get("codec_name", ""))
    return SubtitleTrack(
        index=int(stream["index"]),
        language=_parse_language(stream),
        title=title,
        codec=codec,
        is_text=codec in TEXT_CODECS,
        is_forced=_has_disposition(stream, "forced")
        or bool(re.search(r"\bforced\b|foreign", title, re.I)),
        is_sdh=_has_disposition(stream, "hearing_impaired")
        or bool(re.search(r"\b(sdh|cc|hearing)\b", title, re.I)),
        is_default=_has_disposition(stream, "default"),
    )


def _has_disposition(stream: dict[str, Any], name: str) -> bool:
    return bool(stream.get("disposition", {}).get(name))


def _read_tag(stream: dict[str, Any], name: str) -> str:
    tags = {key.lower(): value for key, value in stream.get("tags", {}).items()}
    return str(tags.get(name, ""))


def _parse_language(stream: dict[str, Any]) -> Language:
    """Return the language of a track's tag, or ``und`` if it is missing or invalid."""
    try:
        return Language(_read_tag(stream, "language") or "und")
    except ValueError:
        return UNDETERMINED


def _parse_frame_rate(value: Any) -> float:
    """Convert a fraction such as ``24000/1001`` to a number."""
    count, _, seconds = str(value).partition("/")
    try:
        return float(count) / float(seconds or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0


def _parse_seconds(value: Any) -> float:
    try:
        return max(0.0, float(value))
    except (TypeError, ValueError):
        return 0.0
