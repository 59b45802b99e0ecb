"""NFO files beside the media, as Kodi, Jellyfin, Emby and tinyMediaManager write them.

A film has ``Film.nfo`` or ``movie.nfo``, an episode ``Episode.nfo``, and its series ``tvshow.nfo``
in a folder above. Whatever is wrong with one, it tells nothing and harms nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from subtitled.plugin import Rejected, Title
from subtitled.subtitles.formats.decoding import decode_text
from subtitled.subtitles.formats.xmltree import parse

from .terms import Mistake

LARGEST = 1024 * 1024
"""Bytes of an NFO file."""
MOST_PEOPLE = 200
LONGEST = 300
"""Characters of a name; a plot may have ten times as many."""
SERIES = "tvshow.nfo"
_FILM = "movie.nfo"
_END = re.compile(r"</(?:movie|tvshow|episodedetails|musicvideo)\s*>")
_DECLARATION = re.compile(r"<\?xml[^>]*\?>")
_SHOWS = ("movie", "episodedetails", "musicvideo")
_REMARK = re.compile(r"\s*[(\[][^)\]]*[)\]]")
"""``(voice)``, ``(uncredited)`` behind a character's name."""


@dataclass(slots=True)
class Found:
    """What the NFO files of one medium say: who is who, the files, and what is wrong with some."""

    title: Title | None = None
    files: list[Path] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)


def read_nfo(medium: Path, top: Path) -> Found:
    """What the NFO files of a medium say, its own before its series'.

    Series are looked for in the folders from the medium's up to ``top``, the library's. Raises
    nothing.
    """
    found = Found()
    own = _parsed((medium.with_suffix(".nfo"), medium.with_name(_FILM)), found)
    above = [folder for folder in (medium.parent, *medium.parent.parents) if _below(folder, top)]
    series = _parsed([folder / SERIES for folder in above], found)
    shows = [element for element in own if element.tag in _SHOWS]
    shown = [element for element in series if element.tag == "tvshow"]
    if shows or shown:
        found.title = _title(shows, shown)
    return found


def _below(folder: Path, top: Path) -> bool:
    return folder == top or top in folder.parents


def _parsed(paths: Iterable[Path], found: Found) -> list[Element]:
    """What the first of these files that is there holds."""
    for path in paths:
        try:
            with path.open("rb") as file:
                data = file.read(LARGEST + 1)
        except OSError:
            continue
        if len(data) > LARGEST:
            found.mistakes.append(
                Mistake(str(path), f"it is larger than {LARGEST >> 20} MiB", "Write it anew")
            )
            continue
        found.files.append(path)
        try:
            return list(parse(_alone(decode_text(data))))
        except Rejected as error:
            found.mistakes.append(Mistake(str(path), error.what, "Have it written anew"))
            return []
    return []


def _alone(text: str) -> str:
    """The XML under one root: behind it may stand an address, and a file of several episodes
    holds several roots. A file that is only an address holds nothing."""
    ends = [match.end() for match in _END.finditer(text)]
    inside = _DECLARATION.sub("", text[: ends[-1]]) if ends else ""
    return f"<nfo>{inside}</nfo>"


def _title(shows: list[Element], series: list[Element]) -> Title:
    both = [*shows, *series]
    actors = [actor for one in both for actor in one.iter("actor")][:MOST_PEOPLE]
    named = [(_said(actor, "name"), _said(actor, "role")) for actor in actors]
    characters = [part for _, role in named for part in _characters(role)]
    show = _first(series, "title") or _first(shows, "showtitle")
    names = dict.fromkeys(_said(one, "title") for one in shows)
    return Title(
        name=" / ".join(filter(None, names)) or show,
        original_name=_first(shows, "originaltitle") or _first(series, "originaltitle"),
        series=show,
        year=_year(_first(both, "year") or _first(both, "premiered")),
        people=tuple(dict.fromkeys(name for name, _ in named if name)),
        characters=tuple(dict.fromkeys(characters)),
        plot=_first(both, "plot", 10 * LONGEST),
    )


def _characters(role: str) -> list[str]:
    return [part.strip() for part in re.split(r"\s*/\s*|\s*;\s*", _REMARK.sub("", role)) if part]


def _first(elements: Iterable[Element], name: str, longest: int = LONGEST) -> str:
    return next((said for one in elements if (said := _said(one, name, longest))), "")


def _said(element: Element, name: str, longest: int = LONGEST) -> str:
    return " ".join((element.findtext(name) or "").split())[:longest]


def _year(said: str) -> int | None:
    return int(said[:4]) if re.match(r"(?:1[89]|2\d)\d\d", said) else None
