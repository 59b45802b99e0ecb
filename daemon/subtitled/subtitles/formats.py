"""Subtitle files in every format that we write or read. What is written is read back first."""

from __future__ import annotations

from collections.abc import Sequence

import pysubs2

from subtitled.plugin import Cue, Language, Rejected

from . import ass, srt, vtt


class Unfaithful(AssertionError):
    """A written file does not read back as what was written: a fault of ours, never published."""


def render(cues: Sequence[Cue], fmt: str, language: Language) -> bytes:
    """The bytes of a subtitle file, UTF-8, lines ended by LF, checked by reading them back."""
    cues = [Cue(cue.start, cue.end, _one_block(cue.text)) for cue in cues]
    text = {"srt": srt.write, "vtt": vtt.write, "ass": ass.write}[fmt](cues)
    data = text.encode()
    back = read(data, fmt)
    tolerance = 0.0051 if fmt == "ass" else 0.0006
    same = len(back) == len(cues) and all(
        abs(a.start - b.start) < tolerance
        and abs(a.end - b.end) < tolerance
        and a.text == (ass.plain(b.text) if fmt == "ass" else b.text)
        for a, b in zip(back, cues, strict=True)
    )
    if not same:
        raise Unfaithful(f"the {fmt} file in {language} does not read back as it was written")
    return data


def read(data: bytes, suffix: str) -> tuple[Cue, ...]:
    """The cues of any subtitle file. Raises :class:`Rejected` for what is none."""
    text = decode_text(data)
    if suffix == "srt":
        cues = srt.read(text)
    elif suffix == "vtt":
        cues = vtt.read(text)
    else:
        try:
            document = pysubs2.SSAFile.from_string(text)
        except Exception as error:
            raise Rejected(f"no subtitle file: {error}") from error
        cues = tuple(
            Cue(event.start / 1000, event.end / 1000, event.plaintext) for event in document
        )
    if not cues and text.strip() and suffix == "srt":
        raise Rejected("no subtitle file: no line in it has times")
    return cues


def decode_text(data: bytes) -> str:
    """Text in UTF-8 or UTF-16 with or without a mark, else as Western European."""
    for encoding in ("utf-8-sig", "utf-16"):
        if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
            continue
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = data.decode("cp1252", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _one_block(text: str) -> str:
    """Lines without blank ones between them: a blank line ends a cue in most formats."""
    lines = (line.strip() for line in text.replace("-->", "—>").splitlines())
    return "\n".join(line for line in lines if line)
