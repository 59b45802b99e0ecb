"""Properties of scripts: spaces, graphemes, and where a line may break.

Line breaking follows UAX #14 where it matters for subtitles, and JLREQ (kinsoku) for Japanese.
Graphemes follow UAX #29.
"""

from __future__ import annotations

import functools
import unicodedata

import langcodes

from subtitled.plugin import Language

SPACELESS = frozenset({"zh", "yue", "ja", "th", "lo", "km", "my"})
"""Languages without spaces between words."""
_RIGHT_TO_LEFT = frozenset({"Arab", "Hebr", "Syrc", "Thaa", "Nkoo", "Adlm", "Rohg"})

_NEVER_LINE_START = frozenset(
    "、。，．：；！？）」』】〉》〕］｝〗〙”’»›…‥⋯ー々〻ヽヾゝゞ゠〜～・·‐–ゎゕゖヮヵヶㇷ"
    "ぁぃぅぇぉっゃゅょァィゥェォッャュョ‼⁇⁈⁉％,.:;!?)]}%‰℃°′″¢؟،؛।॥՞։๏๚๛ฯๆ"
    "｡､｣･ｧｨｩｪｫｬｭｮｯｰﾞﾟ゛゜〟〞〵ㇰㇱㇲㇳㇴㇵㇶㇸㇹㇺㇻㇼㇽㇾㇿ﹐﹑﹒﹔﹕﹖﹗﹚﹪"
    "ะาำๅຯະາຳໆ។៕ៗ၊။"
)
"""Characters that may not begin a line: kinsoku, the vowels of Thai and Lao that follow their
consonant, and the repetition marks and full stops of Asian scripts."""
_NEVER_LINE_END = frozenset("（「『【〈《〔［｛〖〘“‘«‹([{¿¡$€£¥￥#＃＠@｢〝﹙№§เแโใไເແໂໃໄ")
"""Characters that may not end a line: opening marks, signs before a number, and the vowels of Thai
and Lao that are written before their consonant."""
_CURRENCIES = frozenset("$€£₩₽₺₴₹₪₫")
"""Signs that stay with the number before them."""
_INSEPARABLE = frozenset("—…‥⋯―")
"""Marks that are doubled and then count as one."""
_DASHES = ("-", "–", "—")
_ZERO_WIDTH_JOINER = "\u200d"
_AM_VOWELS = frozenset("\u0e33\u0eb3")
"""The vowel am of Thai and Lao: a ring above the consonant, and a letter after it."""
_VIRAMAS = frozenset("\u094d\u09cd\u0a4d\u0acd\u0b4d\u0c4d\u0ccd\u0d4d\u1039\u17d2\u1a60")
"""Signs that join the consonant after them to the one before, such as virama and coeng."""


def is_spaceless(language: Language) -> bool:
    """Check whether a language has no spaces between words."""
    return get_primary(language) in SPACELESS


@functools.lru_cache(maxsize=256)
def get_primary(language: Language) -> str:
    """Return the primary subtag, such as ``zh`` of ``zh-Hans``. Cached, as each word needs it."""
    return str(language.primary)


@functools.lru_cache(maxsize=256)
def is_right_to_left(language: Language) -> bool:
    """Check whether a language is written from right to left, by its stated or usual script."""
    return langcodes.Language.get(language).maximize().script in _RIGHT_TO_LEFT


@functools.lru_cache(maxsize=256)
def is_traditional(language: Language) -> bool:
    """Check whether a Chinese language is written in traditional characters."""
    return langcodes.Language.get(language).maximize().script == "Hant"


def split_graphemes(text: str) -> list[str]:
    """Split a text into graphemes: characters with their marks, and joined emoji."""
    if text.isascii():
        return list(text)
    graphemes: list[str] = []
    for character in text:
        if graphemes and _is_same_grapheme(graphemes[-1], character):
            graphemes[-1] += character
        else:
            graphemes.append(character)
    return graphemes


def _is_same_grapheme(before: str, character: str) -> bool:
    if is_combining(character) or before[-1] == _ZERO_WIDTH_JOINER:
        return True
    if character in _AM_VOWELS:
        return not before[-1].isspace()
    if before[-1] in _VIRAMAS:
        return character.isalpha()
    # A flag consists of two regional indicators.
    return len(before) == 1 and is_flag_letter(before) and is_flag_letter(character)


@functools.lru_cache(maxsize=8192)
def is_combining(character: str) -> bool:
    """Check whether a character is part of the one before it: marks, joiners, skin tones."""
    code = ord(character)
    return (
        unicodedata.category(character) in ("Mn", "Mc", "Me")
        or character in (_ZERO_WIDTH_JOINER, "\u200c")
        or 0x1F3FB <= code <= 0x1F3FF
        or 0xE0020 <= code <= 0xE007F
        or 0x1160 <= code <= 0x11FF
    )


def is_flag_letter(character: str) -> bool:
    """Check whether a character is a regional indicator, two of which are a flag."""
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def is_break_allowed(before: str, after: str) -> bool:
    """Check whether a line may break between two pieces: kinsoku, and never inside a grapheme."""
    if before[-1:].isspace() or after[:1].isspace():
        return _is_space_break_allowed(before.strip(), after.strip())
    if not before or not after:
        return False
    last, first = before[-1], after[0]
    if last.isdecimal() and first in _CURRENCIES:
        return False
    if (
        first in _NEVER_LINE_START
        or last in _NEVER_LINE_END
        or (first == last and first in _INSEPARABLE)
    ):
        return False
    return not _is_same_grapheme(last, first) and not (_is_spelled(last) and _is_spelled(first))


def _is_space_break_allowed(left: str, right: str) -> bool:
    """Check a break at a space. A mark between spaces belongs to a side; ``…and on`` is a word."""
    if not left or not right:
        return False
    if left in _DASHES:
        return False
    if right in _DASHES:
        # Between sentences a dash marks a change of speaker; otherwise it ends what is before it.
        return left.endswith((".", "!", "?", "…"))
    if all(c in _NEVER_LINE_START for c in right) or all(c in _NEVER_LINE_END for c in left):
        return False
    # A number with its digits in groups of three is one number.
    return not (len(right) == 3 and right.isdecimal() and len(left) <= 3 and left.isdecimal())


@functools.lru_cache(maxsize=8192)
def _is_spelled(character: str) -> bool:
    """Check for letters and digits of scripts with spaces between words."""
    if character.isascii():
        return character.isalnum()
    return unicodedata.category(character) in ("Lu", "Ll", "Lt", "Nd") or (
        character.isalpha() and detect_script(character) in ("arabic", "hebrew", "hangul")
    )


_SCRIPT_NAMES = {
    "HIRAGANA": "hiragana",
    "KATAKANA": "katakana",
    "KATAKANA-HIRAGANA": "katakana",
    "CJK": "han",
    "THAI": "thai",
    "LAO": "lao",
    "KHMER": "khmer",
    "MYANMAR": "burmese",
    "HANGUL": "hangul",
    "ARABIC": "arabic",
    "HEBREW": "hebrew",
}


@functools.lru_cache(maxsize=8192)
def detect_script(character: str) -> str:
    """Return the script of a character; the empty string if it does not matter here."""
    return (
        _SCRIPT_NAMES.get(unicodedata.name(character, "").split(" ", 1)[0], "") if character else ""
    )
