"""Extraction of an embedded subtitle: ASS as it is, everything else as SubRip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ffmpeg

from subtitled.plugin import InputRejectedError, TimeSpan
from subtitled.plugin.paths import display_path

from .errors import unreadable_error
from .ffmpeg import believed_seconds, open_input, run_graph

MAX_EXTRACT_RATIO = 0.5
"""Seconds that one second of the media file may take, because all of it has to be read."""
_FORMATS = {
    "ass": {"format": "ass", "scodec": "copy"},
    "ssa": {"format": "ass", "scodec": "ass"},
}
_SUBRIP = {"format": "srt", "scodec": "srt"}
MAX_TEXT_BYTES = 16 * 1024 * 1024
"""Largest text. Ten thousand cues are about one megabyte."""


def extract_text(
    path: Path,
    stream: int,
    duration: float,
    target: Path,
    codec: str = "",
    window: TimeSpan | None = None,
) -> bytes:
    """Extract a subtitle stream into the file ``target``, and return its bytes.

    The file appears only when it is complete.

    Args:
        path: The media file.
        stream: Absolute index of the stream.
        duration: Seconds of the media file.
        target: The file to write.
        codec: The codec of the stream, as ffprobe names it.
        window: The part of the media file to read, by default all of it. Times begin at its start.

    Raises:
        InputRejectedError: No text came out.
        SubtitledError: The file cannot be opened, or the extraction took too long.
        SetupError: ffmpeg is not installed.
    """
    partial = target.with_name(target.name + ".part")
    try:
        seconds = min(duration, believed_seconds(duration, path.stat().st_size))
    except OSError as error:
        raise unreadable_error(path, error) from error
    try:
        completed = run_graph(
            _build_graph(stream, codec, window),
            path,
            partial,
            max(120.0, MAX_EXTRACT_RATIO * seconds),
            max_bytes=2 * MAX_TEXT_BYTES,
        )
        size = partial.stat().st_size if partial.exists() else 0
        if completed.exit_status != 0 or not 0 < size <= MAX_TEXT_BYTES:
            last_line = (
                completed.stderr.splitlines()[-1] if completed.stderr else "no text came out"
            )
            raise InputRejectedError(
                f"subtitle stream {stream} of {display_path(path)} cannot be read: {last_line}",
                "Check it with a player",
            )
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return target.read_bytes()


def _build_graph(stream: int, codec: str, window: TimeSpan | None) -> Any:
    part = {"ss": window.start, "t": window.end - window.start} if window else {}
    source = open_input(vn=None, an=None, dn=None, **part)
    # As SubRip, ASS would get tags for its fonts, and its drawings would become text.
    formats = _FORMATS.get(codec, _SUBRIP)
    return ffmpeg.output(source[str(stream)], "TARGET", fs=MAX_TEXT_BYTES, **formats)
