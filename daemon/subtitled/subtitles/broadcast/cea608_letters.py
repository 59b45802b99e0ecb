"""The letters of CEA-608 closed captions, as codes of two bytes without parity."""

from __future__ import annotations

import unicodedata

from subtitled.plugin import InputRejectedError

_BASIC = {
    chr(code): code for code in range(0x20, 0x7B) if code not in (0x2A, 0x5C, 0x5E, 0x5F, 0x60)
}
_BASIC |= {
    "á": 0x2A,
    "é": 0x5C,
    "í": 0x5E,
    "ó": 0x5F,
    "ú": 0x60,
    **{letter: 0x7B + n for n, letter in enumerate("ç÷Ññ█")},
}
"""Letters of one byte."""
_SPECIAL = {letter: (0x11, 0x30 + n) for n, letter in enumerate("®°½¿™¢£♪à")}
_SPECIAL |= {letter: (0x11, 0x3A + n) for n, letter in enumerate("èâêîôû")}
"""Letters that stand for themselves."""
_EXTENDED = {
    **{letter: (0x12, 0x20 + n) for n, letter in enumerate("ÁÉÓÚÜü‘¡*")},
    **{letter: (0x12, 0x2A + n) for n, letter in enumerate("—©℠•“”ÀÂÇÈÊËëÎÏïÔÙùÛ«»")},
    **{letter: (0x13, 0x20 + n) for n, letter in enumerate("ÃãÍÌìÒòÕõ{}\\^_|~ÄäÖöß¥¤¦ÅåØø")},
}
"""Letters that replace the one before them, which old receivers show instead."""
_INSTEAD = {
    **dict(zip("‘—©℠•“”«»", '\'-cs.""""', strict=True)),
    **dict(zip("¡*{}\\^_|~ß¥¤¦Øø", "!x()/'-/-sYo/Oo", strict=True)),
}
"""What stands before an extended letter that has no plain form."""
_TYPOGRAPHY = {
    "’": "'",
    "‚": ",",
    "„": "“",
    "‹": "<",
    "›": ">",
    "–": "-",
    "―": "—",
    "‐": "-",
    "‑": "-",
    "…": "...",
    "\xa0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u200b": "",
    "\xad": "",
    "♫": "♪",
    "`": "'",
}
"""Signs that the set lacks, and what stands for them. No letter is among them."""

Code = tuple[int, int]
"""Two bytes that are sent together; a basic letter is the first of them, the second 0."""


class CaptionLetterError(InputRejectedError):
    """A text has a letter that CEA-608 lacks."""


def replace_typography(text: str) -> str:
    """Return a text with the signs that the set lacks written in others."""
    return "".join(_TYPOGRAPHY.get(c, c) for c in unicodedata.normalize("NFC", text))


def encode_letter(letter: str) -> list[Code]:
    """Return the codes of a letter, of one or two.

    Raises:
        CaptionLetterError: The set lacks it.
    """
    if letter in _BASIC:
        return [(_BASIC[letter], 0)]
    if letter in _SPECIAL:
        return [_SPECIAL[letter]]
    if letter in _EXTENDED:
        plain = _INSTEAD.get(letter) or unicodedata.normalize("NFD", letter)[0]
        return [(_BASIC[plain], 0), _EXTENDED[letter]]
    name = unicodedata.name(letter, "unnamed").lower()
    raise CaptionLetterError(
        f"CEA-608 captions cannot write {letter} (U+{ord(letter):04X} {name})",
        "Export it as ebu-tt-d, which has every letter",
    )
