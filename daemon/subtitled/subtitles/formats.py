"""Subtitle files in every format that we write or read. What is written is read back first."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from subtitled.plugin import Cue, Language, Rejected

from . import ass, srt, vtt
from .bidi import embedded
from .decoding import decode_text

_PICTURES = (b"PG", b"\x00\x00\x01\xba", b"# VobSub index")
"""How PGS and VobSub files begin."""


class Unfaithful(Rejected):
    """A written file does not read back as what was written: a fault of ours, never published."""


def render(cues: Sequence[Cue], fmt: str, language: Language) -> bytes:
    """The bytes of a subtitle file, UTF-8, lines ended by LF, checked by reading them back.

    Cues without text are left out. Raises :class:`Unfaithful` for times that no file can hold.
    """
    wanted = [replace(cue, text=tidy(cue.text)) for cue in cues]
    wanted = [cue for cue in wanted if cue.text]
    for number, cue in enumerate(wanted, 1):
        if not (math.isfinite(cue.end) and 0 <= cue.start < cue.end):
            raise Unfaithful(
                f"cue {number} of the {fmt} file in {language} has no possible times", _CURE
            )
    wanted = [_whole(cue, ass.TICK if fmt == "ass" else 1) for cue in wanted]
    if fmt != "ass":
        wanted = [replace(cue, text=embedded(cue.text, language)) for cue in wanted]
    data = _written(wanted, fmt, language).encode()
    back = [_in_ms(cue) for cue in read(data, fmt)]
    carried = ass.carried if fmt == "ass" else str
    meant = [_in_ms(replace(cue, text=carried(cue.text))) for cue in wanted]
    if back != meant:
        raise Unfaithful(
            f"the {fmt} file in {language} does not read back as it was written", _CURE
        )
    return data


_CURE = "This is a fault in subtitled: please report it"


def read(data: bytes, suffix: str) -> tuple[Cue, ...]:
    """The cues of any subtitle file, by what it holds rather than by its ending.

    Raises :class:`Rejected`, with the reason, for what is none.
    """
    if data.startswith(_PICTURES):
        raise Rejected("the subtitle is made of pictures, not of text", "Convert it with OCR")
    text = decode_text(data)
    if text.startswith("WEBVTT"):
        cues = vtt.read(text)
    elif suffix.lower() in ("srt", "vtt") and not text.lstrip().startswith("[Script Info]"):
        cues = srt.read(text)
        if not cues and (text.strip() or suffix.lower() == "vtt"):
            raise Rejected("no subtitle file: no line in it has times", "Look what the file is")
    else:
        cues = ass.read(text)
    return cues


def tidy(text: str) -> str:
    """Lines without blank ones between them, which end a cue in most formats, without
    characters that are none, and without the arrow that stands between times."""
    lines = (
        "".join(filter(_kept, line)).replace("-->", "—>").strip() for line in text.splitlines()
    )
    return "\n".join(line for line in lines if line)


def _kept(character: str) -> bool:
    """Surrogates cannot be written; control characters confuse players; a mark is no text."""
    return unicodedata.category(character) not in ("Cs", "Cc") and character != "\ufeff"


def _written(cues: Sequence[Cue], fmt: str, language: Language) -> str:
    if fmt == "ass":
        return ass.write(cues, language)
    if fmt == "srt":
        return srt.write(cues)
    if fmt == "vtt":
        return vtt.write(cues)
    raise Rejected(f"subtitles cannot be written as {fmt}", "Choose srt, vtt or ass")


def _whole(cue: Cue, tick: int) -> Cue:
    """Times in whole ticks of so many milliseconds, at least one long."""
    start = round(cue.start * 1000 / tick) * tick
    end = max(round(cue.end * 1000 / tick) * tick, start + tick)
    return replace(cue, start=start / 1000, end=end / 1000)


def _in_ms(cue: Cue) -> tuple[int, int, str]:
    return round(cue.start * 1000), round(cue.end * 1000), cue.text
