"""Conversion between simplified and traditional Chinese, by OpenCC.

OpenCC knows phrases, so 头发 becomes 頭髮 and 发财 becomes 發財. No translator does this better.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from subtitled.plugin import Cue, Language, Subtitle

if TYPE_CHECKING:
    import opencc

HANS, HANT = "Hans", "Hant"
_CHINESE_LANGUAGES = frozenset({"zh", "cmn", "yue"})
_TO_HANT = {"TW": "s2tw", "HK": "s2hk", "MO": "s2hk"}
_SAMPLE_CHARACTERS = 4000
"""Characters that are read to detect the script of a text."""
_MIN_CLEAR_CHARACTERS = 10
_CLEAR_RATIO = 5


def is_chinese(language: Language) -> bool:
    """Check whether texts in a language can be converted to the other Chinese script."""
    return language.primary in _CHINESE_LANGUAGES


def can_convert_script(source: Language, wanted: Language) -> bool:
    """Check whether ``wanted`` differs from ``source`` in its Chinese script only."""
    return (
        is_chinese(source)
        and Language(str(source.primary)).satisfies(Language(str(wanted.primary)))
        and wanted.has_explicit_script
        and source.script != wanted.script
    )


def opposite_script(language: Language) -> Language | None:
    """Return the same Chinese in the other script; None for other languages and plain ``zh``."""
    if not is_chinese(language) or not language.has_explicit_script:
        return None
    return Language(f"{language.primary}-{HANS if language.script == HANT else HANT}")


def detect_chinese_script(text: str) -> str:
    """Return the script of a Chinese text: the one whose conversion changes fewer characters."""
    to_simple, to_full = _count_conversions(text)
    return HANT if to_simple > to_full else HANS


def has_clear_script(text: str) -> bool:
    """Check that many characters of a Chinese text are of one script, and nearly none of both."""
    fewer, more = sorted(_count_conversions(text))
    return more >= _MIN_CLEAR_CHARACTERS and fewer * _CLEAR_RATIO <= more


def _count_conversions(text: str) -> tuple[int, int]:
    """Return how many characters change in the simplified and in the traditional script."""
    sample = "".join(filter(_is_han, text))[:_SAMPLE_CHARACTERS]
    to_simple = _count_differences(sample, _load_converter("t2s").convert(sample))
    return to_simple, _count_differences(sample, _load_converter("s2t").convert(sample))


def convert_texts(texts: Sequence[str], wanted: Language) -> list[str]:
    """Convert Chinese texts to the script of ``wanted``. Texts in that script are unchanged."""
    if not is_chinese(wanted) or not wanted.has_explicit_script:
        return list(texts)
    if detect_chinese_script("".join(texts)) == wanted.script:
        return list(texts)
    region = str(wanted).rpartition("-")[2]
    name = "t2s" if wanted.script == HANS else _TO_HANT.get(region, "s2t")
    converter = _load_converter(name)
    return [converter.convert(text) for text in texts]


def convert_script(subtitle: Subtitle, wanted: Language) -> Subtitle:
    """Return a subtitle under the language ``wanted``; a Chinese one is converted to its script."""
    cues = convert_texts([cue.text for cue in subtitle.cues], wanted)
    words = convert_texts([word.text for word in subtitle.words], wanted)
    return replace(
        subtitle,
        language=wanted,
        cues=tuple(_with_texts(subtitle.cues, cues)),
        words=tuple(
            replace(word, text=text) for word, text in zip(subtitle.words, words, strict=True)
        ),
    )


def _with_texts(cues: Sequence[Cue], texts: Sequence[str]) -> Iterable[Cue]:
    return (replace(cue, text=text) for cue, text in zip(cues, texts, strict=True))


@functools.cache
def _load_converter(name: str) -> opencc.OpenCC:
    import opencc

    return opencc.OpenCC(name)


def _count_differences(before: str, after: str) -> int:
    return sum(left != right for left, right in zip(before, after, strict=False))


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿" or "𠀀" <= character <= "𲎯"
