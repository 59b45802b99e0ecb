"""``[libraries.NAME.names]``: what the sidecars that we write are called; ``docs/names.md``."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field, field_validator

from subtitled.plugin import Language

from .values import Section

_WORDS = re.compile(r"[^\W\d_][^\W_]*( [^\W_]+)*")
_FLAGS = re.compile(r"default|forced|foreign|\b(?:sdh|cc|hi|bilingual)\b")
"""Media servers look for the first three anywhere in a word; ours ``bilingual`` begins a title."""


class NameSettings(Section):
    """``[libraries.NAME.names]``: what sidecars are called. What is written keeps its name."""

    style: Literal["standard", "iso639-2"] = Field(
        "standard",
        description="How the language is written: standard, a BCP 47 tag as in Film.es.srt, which "
        "every media server reads; iso639-2, three letters as in Film.spa.srt, for players that "
        "know no other. A language that three letters do not tell apart, such as zh-Hans, keeps "
        "its tag.",
    )
    mark: str = Field(
        "",
        max_length=40,
        description="A word before the language, as in Film.machine.es.srt. Media servers that "
        "show titles show it, so that what was made by a machine can be told apart.",
    )

    @field_validator("mark")
    @classmethod
    def _is_a_title(cls, value: str) -> str:
        if not value:
            return value
        if not _WORDS.fullmatch(value):
            raise ValueError("letters and digits only, with single spaces between words")
        if _FLAGS.search(value.lower()):
            raise ValueError("media servers would take it for a flag; write another word")
        try:
            language = Language.parse(value)
        except ValueError:
            return value
        raise ValueError(
            f"it would be taken for a language, {language.english_name}; write another word"
        )
