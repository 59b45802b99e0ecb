"""Texts that are UTF-8 but for a few lines, and Unicode in the manner of old programs.

Sites and translators put their own lines into files that others made, in the code page of their
machine. Such lines are decoded by themselves.
"""

from __future__ import annotations

import re

from subtitled.plugin import Language

from .code_pages import decode_as, find_code_page

MAX_FOREIGN_SHARE = 0.2
"""Largest share of the lines with letters outside ASCII that may be in another encoding."""
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_SURROGATE_PAIR = re.compile(rb"\xed[\xa0-\xaf][\x80-\xbf]\xed[\xb0-\xbf][\x80-\xbf]")


def count_sequences(data: bytes) -> int:
    """Return how many characters outside ASCII of UTF-8 there are."""
    return sum(1 for _ in _UTF8_SEQUENCE.finditer(data))


def mend_utf8(data: bytes, language: Language | None = None) -> bytes:
    """Return data with its lines of a code page in UTF-8; as it is if there are none.

    Args:
        data: Data that is not UTF-8.
        language: The language that the file's name states.
    """
    lines = data.split(b"\n")
    outside = [at for at, line in enumerate(lines) if not line.isascii()]
    foreign = [at for at in outside if not _UTF8_SEQUENCE.search(lines[at])]
    if not foreign or len(foreign) > MAX_FOREIGN_SHARE * len(outside):
        return data
    page = find_code_page(b"\n".join(lines[at] for at in foreign), language)
    if page is None:
        return data
    for at in foreign:
        if (text := decode_as(lines[at], page)) is not None:
            lines[at] = text.encode()
    return b"\n".join(lines)


def join_surrogates(data: bytes) -> bytes:
    """Return data with the emoji of CESU-8, which are two halves each, in UTF-8."""
    return _SURROGATE_PAIR.sub(_join_pair, data) if b"\xed" in data else data


def _join_pair(match: re.Match[bytes]) -> bytes:
    pair = match[0].decode("utf-8", "surrogatepass")
    return pair.encode("utf-16", "surrogatepass").decode("utf-16").encode()


def decode_hz(data: bytes) -> str | None:
    """Decode Chinese in HZ, which has letters of ASCII only; None for any other text."""
    if data.count(b"~{") != data.count(b"~}") or not data.isascii():
        return None
    try:
        text = data.decode("hz")
    except UnicodeDecodeError:
        return None
    return None if text.isascii() else text
