r"""Notation of other formats that converters, sites and language models leave in plain formats.

That is ``\N`` and ``\h`` of ASS, and the fence of Markdown around a whole file.
"""

from __future__ import annotations

import re
from dataclasses import replace

from .result import ReadResult

PLAIN_FORMATS = frozenset("srt sub mpl tmp pjs stl aqt mpsub subviewer1 lrc".split())
"""Formats that have no commands of ASS."""
_FENCE = re.compile(r"(?:```[A-Za-z]{0,10}|~~~[A-Za-z]{0,10}|<(?:begin|end) subtitles>)")
_FENCE_BEGINNINGS = ("```", "~~~", "<begin", "<end")
_BREAK, _SPACE = re.compile(r"(?<!:)\\N"), re.compile(r"(?<!:)\\h")
"""Not those of a path such as ``C:\\News``."""


def drop_fences(text: str) -> str:
    """Return a file without the lines around it that Markdown and Avid put there."""
    if not any(beginning in text for beginning in _FENCE_BEGINNINGS):
        return text
    lines = text.split("\n")
    return "\n".join(line for line in lines if not _FENCE.fullmatch(line.strip("\ufeff \t\r")))


def convert_leftovers(result: ReadResult, text: str) -> ReadResult:
    """Return the result with what the notation of other formats stands for.

    Args:
        result: The cues of a file.
        text: The file.
    """
    if result.format not in PLAIN_FORMATS or not ("\\N" in text or "\\h" in text):
        return result
    cues = (replace(cue, text=_convert(cue.text)) for cue in result.cues)
    return replace(result, cues=tuple(cues))


def _convert(text: str) -> str:
    if "\\" not in text:
        return text
    lines = map(str.strip, _SPACE.sub(" ", _BREAK.sub("\n", text)).split("\n"))
    return "\n".join(filter(None, lines))
