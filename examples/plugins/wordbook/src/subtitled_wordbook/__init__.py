"""A translator that looks up each word in a file of the user's."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field

from subtitled.plugin import (
    CheckResult,
    Language,
    Line,
    Settings,
    SetupError,
    Translation,
    Translator,
    TranslatorCapabilities,
    hookimpl,
)

SUBTITLED_API = "1"


class WordbookSettings(Settings):
    file: Path = Field(description="A word, a tab and its translation on each line.")
    source: str = Field(description="The language of the words, such as en.")
    target: str = Field(description="The language of the translations, such as es.")


class Wordbook(Translator[WordbookSettings]):
    """Translates word by word."""

    @classmethod
    def capabilities(cls, settings):
        pair = (Language.parse(settings.source), Language.parse(settings.target))
        return TranslatorCapabilities(language_pairs=frozenset({pair}))

    def translate(self, batch):
        words = self._read()
        return Translation(
            tuple(Line(line.id, translate_words(line.text, words)) for line in batch.lines)
        )

    def self_check(self):
        return [CheckResult("word book", True, f"{len(self._read())} words")]

    def _read(self):
        try:
            lines = self.settings.file.read_text("utf-8").splitlines()
            return dict(line.casefold().split("\t", 1) for line in lines if line.strip())
        except (OSError, ValueError) as error:
            raise SetupError(
                f"{self.settings.file} is no word book: {type(error).__name__}",
                "Write a word, a tab and its translation on each line, in UTF-8",
            ) from error


def translate_words(text, words):
    """Replace each word of a text that the word book has, and keep what is between words."""

    def replace(match):
        word = match.group()
        found = words.get(word.casefold(), word)
        return found.capitalize() if word[0].isupper() else found

    return re.sub(r"\w+", replace, text)


@hookimpl
def register_translators(register):
    register(Wordbook)
