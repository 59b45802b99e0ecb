"""Lines of SubRip that were lost or added when files were joined or downloaded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_TIME = r"\d{1,3}:\d\d:\d\d[,.]\d{1,3}"
_TIMES = re.compile(
    rf"(?:(?<!\d)\d{{1,6}}[ \t]{{1,4}})?(?<![\d:]){_TIME}[ \t]{{0,2}}-->[ \t]{{0,2}}{_TIME}"
)
_FIRST_ARROW = 14
"""Characters before the arrow of exact times, and one."""
_PAGE = re.compile(r"<(?:!doctype[ \t]{1,4}html|html|head|body|script|\?php)\b", re.I)
_TIMES_BEHIND = re.compile(r"\d[,.]\d{1,3}[ \t]{0,2}-->")


def split_glued_times(lines: Sequence[str]) -> list[str]:
    """Give times that stand behind the text of the cue before, on its line, a line of their own."""
    if all(line.find("-->", _FIRST_ARROW) < 0 for line in lines):
        return list(lines)
    return [part for line in lines for part in _split_line(line)]


def _split_line(line: str) -> Iterator[str]:
    done = 0
    if line.find("-->", _FIRST_ARROW) >= 0:
        for match in _TIMES.finditer(line):
            if any(map(str.isalpha, line[done : match.start()])):
                yield line[done : match.start()]
                done = match.start()
    yield line[done:]


def cut_web_page(text: str) -> tuple[str, str]:
    """Cut off a web page behind the last cue, such as an error of the server.

    Returns:
        The text without it, and the page, empty if there is none.
    """
    for match in _PAGE.finditer(text):
        line_start = text.rfind("\n", max(0, match.start() - 10), match.start())
        if line_start >= 0 and not text[line_start + 1 : match.start()].strip(" \t"):
            if _TIMES_BEHIND.search(text, match.end()):
                return text, ""
            return text[:line_start], text[line_start:].strip()
    return text, ""
