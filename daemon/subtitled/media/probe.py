"""What is in a media file, as ffprobe sees it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.plugin import UNDETERMINED, Language

from .problems import NotMedia, shown, unreadable
from .run import run, url

LIMIT = 60.0
"""Seconds that a probe may take; a spun-down disk needs some."""

TEXT_CODECS = frozenset(
    (
        "subrip srt ass ssa webvtt mov_text text ttml microdvd sami subviewer subviewer1 realtext "
        "stl mpl2 pjs vplayer jacosub eia_608 hdmv_text_subtitle"
    ).split()
)
"""Subtitle codecs that hold text; the others hold pictures."""

_COMMENTARY = re.compile(
    r"comment|kommentar|commentaire|comentario|comentário|commento|director'?s|解説|评论", re.I
)
_DESCRIPTION = re.compile(
    r"audio[ -]?descri|descriptive|visually impaired|audiodeskription|hörfilm|"
    r"audiodescripción|malvoyant|\bAD\b",
    re.I,
)


_DUB = re.compile(
    r"\bdub(bed|bing)?\b|doublage|synchronfassung|synchronisiert|doblaj|doblad|dublad|дубл|吹替|吹き替え|配音",
    re.I,
)
_ORIGINAL = re.compile(
    r"\boriginal(ton|version|fassung| (audio|language|version))?$|version originale|"
    r"versión original|\bV\.?O\.?$|原声|原聲",
    re.I,
)


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """One audio track; ``index`` is its absolute number among the streams of the file."""

    index: int
    language: Language
    title: str
    codec: str
    channels: int
    default: bool
    original: bool
    dub: bool
    commentary: bool
    description: bool
    """Audio description for the blind."""


@dataclass(frozen=True, slots=True)
class SubtitleTrack:
    """One embedded subtitle."""

    index: int
    language: Language
    title: str
    codec: str
    is_text: bool
    forced: bool
    sdh: bool
    default: bool


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """A file's tracks and its length in seconds, 0 where it is not known."""

    duration: float
    format: str
    audio: tuple[AudioTrack, ...]
    subtitles: tuple[SubtitleTrack, ...]
    has_video: bool
    frame_rate: float = 0.0
    """Frames a second of the picture, 0 where it is not known."""


def probe(path: Path, limit: float = LIMIT) -> MediaFacts:
    """Look into a file.

    Raises :class:`NotMedia` for what ffmpeg does not know, other problems for what cannot be read.
    """
    try:
        if not path.is_file():
            path.stat()
            raise NotMedia(f"{shown(path)} is not a file")
        with path.open("rb") as file:
            if not file.read(1):
                raise NotMedia(f"{shown(path)} is empty", "Get the file again")
    except OSError as error:
        raise unreadable(path, error) from error
    ran = run(
        "ffprobe",
        [
            *"-v error -protocol_whitelist file,pipe".split(),
            *"-print_format json -show_format -show_streams".split(),
            url(path),
        ],
        limit,
    )
    said = json.loads(ran.stdout or b"{}")
    streams = [s for s in said.get("streams", []) if s.get("codec_type")]
    kinds = {s["codec_type"] for s in streams}
    if ran.status != 0 or not kinds & {"audio", "video"}:
        reason = ran.stderr.splitlines()[-1].split(": ")[-1] if ran.stderr else "no known stream"
        raise NotMedia(
            f"{shown(path)} is not a media file that ffmpeg can read ({reason})",
            "Get the file again, or name its ending out of the library's extensions",
        )
    pictures = [
        s for s in streams if s["codec_type"] == "video" and not _disposed(s, "attached_pic")
    ]
    return MediaFacts(
        duration=_seconds(said.get("format", {}).get("duration")),
        format=str(said.get("format", {}).get("format_name", "")),
        audio=tuple(_audio(s) for s in streams if s["codec_type"] == "audio"),
        subtitles=tuple(_subtitle(s) for s in streams if s["codec_type"] == "subtitle"),
        has_video=bool(pictures),
        frame_rate=_rate(pictures[0].get("avg_frame_rate")) if pictures else 0.0,
    )


def _audio(stream: dict[str, Any]) -> AudioTrack:
    title = _tag(stream, "title")
    return AudioTrack(
        index=int(stream["index"]),
        language=_language(stream),
        title=title,
        codec=str(stream.get("codec_name", "")),
        channels=int(stream.get("channels") or 0),
        default=_disposed(stream, "default"),
        original=_disposed(stream, "original") or bool(_ORIGINAL.search(title)),
        dub=_disposed(stream, "dub") or bool(_DUB.search(title)),
        commentary=_disposed(stream, "comment") or bool(_COMMENTARY.search(title)),
        description=_disposed(stream, "visual_impaired")
        or _disposed(stream, "descriptions")
        or bool(_DESCRIPTION.search(title)),
    )


def _subtitle(stream: dict[str, Any]) -> SubtitleTrack:
    title, codec = _tag(stream, "title"), str(stream.get("codec_name", ""))
    return SubtitleTrack(
        index=int(stream["index"]),
        language=_language(stream),
        title=title,
        codec=codec,
        is_text=codec in TEXT_CODECS,
        forced=_disposed(stream, "forced") or bool(re.search(r"\bforced\b|foreign", title, re.I)),
        sdh=_disposed(stream, "hearing_impaired")
        or bool(re.search(r"\b(sdh|cc|hearing)\b", title, re.I)),
        default=_disposed(stream, "default"),
    )


def _disposed(stream: dict[str, Any], name: str) -> bool:
    return bool(stream.get("disposition", {}).get(name))


def _tag(stream: dict[str, Any], name: str) -> str:
    tags = {key.lower(): value for key, value in stream.get("tags", {}).items()}
    return str(tags.get(name, ""))


def _language(stream: dict[str, Any]) -> Language:
    """The track's tag, or ``und`` for none and for nonsense: tags are only a hint anyway."""
    try:
        return Language(_tag(stream, "language") or "und")
    except ValueError:
        return UNDETERMINED


def _rate(said: Any) -> float:
    """``24000/1001`` as a number."""
    count, _, seconds = str(said).partition("/")
    try:
        return float(count) / float(seconds or 1)
    except (ValueError, ZeroDivisionError):
        return 0.0


def _seconds(said: Any) -> float:
    try:
        return max(0.0, float(said))
    except (TypeError, ValueError):
        return 0.0
