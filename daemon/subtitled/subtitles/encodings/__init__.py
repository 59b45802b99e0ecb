"""Decoding of the bytes of text files: the letters are right, or the text is refused.

Unicode is recognised by its marks and its rules, everything else by :mod:`.code_pages`. Text that
was decoded wrongly by another program and saved again is repaired where no letter was lost.
"""

from __future__ import annotations

import codecs
import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from subtitled.plugin import InputRejectedError, Language

from .code_pages import OUTSIDE_ASCII, decode_as, find_code_page
from .line_ends import unify_line_ends
from .misread import lines_outside_ascii, repair_code_page
from .mixtures import count_sequences, decode_hz, join_surrogates, mend_utf8

MAX_BROKEN_SHARE = 0.03
"""Largest share of the characters outside ASCII that may be broken in UTF-8."""
MIN_MISREAD = 3
"""Fewest letters that look misread from which a text is repaired."""
MAX_LOST_SHARE = 0.02
"""Largest share of letters that may have been replaced by question marks."""

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_OTHER_FILES = (
    (b"Rar!", "a RAR archive"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1aE\xdf\xa3", "a Matroska file"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"SQLite format 3", "a database"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an Office document"),
)
"""Beginnings of files that people find under the name of a subtitle."""
_HTML = re.compile(
    r"\s{0,99}(?:<!--.{0,999}?-->\s{0,99})?<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_MISREAD_UTF8 = re.compile(
    "[\u00c2-\u00f4\u0102\u0103\u0139\u013a\u0420\u0421\u0413\u00d7\u03a0\u03a1\u0393]"
    "[\u0080-\u00bf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc"
    "\u2013-\u203a\u20ac\u2122\u0402-\u040f\u0452-\u045f\u0490\u0491\u2116]"
)
"""A letter outside ASCII of UTF-8 that was read as Western, Central European or Cyrillic."""
_MISREAD_PAGES = ("sloppy-windows-1252", "sloppy-windows-1250", "sloppy-windows-1251")
"""Code pages in which UTF-8 is misread, with ftfy's names: undefined bytes are kept."""
_CERTAIN_MISREAD = re.compile(
    "\u00c3[\u00a1-\u00a9\u00ac\u00ae-\u00b3\u00b5\u00b6\u00b8\u00b9\u00bc-\u00be]"
)
"""The same, where nothing else can be meant: no sign stands in the second place behind it."""
_CONTROL = re.compile("[\x80-\x9f]")
_SIGNS_OF_CONTROLS = {
    chr(byte): bytes([byte]).decode("cp1252")
    for byte in b"\x80\x82\x84\x85\x86\x87\x8a\x8b\x8e\x91\x92\x93\x94\x95\x96\x97\x99\x9a\x9b\x9e"
}
_CURE = "Save it as UTF-8"


@dataclass(frozen=True, slots=True)
class DecodedText:
    """The text of a file."""

    text: str
    """With LF line ends, without a byte order mark."""
    encoding: str
    """Python's name of the encoding."""
    broken_count: int = 0
    """Characters that were broken. The text has U+FFFD in their places."""
    was_garbled: bool = False
    """Whether another program had decoded it wrongly and saved it so. It was repaired."""


def decode_text(data: bytes, language: Language | None = None) -> str:
    """Return the text of a file; see :func:`decode_bytes`."""
    return decode_bytes(data, language).text


def decode_bytes(data: bytes, language: Language | None = None) -> DecodedText:
    """Decode the bytes of a text file.

    Args:
        data: The bytes.
        language: The language that the file's name states. It says which code pages are likely.

    Raises:
        InputRejectedError: The data is no text, or its letters cannot be known.
    """
    for beginning, what in _OTHER_FILES:
        if data.startswith(beginning):
            raise InputRejectedError(f"it is {what}, not a text", "Unpack or remove it")
    decoded = _decode_unicode(data, language) or _decode_code_page(data, language)
    text = decoded.text.removeprefix("\ufeff").rstrip("\0")
    if text.count("\0") > MAX_BROKEN_SHARE * len(text):
        raise InputRejectedError("it is no text file", "Check what the file is")
    text = text.replace("\0", "")
    if _HTML.match(text):
        raise InputRejectedError("it is a web page, not a subtitle", "Download the subtitle again")
    text = unify_line_ends(text).replace("\u2028", "\n").replace("\u2029", "\n")
    _refuse_lost_letters(text)
    outside = lines_outside_ascii(text)
    is_unicode = decoded.encoding.startswith("utf")
    misread = repair_code_page(text, outside, language) if is_unicode else None
    repaired = _repair(text, outside) if misread is None else misread
    repaired = _replace_controls(repaired, outside if repaired is text else repaired)
    was_garbled = decoded.was_garbled or repaired != text
    return DecodedText(repaired, decoded.encoding, decoded.broken_count, was_garbled)


