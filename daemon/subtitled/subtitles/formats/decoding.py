"""Text out of the bytes of other people's files."""

from __future__ import annotations

import codecs

from subtitled.plugin import Rejected

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode_text(data: bytes) -> str:
    """Text in UTF-8 or UTF-16 with or without a mark, else as Western European; lines end in LF.

    Raises :class:`Rejected` for what is no text.
    """
    for encoding in _candidates(data):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        text = data.decode("latin-1")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text.rstrip("\0"):
        raise Rejected("it is no text file", "Look what the file is")
    return text.rstrip("\0")


def _candidates(data: bytes) -> list[str]:
    marked = [encoding for mark, encoding in _MARKS if data.startswith(mark)]
    sample = data[:4096]
    # In UTF-16 without a mark, digits and line ends show as every second byte being zero.
    if not marked and len(sample) > 3 and len(sample) % 2 == 0:
        if sample[1::2].count(0) * 3 > len(sample) // 2 and 0 not in sample[::2]:
            marked = ["utf-16-le"]
        elif sample[::2].count(0) * 3 > len(sample) // 2 and 0 not in sample[1::2]:
            marked = ["utf-16-be"]
    return [*marked[:1], "utf-8", "cp1252"]
