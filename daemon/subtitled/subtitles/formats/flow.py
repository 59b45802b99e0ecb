"""The text of cues as it flows: without the line breaks that the screen asks for."""

from __future__ import annotations

from collections.abc import Iterable

from subtitled.plugin import Language

from ..scripts import is_spaceless


def flowing(texts: Iterable[str], language: Language) -> str:
    """Lines and cues as one line, with a space between them where the language has one.

    Where it has none, two Latin words or numbers that meet still are two.
    """
    spaceless, whole = is_spaceless(language), ""
    for line in (line for text in texts for line in text.split("\n")):
        tight = spaceless and not (_latin(whole[-1:]) and _latin(line[:1]))
        whole += line if tight or not whole else f" {line}"
    return whole


def _latin(character: str) -> bool:
    return character.isascii() and character.isalnum()
