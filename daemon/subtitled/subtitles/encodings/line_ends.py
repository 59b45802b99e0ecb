"""Line ends of text files."""

from __future__ import annotations

import re

_LONG_LINE_END = re.compile(r"(?<!\r)\r++\n")


def unify_line_ends(text: str) -> str:
    """Return a text with LF line ends. CR CR LF, of files that were converted twice, is one."""
    if "\r" not in text:
        return text
    if "\r\r" in text:
        text = _LONG_LINE_END.sub("\n", text)
    return text.replace("\r\n", "\n").replace("\r", "\n")
