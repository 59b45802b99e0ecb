"""Subtitle formats. Every file is read back and compared before it is published."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from . import ass, lrc, srt, ttml, txt, vtt, whisper_json
from .result import DroppedPart, ReadResult
from .text import decode_text, embed_rtl_lines

__all__ = [
    "FORMATS",
    "DroppedPart",
    "ReadResult",
    "RoundTripError",
    "read_cues",
    "read_text",
    "render_subtitle",
    "tidy_text",
]

_IMAGE_SIGNATURES = (b"PG", b"\x00\x00\x01\xba", b"# VobSub index")
"""Beginnings of PGS and VobSub files."""


class RoundTripError(InputRejectedError):
    """A rendered file does not read back as what was rendered. This is a bug of ours."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """One format. Reading a rendered file must return what the format can represent."""

    write: Callable[[Subtitle], str]
    read: Callable[[str], Any]
    representable: Callable[[Subtitle], Any]
    resolution_ms: int = 1
    """Milliseconds in which its times are counted."""
    has_bidi_marks: bool = False
    """Whether its players need direction marks around right-to-left lines."""


def _cues_of(subtitle: Subtitle) -> tuple[Cue, ...]:
    return subtitle.cues


_CODECS = {
    "srt": _Codec(srt.write, srt.read, _cues_of, has_bidi_marks=True),
    "vtt": _Codec(vtt.write, vtt.read, _cues_of, has_bidi_marks=True),
    "ass": _Codec(ass.write, ass.read, ass.representable, ass.RESOLUTION_MS),
    "ttml": _Codec(ttml.write, ttml.read, ttml.representable, has_bidi_marks=True),
    "lrc": _Codec(lrc.write, lrc.read, lrc.representable, lrc.RESOLUTION_MS),
    "json": _Codec(whisper_json.write, whisper_json.read, whisper_json.representable),
    "txt": _Codec(txt.write, txt.read, txt.representable),
}
FORMATS = tuple(_CODECS)
"""Extensions of the formats that we write."""


def render_subtitle(subtitle: Subtitle, fmt: str) -> bytes:
    """Render a subtitle file as UTF-8 with LF line ends, and check it by reading it back.

    Cues without text are left out.

    Raises:
        RoundTripError: The file does not read back equal, as with times that no file can hold.
    """
    codec = _CODECS.get(fmt)
    if codec is None:
        known = ", ".join(FORMATS)
        raise InputRejectedError(f"subtitles cannot be written as {fmt}", f"Choose one of {known}")
    clean = _clean_subtitle(subtitle, codec)
    for number, cue in enumerate(clean.cues, 1):
        if not (math.isfinite(cue.end) and 0 <= cue.start < cue.end):
            raise RoundTripError(
                f"cue {number} of the {fmt} file in {subtitle.language} has no possible times",
                _HINT,
            )
    snapped = replace(
        clean, cues=tuple(_snap_to_resolution(cue, codec.resolution_ms) for cue in clean.cues)
    )
    written = codec.write(snapped).encode()
    if codec.read(decode_text(written)) != codec.representable(snapped):
        raise RoundTripError(
            f"the {fmt} file in {subtitle.language} does not read back as it was written", _HINT
        )
    return written


_HINT = "This is a fault in subtitled: please report it"


def read_cues(data: bytes, suffix: str, frame_rate: float | None = None) -> tuple[Cue, ...]:
    """Read the cues of any subtitle file. The format is detected by content before the suffix.

    Raises:
        InputRejectedError: The data is no subtitle file; the message says why.
    """
    if data.startswith(_IMAGE_SIGNATURES):
        raise InputRejectedError(
            "the subtitle is made of pictures, not of text", "Convert it with OCR"
        )
    return read_text(decode_text(data), suffix, frame_rate=frame_rate).cues


def read_text(
    text: str,
    suffix: str,
    *,
    frame_rate: float | None = None,
    language: Language | None = None,
) -> ReadResult:
    """Read the text of any subtitle file. The format is detected by content before the suffix.

    Args:
        text: The decoded file, with any line ends.
        suffix: The extension of the file without the dot, or "".
        frame_rate: Frames per second of the film, for files that count frames and say no rate.
        language: Which language to take of a file that has several.

    Raises:
        InputRejectedError: The text is no subtitle file; the message says why.
    """
    return ReadResult(_choose_reader(text, suffix.lower())(text), suffix.lower())


def _choose_reader(text: str, suffix: str) -> Callable[[str], tuple[Cue, ...]]:
    start = text.lstrip()
    if text.startswith("WEBVTT"):
        return vtt.read
    if start.startswith(("<?xml", "<tt")) or suffix == "ttml":
        return ttml.read
    if suffix == "json":
        return lambda text: whisper_json.read(text)[0]
    if suffix == "txt":
        raise InputRejectedError("plain text has no times", "Name a file of another format")
    if suffix == "lrc" or (suffix not in ("srt", "vtt") and _is_lyrics(start)):
        return _read_lyrics
    if suffix in ("srt", "vtt") and not start.startswith("[Script Info]"):
        return lambda text: _read_subrip(text, suffix)
    return ass.read


def _is_lyrics(start: str) -> bool:
    return not start.startswith("[Script Info]") and lrc.is_lrc(start)


def _read_lyrics(text: str) -> tuple[Cue, ...]:
    if not lrc.is_lrc(text) and not text.lstrip().startswith(lrc.HEADER_TAGS):
        raise InputRejectedError(
            "no lyrics with times: no line begins with one", "Check what the file is"
        )
    return lrc.read(text)


def _read_subrip(text: str, suffix: str) -> tuple[Cue, ...]:
    cues = srt.read(text)
    if not cues and (text.strip() or suffix == "vtt"):
        raise InputRejectedError(
            "no subtitle file: no line in it has times", "Check what the file is"
        )
    return cues


def tidy_text(text: str) -> str:
    """Remove what most formats cannot hold in a cue.

    These are blank lines, which would end it, control characters, and the arrow that stands between
    times.
    """
    lines = (_drop_unprintable(line).replace("-->", "—>").strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _drop_unprintable(line: str) -> str:
    return "".join(filter(_is_kept, line))


def _is_kept(character: str) -> bool:
    """Check that a character can be written: no surrogate, control character or byte order mark."""
    return unicodedata.category(character) not in ("Cs", "Cc") and character != "\ufeff"


def _clean_subtitle(subtitle: Subtitle, codec: _Codec) -> Subtitle:
    texts = [tidy_text(cue.text) for cue in subtitle.cues]
    if codec.has_bidi_marks:
        texts = [embed_rtl_lines(text, subtitle.language) for text in texts]
    cues = [replace(cue, text=text) for cue, text in zip(subtitle.cues, texts, strict=True)]
    return replace(
        subtitle,
        cues=tuple(cue for cue in cues if cue.text),
        words=tuple(replace(word, text=_drop_unprintable(word.text)) for word in subtitle.words),
        title=" ".join(tidy_text(subtitle.title).split()),
    )


def _snap_to_resolution(cue: Cue, resolution_ms: int) -> Cue:
    """Round the times of a cue to a resolution. The cue lasts at least one unit of it."""
    start = round(cue.start * 1000 / resolution_ms) * resolution_ms
    end = max(round(cue.end * 1000 / resolution_ms) * resolution_ms, start + resolution_ms)
    return replace(cue, start=start / 1000, end=end / 1000)
