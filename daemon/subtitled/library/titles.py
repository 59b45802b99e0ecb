"""What is known of a title, and which of it are names that are likely to be spoken."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from subtitled.plugin import Title

from .nfo import read_nfo
from .terms import Mistake, Scope, Term

_log = logging.getLogger(__name__)

PATH = "the path"
_ROLES = frozenset(
    "self himself herself themselves narrator host voice announcer presenter extra man woman boy "
    "girl child kid mother father mom dad son daughter brother sister wife husband officer cop "
    "policeman detective doctor nurse teacher soldier guard driver waiter waitress bartender "
    "reporter judge priest clerk student neighbor neighbour crowd additional various young old "
    "frau mann junge mädchen mutter vater polizist arzt erzähler hombre mujer niño niña madre "
    "padre narrador homme femme garçon fille mère père narrateur médecin".split()
)
"""Words of a role that is no name: put into a glossary, they would never be translated."""
_NO_NAME = re.compile(r"[\d#]")


@dataclass(frozen=True, slots=True)
class Known:
    """A title, where that is known from, and what was wrong there."""

    title: Title | None
    origin: str = ""
    mistakes: tuple[Mistake, ...] = ()


def title_of(medium: Path, top: Path) -> Known:
    """A medium's title, by the NFO files beside it, else by its path below the library's."""
    found = read_nfo(medium, top)
    mistakes = tuple(found.mistakes)
    if found.title is not None:
        return Known(found.title, ", ".join(map(str, found.files)), mistakes)
    inside = medium.relative_to(top) if medium.is_relative_to(top) else Path(medium.name)
    return Known(_guessed(os.fsencode(inside).decode("utf-8", "replace")), PATH, mistakes)


@lru_cache(maxsize=64)
def _guessed(path: str) -> Title | None:
    """What a path says, as releases are named; None where it says nothing."""
    from guessit import guessit  # imports slowly, and most processes never ask
    from guessit.api import GuessitException

    try:
        said = guessit(path)
    except GuessitException:
        _log.debug("no title can be guessed from %s", path)
        return None
    name, episode = _text(said.get("title")), _text(said.get("episode_title"))
    if not name:
        return None
    series = name if said.get("type") == "episode" else ""
    year = said.get("year")
    return Title(episode or name, series=series, year=year if isinstance(year, int) else None)


def _text(said: object) -> str:
    return said if isinstance(said, str) and any(c.isalpha() for c in said) else ""


def names_in(known: Known) -> list[Term]:
    """The names that are likely to be spoken: of characters, of the title, and, where nobody is
    played, of the people.

    People are called the same in every language. Titles are not: one such as Home is listened
    for, and otherwise a word like others.
    """
    title = known.title
    if title is None:
        return []
    characters = [name for name in title.characters if _is_name(name)]
    titles = [*title.name.split(" / "), title.series, title.original_name]
    people = () if characters else title.people
    kept = dict.fromkeys((*characters, *titles, *people), False)
    kept |= dict.fromkeys((*characters, *people), True)
    return [Term(name, (), kept[name], True, known.origin, Scope.NAMES) for name in kept if name]


def _is_name(character: str) -> bool:
    words = re.findall(r"\w+", character.casefold())
    return bool(words) and not _NO_NAME.search(character) and _ROLES.isdisjoint(words)
