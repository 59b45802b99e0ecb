"""The languages of the pages: which one a browser wants, and the texts in it.

English is the language of the source. A catalogue is a TOML file that gives each English text its
translation. Log lines, the history and the command line stay in English.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

SOURCE_LANGUAGE = "en"
LANGUAGES = (SOURCE_LANGUAGE, "de")
"""The languages of the pages, as BCP 47."""
MAX_PREFERENCES = 20
"""How many languages of an ``Accept-Language`` are read."""
_WEIGHT = re.compile(r"0(\.[0-9]{0,3})?|1(\.0{0,3})?")


def mark_text(text: str) -> str:
    """Return a text as it is. Tests find the texts that need a translation by this function."""
    return text


@dataclass(frozen=True, slots=True)
class Text:
    """A sentence for people, which is written in English or translated.

    Its text is marked with :func:`mark_text` where it stands in the source.
    """

    template: str
    """The English text, with placeholders such as ``%(name)s``."""
    values: Mapping[str, object] = field(default_factory=dict)
    """The values of the placeholders. One that is a :class:`Text` is translated too."""

    def __str__(self) -> str:
        return self.template % self.values if self.values else self.template


class RejectedInputError(ValueError):
    """An input of a person that cannot be used. Its message is for people."""

    def __init__(self, template: str, **values: object) -> None:
        self.text = Text(template, values)
        super().__init__(str(self.text))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The texts of one language. What it lacks is shown in English."""

    language: str
    texts: dict[str, str]
    plurals: dict[str, tuple[str, str]]
    """Two forms, for one and for any other number, by the English singular."""

    def gettext(self, text: str) -> str:
        """Translate a text."""
        return self.texts.get(text, text)

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        """Translate a text with a number. All languages here have two forms."""
        forms = self.plurals.get(singular, (singular, plural))
        return forms[0] if number == 1 else forms[1]

    def translate(self, text: Text | str) -> str:
        """Write a text in this language, with its values."""
        if isinstance(text, str):
            return self.gettext(text)
        values = {
            name: self.translate(value) if isinstance(value, Text) else value
            for name, value in text.values.items()
        }
        template = self.gettext(text.template)
        return template % values if values else template

    def translate_sentence(self, text: Text | str) -> str:
        """Write a text as a sentence: with a capital letter, and a stop at its end."""
        written = self.translate(text)
        ending = "" if written.endswith((".", "?", "!", ":")) else "."
        return f"{written[:1].upper()}{written[1:]}{ending}"


@cache
def load_catalogue(language: str) -> Catalogue:
    """Return the catalogue of one of :data:`LANGUAGES`."""
    if language == SOURCE_LANGUAGE:
        return Catalogue(language, {}, {})
    folder = resources.files("subtitled.web") / "catalogues"
    content: dict[str, Any] = tomllib.loads((folder / f"{language}.toml").read_text("utf-8"))
    plurals = {singular: (forms[0], forms[1]) for singular, forms in content["plurals"].items()}
    return Catalogue(language, content["texts"], plurals)


def choose_language(accepted: str) -> str:
    """Return the language of ours that a browser likes best.

    Args:
        accepted: The header ``Accept-Language``, such as ``de-AT,de;q=0.9,en;q=0.5``.
    """
    best, best_weight = SOURCE_LANGUAGE, 0.0
    for preference in accepted.split(",")[:MAX_PREFERENCES]:
        name, _, options = preference.strip().partition(";")
        language = name.strip().lower().partition("-")[0]
        weight = _read_weight(options)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _read_weight(options: str) -> float:
    """Return the weight after ``q=``, which is 1 if there is none and 0 if it is no number."""
    name, _, value = options.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    value = value.strip()
    return float(value) if _WEIGHT.fullmatch(value) else 0.0
