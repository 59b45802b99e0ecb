"""Subtitle formats. Every file is read back and compared before it is published."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from ..encodings import decode_text
from ..markup import normalise_markup
from . import ass, ass_reader, lrc, srt, ttml, ttml_reader, txt, vtt, whisper_json
from .reading import drop_unusable, read_text
from .result import DroppedPart, ReadResult
from .text import embed_rtl_lines
from .time_lines import is_broken_time_line, parse_time_line

__all__ = [
    "FORMATS",
    "IMAGE_SIGNATURES",
    "TIMED_FORMATS",
    "DroppedPart",
    "ReadResult",
    "RoundTripError",
    "drop_unusable",
    "read_cues",
    "read_subtitle",
    "read_text",
    "render_subtitle",
    "tidy_text",
]

IMAGE_SIGNATURES = (b"PG", b"\x00\x00\x01\xba", b"# VobSub index")
"""Beginnings of PGS and VobSub files."""


class RoundTripError(InputRejectedError):
    """A rendered file does not read back as what was rendered. This is a bug of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


def _codec_of_cues(
    write: Callable[[Subtitle], str],
    read: Callable[[str], ReadResult],
    representable: Callable[[Subtitle], tuple[Cue, ...]] = _cues_of,
    *,
    resolution_ms: int = 1,
    has_bidi_marks: bool = False,
) -> _Codec:
    """Return the codec of a format that holds cues and nothing else."""
    return _Codec(
        write=write,
        read=lambda text: read(text).cues,
        representable=representable,
        resolution_ms=resolution_ms,
        has_bidi_marks=has_bidi_marks,
    )


_CODECS = {
    "srt": _codec_of_cues(srt.write, srt.read, has_bidi_marks=True),
    "vtt": _codec_of_cues(vtt.write, vtt.read, vtt.representable, has_bidi_marks=True),
    "ass": _codec_of_cues(
        ass.write, ass_reader.read, ass.representable, resolution_ms=ass.RESOLUTION_MS
    ),
    "ttml": _codec_of_cues(ttml.write, ttml_reader.read, ttml.representable, has_bidi_marks=True),
    "lrc": _codec_of_cues(lrc.write, lrc.read, lrc.representable, resolution_ms=lrc.RESOLUTION_MS),
    "json": _Codec(
        write=whisper_json.write, read=whisper_json.read, representable=whisper_json.representable
    ),
    "txt": _Codec(write=txt.write, read=txt.read, representable=txt.representable),
}
FORMATS = tuple(_CODECS)
"""Extensions of the formats that we write."""
TIMED_FORMATS = tuple(fmt for fmt in FORMATS if fmt != "txt")
"""Those with times, in the order in which one of several is chosen to be read."""


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
    if codec.read(written.decode()) != codec.representable(snapped):
        raise RoundTripError(
            f"the {fmt} file in {subtitle.language} does not read back as it was written", _HINT
        )
    return written


_HINT = "This is a fault in subtitled: please report it"


def read_cues(data: bytes, suffix: str, frame_rate: float | None = None) -> tuple[Cue, ...]:
    """Return the cues of any subtitle file; see :func:`read_subtitle`."""
    return read_subtitle(data, suffix, frame_rate).cues


def read_subtitle(
    data: bytes, suffix: str, frame_rate: float | None = None, language: Language | None = None
) -> ReadResult:
    """Read any subtitle file. The format is detected by content before the suffix.

    Args:
        data: The bytes of the file.
        suffix: The extension of its name without the dot.
        frame_rate: Frames per second of the film, for files that count frames and say no rate.
        language: The language that its name states.

    Raises:
        InputRejectedError: The data is no subtitle file; the message says why.
    """
    if data.startswith(IMAGE_SIGNATURES):
        raise InputRejectedError(
            "the subtitle is made of pictures, not of text", "Convert it with OCR"
        )
    text = decode_text(data, language)
    return read_text(text, suffix, frame_rate=frame_rate, language=language)


def tidy_text(text: str) -> str:
    """Remove what most formats cannot hold in a cue.

    That is blank lines, which would end it, control characters, and whatever could be taken for the
    line of times of the next cue. Tags come out in one form.
    """
    text = normalise_markup("\n".join(map(_drop_unprintable, text.splitlines())))
    lines = (_hide_times(line.strip()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _hide_times(line: str) -> str:
    line = line.replace("-->", "—>")
    if ">" in line and (parse_time_line(line) is not None or is_broken_time_line(line)):
        return line.replace(">", "›")
    return line


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
