"""The title of a media file, and the names in it that are likely to be spoken."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from subtitled.plugin import MediaMetadata
from subtitled.plugin.paths import display_path

from .guessed_titles import guess_title
from .machine_names import clean_title
from .nfo import read_nfo
from .terms import GlossaryIssue, Term, TermScope

_log = logging.getLogger(__name__)

PATH_ORIGIN = "the path"
_ROLE_WORDS = frozenset(
    "self himself herself themselves narrator host voice announcer presenter extra man woman boy "
    "girl child kid mother father mom dad son daughter brother sister wife husband officer cop "
    "policeman detective doctor nurse teacher soldier guard driver waiter waitress bartender "
    "reporter judge priest clerk student neighbor neighbour crowd additional various young old "
    "frau mann junge mädchen mutter vater polizist arzt erzähler hombre mujer niño niña madre "
    "padre narrador homme femme garçon fille mère père narrateur médecin".split()
)
"""Words of a role that are not a name. In a glossary they would never be translated."""
_NOT_A_NAME = re.compile(r"[\d#]")
_EXTENSION = re.compile(r"\.(?:dvr-ms|(?!\d+[pik]?$)(?!s?\d+[ex]\d+$)[a-z0-9]{1,5})", re.IGNORECASE)
"""What a name ends in that is no year, resolution or number of an episode."""
_DASH = re.compile(r"(?<=\s)[\u2012-\u2015\u2212](?=\s)")
"""A typographic dash between two parts of a name, for which guessit knows only the hyphen."""


@dataclass(frozen=True, slots=True)
class KnownMetadata:
    """A title, its origin, and what was wrong there."""

    metadata: MediaMetadata | None
    origin: str = ""
    issues: tuple[GlossaryIssue, ...] = ()


def find_metadata(media: Path, top: Path) -> KnownMetadata:
    """Find the title of a media file, in NFO files or else from its path below the library's."""
    nfo = read_nfo(media, top)
    issues = tuple(nfo.issues)
    if nfo.metadata is not None:
        return KnownMetadata(nfo.metadata, ", ".join(map(str, nfo.files)), issues)
    inside = media.relative_to(top) if media.is_relative_to(top) else Path(media.name)
    guessed = _guess_from_path(_DASH.sub("-", display_path(_without_extension(inside))))
    return KnownMetadata(guessed, PATH_ORIGIN, issues)


def _without_extension(path: Path) -> Path:
    """Remove the extension of a media file, of which guessit knows only some.

    It would take the others for a part of the title, and recognisers would be told so.
    """
    return path.with_suffix("") if _EXTENSION.fullmatch(path.suffix) else path


@lru_cache(maxsize=64)
def _guess_from_path(path: str) -> MediaMetadata | None:
    """Guess the title from a path in the style of releases, or return None."""
    guess = guess_title(path)
    if guess is None:
        _log.debug("no title can be guessed from %s", path)
        return None
    name, episode = _first_string(guess.get("title")), _first_string(guess.get("episode_title"))
    if not (name or episode):
        return None
    series = name if guess.get("type") == "episode" else ""
    year = guess.get("year")
    return MediaMetadata(
        title=episode or name, series=series, year=year if isinstance(year, int) else None
    )


def _first_string(value: object) -> str:
    return clean_title(value) if isinstance(value, str) else ""


def extract_names(metadata: KnownMetadata) -> list[Term]:
    """Return the names that are likely to be spoken.

    They are those of characters and in the title, or else those of the cast.

    Names of people are the same in every language. Titles are not: one such as Home is a hotword,
    and otherwise translated like any word.
    """
    title = metadata.metadata
    if title is None:
        return []
    characters = [name for name in title.characters if _is_name(name)]
    titles = [*title.title.split(" / "), title.series, title.original_title]
    people = () if characters else title.cast
    names = dict.fromkeys((*characters, *titles, *people), False)
    names |= dict.fromkeys((*characters, *people), True)
    return [
        Term(
            source=name,
            translations=(),
            do_not_translate=names[name],
            is_case_sensitive=True,
            origin=metadata.origin,
            scope=TermScope.NAMES,
        )
        for name in names
        if name
    ]


def _is_name(character: str) -> bool:
    words = re.findall(r"\w+", character.casefold())
    return bool(words) and not _NOT_A_NAME.search(character) and _ROLE_WORDS.isdisjoint(words)
