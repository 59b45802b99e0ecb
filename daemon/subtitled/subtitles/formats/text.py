"""Text of subtitle files: decoding bytes, unwrapping lines, and right-to-left marks.

Renderers that take each line as left-to-right put the full stop and the dash of a speaker on the
wrong side of a right-to-left line. So each such line of SubRip and WebVTT gets an embedding. In ASS
the encoding tells the renderer to detect the direction. Punctuation is always stored in reading
order.
"""

from __future__ import annotations

import codecs
import unicodedata
from collections.abc import Iterable

from subtitled.plugin import InputRejectedError, Language

from ..scripts import is_right_to_left, is_spaceless

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(data: bytes) -> str:
    """Decode UTF-8 or UTF-16, with or without a byte order mark, else Western European.

    Returns:
        The text with LF line ends.

    Raises:
        InputRejectedError: The data is no text.
    """
    for encoding in _encoding_candidates(data):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = data.decode("latin-1")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text.rstrip("\0"):
        raise InputRejectedError("it is no text file", "Check what the file is")
    return text.rstrip("\0")


def _encoding_candidates(data: bytes) -> list[str]:
    marked = [encoding for mark, encoding in _BYTE_ORDER_MARKS if data.startswith(mark)]
    sample = data[:4096]
    # In UTF-16 every second byte of digits and line ends is zero.
    if not marked and len(sample) > 3 and len(sample) % 2 == 0:
        if sample[1::2].count(0) * 3 > len(sample) // 2 and 0 not in sample[::2]:
            marked = ["utf-16-le"]
        elif sample[::2].count(0) * 3 > len(sample) // 2 and 0 not in sample[1::2]:
            marked = ["utf-16-be"]
    return [*marked[:1], "utf-8", "cp1252"]


def unwrap_lines(texts: Iterable[str], language: Language) -> str:
    """Join lines and cues to one line, with spaces if the language has them.

    In other languages, only two Latin words or numbers that meet get a space.
    """
    has_no_spaces, joined = is_spaceless(language), ""
    for line in (line for text in texts for line in text.split("\n")):
        needs_no_space = has_no_spaces and not (_is_latin(joined[-1:]) and _is_latin(line[:1]))
        joined += line if needs_no_space or not joined else f" {line}"
    return joined


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalnum()


_RTL_START, _RTL_END = "\u202b", "\u202c"
_BIDI_MARKS = (
    "\u202a",
    "\u202b",
    "\u202d",
    "\u202e",
    "\u200f",
    "\u061c",
    "\u2066",
    "\u2067",
    "\u2068",
)


def embed_rtl_lines(text: str, language: Language) -> str:
    """Put each line between direction marks, in languages written from right to left."""
    if not is_right_to_left(language):
        return text
    return "\n".join(
        f"{_RTL_START}{line}{_RTL_END}" if _needs_marks(line) else line for line in text.split("\n")
    )


def _needs_marks(line: str) -> bool:
    marked = line.startswith(_BIDI_MARKS)
    return not marked and any(unicodedata.bidirectional(c) in ("R", "AL") for c in line)
