"""Repair of texts that another program read in a wrong code page and saved as UTF-8.

``Ãäå òû áûë`` is Russian of cp1251 that was read as Western. The letters become bytes again,
and the code page of those is found.
"""

from __future__ import annotations

from subtitled.plugin import Language

from .code_pages import decode_as, find_reading, is_good_reading

MIN_LETTERS = 8
"""Fewest letters outside ASCII from which a text is repaired."""
MIN_SHARE_OF_LETTERS = 0.005
"""Least share of letters outside ASCII. Below, they are names and foreign words."""
MIN_SCORE = 0.9
MIN_PROBABILITY = 0.6
MAX_SAMPLE_CHARACTERS = 6000
_USUAL_SIGNS = "’‘“”„«»…–—¿¡°©®™♪♫"
_WRONG_PAGES = (
    ("latin_1", "cp1252"),
    ("sloppy-windows-1252", "cp1252"),
    ("cp1251", "cp1251"),
    ("koi8_r", "koi8_r"),
)
"""Encodings in which programs misread texts, with the page that a good text in it would be in.
Those of ftfy keep undefined bytes."""


def repair_code_page(text: str, outside: str, language: Language | None = None) -> str | None:
    """Return a text in its right letters, or None if nothing is wrong or it is not clear what.

    Args:
        text: The text as it was saved.
        outside: Its lines with characters outside ASCII; see :func:`lines_outside_ascii`.
        language: The language that the file's name states.
    """
    if not outside:
        return None
    sample = outside[:MAX_SAMPLE_CHARACTERS]
    letters = len(sample) - len(sample.encode("ascii", "ignore"))
    letters -= sum(map(sample.count, _USUAL_SIGNS))
    if letters < max(MIN_LETTERS, MIN_SHARE_OF_LETTERS * len(sample)):
        return None
    for encoding, page in _WRONG_PAGES:
        data = _encode(outside, encoding)
        if data is None:
            continue
        if is_good_reading(data, page, language):
            return None
        data = text.encode(encoding)
        reading = find_reading(data, language)
        if reading is None or reading.score < MIN_SCORE or reading.strange:
            return None
        is_stated = language is not None and reading.language == language.primary
        if not is_stated and reading.share < MIN_PROBABILITY:
            return None
        repaired = decode_as(data, reading.code_page)
        return repaired if repaired != text else None
    return None


def lines_outside_ascii(text: str) -> str:
    """Return the lines of a text that have characters outside ASCII."""
    if text.isascii():
        return ""
    return "\n".join([line for line in text.split("\n") if not line.isascii()])


def _encode(text: str, encoding: str) -> bytes | None:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        return None
