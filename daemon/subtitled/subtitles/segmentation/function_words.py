"""Function words by language, which say where a sentence may be parted.

The lists are in ``function_words.toml``, with their sources.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from importlib.resources import files

import tomli


@dataclass(frozen=True, kw_only=True)
class FunctionWords:
    """The function words of one language, in lower case.

    Conjunctions and prepositions also lean on the word that follows them.
    """

    conjunctions: frozenset[str] = frozenset()
    """Good to break before: clauses begin with them."""
    prepositions: frozenset[str] = frozenset()
    """Good to break before, if nothing better is near."""
    leaning: frozenset[str] = frozenset()
    """Articles, possessives, auxiliaries, negations, subject pronouns: never break after."""
    trailing: frozenset[str] = frozenset()
    """Postpositions, particles, enclitics: never break before."""
    closing: frozenset[str] = frozenset()
    """Leaning words that also end clauses. Before a conjunction they do not lean."""

    @functools.cached_property
    def endings(self) -> tuple[str, ...]:
        """Endings of a phrase that lean on the next one, in languages without spaces."""
        return tuple(self.leaning | self.prepositions | self.conjunctions)

    def is_leaning(self, word: str) -> bool:
        """Check whether a word belongs to the word after it."""
        return word in self.leaning or word in self.prepositions or word in self.conjunctions


@functools.cache
def load_function_words(primary: str) -> FunctionWords:
    """Return the function words of a primary language subtag; empty for an unknown language."""
    lists = _load_lists().get(_LIST_ALIASES.get(primary, primary), {})
    return FunctionWords(**{name: frozenset(words.split()) for name, words in lists.items()})


@functools.cache
def _load_lists() -> dict[str, dict[str, str]]:
    """Read ``function_words.toml``: for each language, the words of each field of the class."""
    return tomli.loads(files(__package__).joinpath("function_words.toml").read_text("utf-8"))


_LIST_ALIASES = {"nb": "no", "nn": "no", "ms": "id", "hr": "sr", "bs": "sr", "arz": "ar"}
"""Languages near enough to another one to share its lists."""

CLAUSE_ENDINGS: dict[str, tuple[tuple[float, tuple[str, ...]], ...]] = {
    "ja": (
        (
            1.8,
            ("けど", "けれど", "けれども", "から", "ので", "のに", "たら", "れば", "ながら", "し"),
        ),
        (2.0, ("て", "で", "ると")),
        (2.4, ("は", "も", "では", "には", "とは")),
        (3.2, ("が", "を", "に", "へ", "と", "まで", "より")),
        (6.0, ("の", "な")),
    ),
    "ko": (
        (
            1.8,
            (
                "지만",
                "는데",
                "은데",
                "니까",
                "으면",
                "면서",
                "려고",
                "어서",
                "아서",
                "해서",
                "하고",
            ),
        ),
        (2.4, ("은", "는")),
        (3.2, ("에서", "에게", "으로", "까지", "부터", "에")),
        (6.0, ("의",)),
    ),
}
"""Costs of a break after an ending of a word, on the scale of :mod:`.syntax`, in languages whose
endings mark the role of a word in its sentence."""
