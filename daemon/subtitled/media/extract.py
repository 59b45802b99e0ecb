"""The text of an embedded subtitle, taken out by ffmpeg as SubRip."""

from __future__ import annotations

from pathlib import Path

import ffmpeg

from subtitled.plugin import Rejected

from .problems import shown
from .run import run, url

SLOWEST = 0.5
"""Seconds that a second of the medium may take: subtitles lie between all the pictures."""
LARGEST = 16 * 1024 * 1024
"""Bytes of text; ten thousand cues are one megabyte."""


def extract_text(path: Path, stream: int, duration: float, into: Path) -> bytes:
    """The bytes of one subtitle stream as SubRip, kept in the file ``into``, which appears whole.

    Raises :class:`Rejected` where no text comes out.
    """
    part = into.with_name(into.name + ".part")
    try:
        ran = run("ffmpeg", _arguments(path, stream, part), max(120.0, SLOWEST * duration))
        size = part.stat().st_size if part.exists() else 0
        if ran.status != 0 or not 0 < size <= LARGEST:
            last = ran.stderr.splitlines()[-1] if ran.stderr else "no text came out"
            raise Rejected(
                f"subtitle stream {stream} of {shown(path)} cannot be read: {last}",
                "Look at it with a player",
            )
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    return into.read_bytes()


def _arguments(path: Path, stream: int, part: Path) -> list[str | bytes]:
    source = ffmpeg.input("SOURCE", protocol_whitelist="file,pipe", vn=None, an=None, dn=None)
    output = ffmpeg.output(source[str(stream)], "TARGET", format="srt", scodec="srt", fs=LARGEST)
    said = output.global_args("-nostdin", "-hide_banner", "-v", "error")
    places = {"SOURCE": url(path), "TARGET": url(part)}
    compiled: list[str] = ffmpeg.compile(said, overwrite_output=True)[1:]
    return [places.get(word, word) for word in compiled]
