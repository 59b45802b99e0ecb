"""The words of a text that are compared: without case, punctuation and marks."""

from __future__ import annotations

import re
import unicodedata

from subtitled.plugin import Language

from ..markup import strip_tags
from ..scripts import is_spaceless

_APOSTROPHES = re.compile("['\u2019\u02bc]")


def is_compared_by_character(language: Language) -> bool:
    """Check whether a language has no agreed word boundaries, so that characters are compared."""
    return is_spaceless(language) or str(language.primary) == "ko"


def split_words(text: str, language: Language) -> list[str]:
    """Split a text into words, or into characters where those are compared."""
    plain = unicodedata.normalize("NFKC", strip_tags(text)).lower()
    plain = _APOSTROPHES.sub("", plain)
    plain = "".join(character if _is_word_character(character) else " " for character in plain)
    return list("".join(plain.split())) if is_compared_by_character(language) else plain.split()


def _is_word_character(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
