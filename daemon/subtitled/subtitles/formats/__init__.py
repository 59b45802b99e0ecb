"""Subtitle files in every format that we write or read. What is written is read back first."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import Cue, Rejected, Subtitle

from . import ass, data, lrc, plain, srt, ttml, vtt
from .bidi import embedded
from .decoding import decode_text

_PICTURES = (b"PG", b"\x00\x00\x01\xba", b"# VobSub index")
"""How PGS and VobSub files begin."""


class Unfaithful(Rejected):
    """A written file does not read back as what was written: a fault of ours, never published."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """One format. Reading what was written must give what the format can carry."""

    write: Callable[[Subtitle], str]
    read: Callable[[str], Any]
    carried: Callable[[Subtitle], Any]
    tick: int = 1
    """Milliseconds: what its times are counted in."""
    marks: bool = False
    """Whether its players need marks round lines that run from right to left."""


def _as_they_are(subtitle: Subtitle) -> tuple[Cue, ...]:
    return subtitle.cues


_CODECS = {
    "srt": _Codec(srt.write, srt.read, _as_they_are, marks=True),
    "vtt": _Codec(vtt.write, vtt.read, _as_they_are, marks=True),
    "ass": _Codec(ass.write, ass.read, ass.carried, ass.TICK),
    "ttml": _Codec(ttml.write, ttml.read, ttml.carried, marks=True),
    "lrc": _Codec(lrc.write, lrc.read, lrc.carried, lrc.TICK),
    "json": _Codec(data.write, data.read, data.carried),
    "txt": _Codec(plain.write, plain.read, plain.carried),
}
FORMATS = tuple(_CODECS)
"""The endings of what we write."""


def render(subtitle: Subtitle, fmt: str) -> bytes:
    """The bytes of a subtitle file, UTF-8, lines ended by LF, checked by reading them back.

    Cues without text are left out. Raises :class:`Unfaithful` for times that no file can hold.
    """
    codec = _CODECS.get(fmt)
    if codec is None:
        known = ", ".join(FORMATS)
        raise Rejected(f"subtitles cannot be written as {fmt}", f"Choose one of {known}")
    clean = _clean(subtitle, codec)
    for number, cue in enumerate(clean.cues, 1):
        if not (math.isfinite(cue.end) and 0 <= cue.start < cue.end):
            raise Unfaithful(
                f"cue {number} of the {fmt} file in {subtitle.language} has no possible times",
                _CURE,
            )
    whole = replace(clean, cues=tuple(_whole(cue, codec.tick) for cue in clean.cues))
    written = codec.write(whole).encode()
    if codec.read(decode_text(written)) != codec.carried(whole):
        raise Unfaithful(
            f"the {fmt} file in {subtitle.language} does not read back as it was written", _CURE
        )
    return written


_CURE = "This is a fault in subtitled: please report it"


def read(data: bytes, suffix: str) -> tuple[Cue, ...]:
    """The cues of any subtitle file, by what it holds rather than by its ending.

    Raises :class:`Rejected`, with the reason, for what is none.
    """
    if data.startswith(_PICTURES):
        raise Rejected("the subtitle is made of pictures, not of text", "Convert it with OCR")
    text = decode_text(data)
    return _reader(text, suffix.lower())(text)


def _reader(text: str, suffix: str) -> Callable[[str], tuple[Cue, ...]]:
    begins = text.lstrip()
    if text.startswith("WEBVTT"):
        return vtt.read
    if begins.startswith(("<?xml", "<tt")) or suffix == "ttml":
        return ttml.read
    if suffix == "json":
        return lambda text: data.read(text)[0]
    if suffix == "txt":
        raise Rejected("plain text has no times", "Name a file of another format")
    if suffix == "lrc" or (suffix not in ("srt", "vtt") and _sings(begins)):
        return _lyrics
    if suffix in ("srt", "vtt") and not begins.startswith("[Script Info]"):
        return lambda text: _subrip(text, suffix)
    return ass.read


def _sings(begins: str) -> bool:
    return not begins.startswith("[Script Info]") and lrc.looks_like(begins)


def _lyrics(text: str) -> tuple[Cue, ...]:
    if not lrc.looks_like(text) and not text.lstrip().startswith(lrc.TAGS):
        raise Rejected("no lyrics with times: no line begins with one", "Look what the file is")
    return lrc.read(text)


def _subrip(text: str, suffix: str) -> tuple[Cue, ...]:
    cues = srt.read(text)
    if not cues and (text.strip() or suffix == "vtt"):
        raise Rejected("no subtitle file: no line in it has times", "Look what the file is")
    return cues


def tidy(text: str) -> str:
    """Lines without blank ones between them, which end a cue in most formats, without
    characters that are none, and without the arrow that stands between times."""
    lines = (_legible(line).replace("-->", "—>").strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def _legible(line: str) -> str:
    return "".join(filter(_kept, line))


def _kept(character: str) -> bool:
    """Surrogates cannot be written; control characters confuse players; a mark is no text."""
    return unicodedata.category(character) not in ("Cs", "Cc") and character != "\ufeff"


def _clean(subtitle: Subtitle, codec: _Codec) -> Subtitle:
    texts = [tidy(cue.text) for cue in subtitle.cues]
    if codec.marks:
        texts = [embedded(text, subtitle.language) for text in texts]
    cues = [replace(cue, text=text) for cue, text in zip(subtitle.cues, texts, strict=True)]
    return replace(
        subtitle,
        cues=tuple(cue for cue in cues if cue.text),
        words=tuple(replace(word, text=_legible(word.text)) for word in subtitle.words),
        title=" ".join(tidy(subtitle.title).split()),
    )


def _whole(cue: Cue, tick: int) -> Cue:
    """Times in whole ticks of so many milliseconds, at least one long."""
    start = round(cue.start * 1000 / tick) * tick
    end = max(round(cue.end * 1000 / tick) * tick, start + tick)
    return replace(cue, start=start / 1000, end=end / 1000)
