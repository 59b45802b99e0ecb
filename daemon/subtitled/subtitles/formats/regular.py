"""SubRip and WebVTT files that are exactly as they should be: they are read in half the time.

Every other file is left to the tolerant readers, which give the same cues for these.
"""

from __future__ import annotations

import re

from .glued_lines import split_glued_times
from .time_lines import MINUTES, find_time_lines, has_other_arrow, is_number_line

_TIME = r"([0-9]{2}:[0-9]{2}):([0-9]{2})[,.]([0-9]{3})"
_SETTINGS = r"(?: (?:align|line|position|size|vertical|region):[^ \n]{1,40})*"
_CUE = rf"{_TIME} --> {_TIME}{_SETTINGS}\n([^\n]+(?:\n[^\n]+)*)(?=\n\n|\Z)"
_BEGINNING = r"(?:(?<=\n\n)|\A)"
_NUMBERED = re.compile(rf"{_BEGINNING}\d+\n{_CUE}")
"""A whole cue. Groups: the hours and minutes, seconds, milliseconds of start and end, the text."""
_UNNUMBERED = re.compile(_BEGINNING + _CUE)
_UNTIDY_ENDS = re.compile(r"\n(?:[^\S\n]|(?<=[^\S\n]\n))")
"""A line that begins or ends with a blank."""


def read_regular_cues(text: str) -> list[tuple[float, float, str]] | None:
    """Read cues that all have a number, or none, exact times and a blank line between them.

    Args:
        text: The file without its header and without line ends at its edges.

    Returns:
        Start, end and text of each cue, with its tags. None for any other file.
    """
    if "\n\n\n" in text or "\0" in text or "\ufeff" in text:
        return None
    is_numbered = text.partition("\n")[0].isdecimal()
    found = (_NUMBERED if is_numbered else _UNNUMBERED).findall(text)
    if len(found) != text.count("\n\n") + 1:
        return None
    has_odd_signs = "：" in text or has_other_arrow(text)
    may_hold_times = (
        has_odd_signs or text.count(":") > 4 * len(found) or text.count("->") > len(found)
    )
    cues = []
    for start_minute, start_second, start_ms, end_minute, end_second, end_ms, body in found:
        if (
            may_hold_times
            and (has_odd_signs or body.count(":") > 1 or "->" in body)
            and _holds_times(body.split("\n"))
        ):
            return None
        if not (is_numbered or _ends_in_words(body)):
            return None
        start = MINUTES[start_minute] + int(start_second + start_ms)
        end = MINUTES[end_minute] + int(end_second + end_ms)
        cues.append((start / 1000, end / 1000, body))
    return cues


def _holds_times(lines: list[str]) -> bool:
    """Check whether a line of a text, or a part of one, is taken for times."""
    return bool(find_time_lines(lines)) or split_glued_times(lines) != lines


def is_tidy(text: str) -> bool:
    """Check that no line of a regular file begins or ends with a blank."""
    return not (text[-1:].isspace() or _UNTIDY_ENDS.search(text))


def _ends_in_words(body: str) -> bool:
    """Check that the last line of a text cannot be taken for the number of the next cue."""
    last = body[body.rfind("\n") + 1 :]
    return last[0].isalpha() or not is_number_line(last)