def _decode_unicode(data: bytes, language: Language | None) -> DecodedText | None:
    if data.startswith(_UTF_16_MARKS):
        # The last character of a file that was cut off may be half of one.
        data = data[: len(data) // 2 * 2]
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return _tolerant(data, encoding, len(data))
    if (unmarked := _unmarked_utf16(data)) is not None:
        return _tolerant(data, unmarked, len(data))
    if b"\x1b$" in data:
        try:
            return DecodedText(data.decode("iso2022_jp_2"), "iso2022_jp_2")
        except UnicodeDecodeError:
            pass
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start > 0 and len(data) - error.start < 4 and error.end == len(data):
            return _decode_unicode(data[: error.start], language)
        data = join_surrogates(data)
        if _is_no_utf8(data):
            return None
        mended = mend_utf8(data, language)
        return _tolerant(mended, "utf-8", count_sequences(mended))
    if "~{" in text and (chinese := decode_hz(data)) is not None:
        return DecodedText(chinese, "hz")
    return DecodedText(text, "utf-8")


def _tolerant(data: bytes, encoding: str, characters: int) -> DecodedText | None:
    """Decode Unicode with a few broken characters; None if there are more."""
    text = data.decode(encoding, "replace")
    broken = text.count("\ufffd") - data.count("\ufffd".encode())
    if broken > 0 and broken > max(MAX_BROKEN_SHARE * characters, 1 if characters >= 10 else 0):
        if encoding == "utf-8":
            return None
        raise InputRejectedError(f"it is damaged: {broken} characters are broken", "Get it again")
    return DecodedText(text, encoding, max(broken, 0))


def _is_no_utf8(data: bytes) -> bool:
    """Check quickly, by its beginning, whether a text is broken too often to be UTF-8."""
    most = len(data) - len(data.translate(None, OUTSIDE_ASCII))
    broken = data[:4096].decode("utf-8", "replace").count("\ufffd")
    certain = broken - 4 - data.count("\ufffd".encode())
    return certain > max(1, MAX_BROKEN_SHARE * most)


def _unmarked_utf16(data: bytes) -> str | None:
    """Recognise UTF-16 without a mark: every second byte of digits and line ends is zero."""
    sample = data[: 1 << 14]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd >= 4 and odd * 20 > len(sample) // 2 and odd > 4 * even:
        return "utf-16-le"
    if even >= 4 and even * 20 > len(sample) // 2 and even > 4 * odd:
        return "utf-16-be"
    return None


def _decode_code_page(data: bytes, language: Language | None) -> DecodedText:
    if b"\0" in data.rstrip(b"\0"):
        raise InputRejectedError("it is no text file", "Check what the file is")
    code_page = find_code_page(data.rstrip(b"\0"), language)
    text = decode_as(data.rstrip(b"\0"), code_page) if code_page else None
    if text is None or code_page is None:
        raise InputRejectedError(
            "its encoding cannot be told: no code page gives letters of one language, "
            "or several give letters that differ",
            _CURE,
        )
    return DecodedText(text, code_page, text.count("\ufffd"))


def _replace_controls(text: str, outside: str) -> str:
    """Replace controls that are signs of a text which was read as Latin-1: ``It``, 0x92, ``s``.

    The signs are alike in the code pages of Western and Central Europe.

    Args:
        text: The text.
        outside: All its lines with characters outside ASCII, or more.
    """
    if not _CONTROL.search(outside):
        return text
    return _CONTROL.sub(lambda match: _SIGNS_OF_CONTROLS.get(match[0], "\ufffd"), text)


def _refuse_lost_letters(text: str) -> None:
    """Refuse a text whose letters another program replaced by question marks."""
    beginning = text[: 1 << 16]
    lost = beginning.count("\ufffd")
    if lost > 2 and lost > MAX_LOST_SHARE * _count_letters(beginning):
        raise InputRejectedError(
            "letters of it were lost when another program saved it", "Get it again"
        )
    lost = sum(
        text[match.start() - 1].isalpha() or text[match.end()] == "?" == text[match.start() - 1]
        for match in _LOST_LETTERS.finditer(text, 1, 1 << 16)
    )
    if lost > 4 and lost > MAX_LOST_SHARE * _count_letters(beginning):
        raise InputRejectedError(
            "letters of it were replaced by question marks when another program saved it",
            "Get it again",
        )


def _count_letters(text: str) -> int:
    return sum(map(str.isalpha, text))


_LOST_LETTERS = re.compile(r"\?(?=[^\W\d_]|\?)")


@functools.cache
def _load_line_fixer() -> Callable[[str], str | None]:
    """Return what repairs a line that looks misread. Most texts need none, nor its tables."""
    from ftfy import TextFixerConfig, fix_encoding
    from ftfy.badness import is_bad

    fixer = TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
        explain=False,
    )
    return lambda line: fix_encoding(line, fixer) if is_bad(line) else None


def _find_sloppy_page(name: str) -> codecs.CodecInfo | None:
    """Load a code page of ftfy when it is used first."""
    if not name.startswith("sloppy"):
        return None
    from ftfy.bad_codecs import search_function

    return search_function(name)


codecs.register(_find_sloppy_page)


def _repair(text: str, outside: str) -> str:
    """Repair UTF-8 that was read in a code page and saved as UTF-8 again.

    Args:
        text: The text.
        outside: Its lines with characters outside ASCII.
    """
    misread = _MISREAD_UTF8.finditer(outside)
    least = 1 if _CERTAIN_MISREAD.search(outside) else MIN_MISREAD
    if len(list(islice(misread, least))) < least:
        return text
    for page in _MISREAD_PAGES:
        try:
            outside.encode(page).decode("utf-8")
        except UnicodeError:
            continue
        return text.encode(page).decode("utf-8")
    fix_line = _load_line_fixer()
    repaired = {
        line: fixed
        for line in outside.split("\n")
        if _MISREAD_UTF8.search(line) and (fixed := fix_line(line)) is not None
    }
    if not repaired:
        return text
    return "\n".join(repaired.get(line, line) for line in text.split("\n"))
