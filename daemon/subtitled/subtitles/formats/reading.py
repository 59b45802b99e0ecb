"""Reading any subtitle file: its format is recognised by content before the extension."""

from __future__ import annotations

import bisect
from dataclasses import replace

from subtitled.plugin import Cue, InputRejectedError, Language

from ..markup import strip_tags
from . import ass_reader, blocks, frames, jacosub, lrc, sami, srt, ttml_reader, vtt, whisper_json
from .leftovers import convert_leftovers, drop_fences
from .result import DropLog, ReadResult
from .rolling import join_rolling
from .time_lines import parse_time_line, split_file_lines, visible_text

MAX_TEXT_CHARS = 32 * 1024 * 1024
"""Largest text. Ten thousand cues are about one million characters."""
MAX_MENDED_SECONDS = 5.0
"""Longest duration of a cue whose end is before its start."""
MAX_SAMPLE_LINES = 2000
"""Lines in which SubRip must show its first times."""


def read_text(
    text: str,
    suffix: str,
    *,
    frame_rate: float | None = None,
    language: Language | None = None,
) -> ReadResult:
    """Read the text of any subtitle file.

    Args:
        text: The decoded file, with any line ends.
        suffix: The extension of the file without the dot, or "".
        frame_rate: Frames per second of the film, for files that count frames and say no rate.
        language: Which language to take of a file that has several.

    Returns:
        The cues, each phrase of scrolling captions once, and what was left out.

    Raises:
        InputRejectedError: The text is no subtitle file; the message says why.
    """
    if len(text) > MAX_TEXT_CHARS:
        raise InputRejectedError("the text is too large for a subtitle", "Check what the file is")
    text = drop_fences(text)
    read = _read(text, suffix.lower(), frame_rate, language)
    return join_rolling(convert_leftovers(read, text))


def drop_unusable(result: ReadResult) -> ReadResult:
    """Move cues without text, those that are there twice, and those with times that cannot be.

    They are then among the dropped parts.

    A cue that ends before it begins is shown until the next one, as players do.
    """
    dropped = DropLog()
    dropped.extend(result.dropped)
    cues: list[Cue] = []
    starts: list[float] = []
    seen: set[tuple[float, float, str]] = set()
    for cue in result.cues:
        text = cue.text
        if cue.end < cue.start:
            starts = starts or sorted(cue.start for cue in result.cues)
            later = bisect.bisect_right(starts, cue.start)
            longest = cue.start + MAX_MENDED_SECONDS
            end = min(starts[later], longest) if later < len(starts) else longest
            cue = replace(cue, end=end)
        if not (strip_tags(text) if "<" in text or "{" in text else text).strip():
            dropped.add("a cue without text", sample=f"{cue.start:.3f} s")
        elif not (cue.start < cue.end and cue.end > 0):
            dropped.add("it ends before it begins", sample=f"{cue.start:.3f} s {text}")
        elif (key := (cue.start, cue.end, text)) in seen:
            dropped.add("it is there twice", sample=f"{cue.start:.3f} s {text}")
        else:
            seen.add(key)
            cues.append(cue if cue.start >= 0 else replace(cue, start=0.0))
    return replace(result, cues=tuple(cues), dropped=tuple(dropped))


def _read(
    text: str, suffix: str, frame_rate: float | None, language: Language | None
) -> ReadResult:
    start = visible_text(text[:4096])
    if vtt.has_header(text):
        return vtt.read(text)
    if start.startswith(("<?xml", "<tt")) or suffix in ("ttml", "dfxp"):
        return ttml_reader.read(text, language)
    if suffix == "srt" and _has_times(text):
        return srt.read(text, frame_rate)
    if sami.is_sami(start) or suffix in ("smi", "sami"):
        return sami.read(text, language)
    if suffix == "json":
        return ReadResult(cues=whisper_json.read(text)[0], format="json")
    if ass_reader.is_ass(start):
        return ass_reader.read(text)
    if jacosub.is_jacosub(text):
        return jacosub.read(text)
    if (block_reader := blocks.find_block_reader(text)) is not None:
        return block_reader(text, frame_rate)
    if suffix == "txt" and not _has_times(text) and frames.find_reader(text) is None:
        raise InputRejectedError("plain text has no times", "Name a file of another format")
    if suffix == "lrc":
        return _read_lyrics(text)
    return _read_lines(text, suffix, frame_rate)


def _read_lines(text: str, suffix: str, frame_rate: float | None) -> ReadResult:
    """Read a format that is recognised by its lines."""
    has_times = _has_times(text)
    if suffix in ("srt", "vtt") or has_times:
        reader = None if has_times else frames.find_reader(text)
        if reader is not None:
            return reader(text, frame_rate)
        if not has_times and lrc.is_lrc(text):
            return lrc.read(text)
        if suffix == "vtt" and _has_dots(text):
            return vtt.read(text, needs_header=False)
        result = srt.read(text, frame_rate)
        if not result.cues and (text.strip("\0\ufeff \t\r\n") or suffix == "vtt"):
            raise InputRejectedError(
                "no subtitle file: no line in it has times", "Check what the file is"
            )
        return result
    if lrc.is_lrc(text):
        return lrc.read(text)
    reader = frames.find_reader(text)
    return ass_reader.read(text) if reader is None else reader(text, frame_rate)


def _has_dots(text: str) -> bool:
    """Check whether the first line of times has dots before its milliseconds, as WebVTT has."""
    lines = split_file_lines(text)[:MAX_SAMPLE_LINES]
    first = next((line for line in lines if parse_time_line(line) is not None), "")
    return "." in first.partition("-->")[0]


def _has_times(text: str) -> bool:
    """Check for a line of times of SubRip near the beginning."""
    return any(map(parse_time_line, split_file_lines(text)[:MAX_SAMPLE_LINES]))


def _read_lyrics(text: str) -> ReadResult:
    if not lrc.is_lrc(text) and not visible_text(text[:4096]).startswith(lrc.HEADER_TAGS):
        raise InputRejectedError(
            "no lyrics with times: no line begins with one", "Check what the file is"
        )
    return lrc.read(text)
