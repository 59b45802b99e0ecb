"""The letters of EBU STL: one table of Latin letters, four with another script (EBU Tech 3264)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from subtitled.plugin import InputRejectedError

_ISO_8859 = {
    "01": ("Latin/Cyrillic", "iso8859_5"),
    "02": ("Latin/Arabic", "iso8859_6"),
    "03": ("Latin/Greek", "iso8859_7"),
    "04": ("Latin/Hebrew", "iso8859_8"),
}
_SINGLE = {
    **{chr(code): code for code in range(0x20, 0x7F) if code != 0x24},
    "$": 0xA4,
    "\xa0": 0xA0,
    **{character: 0xA1 + n for n, character in enumerate("¡¢£")},
    "¥": 0xA5,
    "§": 0xA7,
    **{character: 0xA8 + n for n, character in enumerate("¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿")},
    **{character: 0xD0 + n for n, character in enumerate("―¹®©™♪¬¦")},
    **{character: 0xDC + n for n, character in enumerate("⅛⅜⅝⅞ΩÆĐªĦ")},
    **{character: 0xE6 + n for n, character in enumerate("ĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ")},
}
"""Letters of ISO 6937 of one byte."""
_DIACRITICS = {
    "\u0300": 0xC1,
    "\u0301": 0xC2,
    "\u0302": 0xC3,
    "\u0303": 0xC4,
    "\u0304": 0xC5,
    "\u0306": 0xC6,
    "\u0307": 0xC7,
    "\u0308": 0xC8,
    "\u030a": 0xCA,
    "\u0327": 0xCB,
    "\u030b": 0xCD,
    "\u0328": 0xCE,
    "\u030c": 0xCF,
}
"""The byte that stands before a letter, by the combining character that Unicode puts behind it."""
_LETTERS = {code: character for character, code in _SINGLE.items()} | {0x24: "$", 0xA6: "#"}
_MARKS = {code: mark for mark, code in _DIACRITICS.items()}
_LAST_LATIN = "\u017f"
"""The end of the Latin letters that ISO 6937 composes."""
_COMMA_BELOW = str.maketrans("ȘșȚț", "ŞşŢţ")
"""Romanian letters, which the table has with a cedilla."""
_TYPOGRAPHY = {
    "Ð": "Đ",
    "\u2010": "-",
    "\u2011": "-",
    "\u2012": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u2026": "...",
    "\u201a": ",",
    "\u201e": '"',
    "\u201f": '"',
    "\u201b": "'",
    "\u2039": "<",
    "\u203a": ">",
    "\u2032": "'",
    "\u2033": '"',
    "\u202f": " ",
    "\u2009": " ",
    "\u200b": "",
    "\u00ad": "",
    "\u200e": "",
    "\u200f": "",
    "\u202a": "",
    "\u202b": "",
    "\u202c": "",
    "\u2066": "",
    "\u2067": "",
    "\u2068": "",
    "\u2069": "",
}
"""Signs that a table may lack, and what stands for them. Of letters, one that looks the same."""
_QUOTES = {"\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2015": "-", "♪": "#"}
"""What stands for more signs in the tables that are not Latin."""


class LetterError(InputRejectedError):
    """A text has a letter that no table of the format has."""


@dataclass(frozen=True, slots=True)
class LetterTable:
    """One table of letters.

    Attributes:
        code: Its number, as the file states it.
        name: Its name.
        codec: Python's codec of it; empty for the Latin table, which has none.
    """

    code: str
    name: str
    codec: str = ""

    def encode(self, text: str) -> bytes:
        """Encode a text without line breaks.

        Raises:
            LetterError: A letter is not in the table.
        """
        return b"".join(self._encode_character(c) for c in unicodedata.normalize("NFC", text))

    def decode(self, data: bytes) -> str:
        """Decode what this or another program wrote; unknown bytes are left out."""
        if self.codec:
            return data.decode(self.codec, "ignore")
        text, mark = "", ""
        for byte in data:
            if byte in _MARKS:
                mark = _MARKS[byte]
                continue
            text += _LETTERS.get(byte, "") + mark
            mark = ""
        return unicodedata.normalize("NFC", text)

    def missing(self, text: str) -> str:
        """Return the letters that the table lacks, each once and in order."""
        found = dict.fromkeys(unicodedata.normalize("NFC", text))
        return "".join(c for c in found if self._find(c) is None)

    def _encode_character(self, character: str) -> bytes:
        encoded = self._find(character)
        if encoded is None:
            raise LetterError(
                f"{_describe(character)} is not in the table {self.name} of EBU STL",
                "Export it as ebu-tt-d, which has every letter",
            )
        return encoded

    def _find(self, character: str) -> bytes | None:
        encoded = self._find_exact(character)
        if encoded is None:
            replacement = _TYPOGRAPHY.get(character, _QUOTES.get(character))
            if replacement is not None:
                parts = [self._find_exact(c) for c in replacement]
                if None not in parts:
                    return b"".join(part for part in parts if part is not None)
        return encoded

    def _find_exact(self, character: str) -> bytes | None:
        if self.codec:
            try:
                encoded = character.encode(self.codec)
            except UnicodeEncodeError:
                return None
            return encoded if encoded[0] >= 0x20 and not 0x7F <= encoded[0] < 0xA0 else None
        if character in _SINGLE:
            return bytes([_SINGLE[character]])
        composed = character.translate(_COMMA_BELOW)
        parts = unicodedata.normalize("NFD", composed)
        if len(parts) == 2 and composed <= _LAST_LATIN and parts[0] in _SINGLE:
            mark = _DIACRITICS.get(parts[1])
            if mark is not None:
                return bytes([mark, _SINGLE[parts[0]]])
        return None


LATIN = LetterTable("00", "Latin")
TABLES: Sequence[LetterTable] = (
    LATIN,
    *(LetterTable(code, name, codec) for code, (name, codec) in _ISO_8859.items()),
)


def choose_table(texts: Iterable[str]) -> LetterTable:
    """Return the first table that has all letters.

    Raises:
        LetterError: None has. The message names the letters that the best one lacks.
    """
    text = "".join(texts)
    lacking = {table.code: table.missing(text) for table in TABLES}
    best = min(TABLES, key=lambda table: len(lacking[table.code]))
    if letters := lacking[best.code]:
        shown = ", ".join(map(_describe, letters[:5])) + (" ..." if len(letters) > 5 else "")
        raise LetterError(
            f"EBU STL cannot write {shown}: no table has all letters of this text (nearest: "
            f"{best.name})",
            "Export it as ebu-tt-d, which has every letter",
        )
    return best


def _describe(character: str) -> str:
    name = unicodedata.name(character, "unnamed")
    return f"{character} (U+{ord(character):04X} {name.lower()})"
