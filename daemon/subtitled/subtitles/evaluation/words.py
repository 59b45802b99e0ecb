"""Words as they are compared: without case, punctuation and marks."""

from __future__ import annotations

import re
import unicodedata

from subtitled.plugin import Language

from ..limits import untagged
from ..scripts import is_spaceless

_APOSTROPHES = re.compile("['\u2019\u02bc]")


def by_character(language: Language) -> bool:
    """Whether words are no unit that two writers agree upon, so that characters are compared."""
    return is_spaceless(language) or str(language.primary) == "ko"


def words_of(text: str, language: Language) -> list[str]:
    """The words of a text, or its characters where those are compared."""
    plain = unicodedata.normalize("NFKC", untagged(text)).lower()
    plain = _APOSTROPHES.sub("", plain)
    plain = "".join(character if _is_said(character) else " " for character in plain)
    return list("".join(plain.split())) if by_character(language) else plain.split()


def _is_said(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMN"
