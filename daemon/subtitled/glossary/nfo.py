"""NFO files beside media files, as Kodi, Jellyfin, Emby and tinyMediaManager write them.

A film has ``Film.nfo`` or ``movie.nfo``, an episode ``Episode.nfo``, and its series ``tvshow.nfo``
in a folder above. An invalid file is ignored and reported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element

from subtitled.plugin import InputRejectedError, MediaMetadata
from subtitled.plugin.limits import is_disk_error, read_file
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.formats.xmltree import parse_xml

from .terms import GlossaryIssue

MAX_FILE_BYTES = 1024 * 1024
"""The largest size of an NFO file."""
MAX_PEOPLE = 200
MAX_TEXT_CHARS = 300
"""The largest length of a name in characters."""
SERIES_NFO = "tvshow.nfo"
_MOVIE_NFO = "movie.nfo"
_ROOT_END = re.compile(r"</(?:movie|tvshow|episodedetails|musicvideo)\s{0,20}>")
_DECLARATION = re.compile(r"<\?xml[^<>]{0,500}\?>")
_ROOT_TAGS = ("movie", "episodedetails", "musicvideo")
_PARENTHESISED = re.compile(r"[(\[][^()\[\]]{0,200}[)\]]")
"""A remark behind the name of a character, such as ``(voice)`` or ``(uncredited)``."""


@dataclass(slots=True)
class NfoResult:
    """The content of a media file's NFO files, their paths, and what is wrong in them."""

    metadata: MediaMetadata | None = None
    files: list[Path] = field(default_factory=list)
    issues: list[GlossaryIssue] = field(default_factory=list)


def read_nfo(media: Path, top: Path) -> NfoResult:
    """Read the NFO files of a media file, its own before that of its series. Nothing is raised.

    ``tvshow.nfo`` is searched for in the folders from the media file's up to ``top``, the
    library's.
    """
    result = NfoResult()
    own = _parse_first((media.with_suffix(".nfo"), media.with_name(_MOVIE_NFO)), result)
    above = [folder for folder in (media.parent, *media.parent.parents) if _is_inside(folder, top)]
    series = _parse_first([folder / SERIES_NFO for folder in above], result)
    shows = [element for element in own if element.tag in _ROOT_TAGS]
    series_elements = [element for element in series if element.tag == "tvshow"]
    if shows or series_elements:
        metadata = _metadata_from(shows, series_elements)
        if metadata.title or metadata.cast or metadata.characters:
            result.metadata = metadata
    return result


def _is_inside(folder: Path, top: Path) -> bool:
    return folder == top or top in folder.parents


def _parse_first(paths: Iterable[Path], result: NfoResult) -> list[Element]:
    """Return the elements of the first of some files that exists."""
    for path in paths:
        try:
            data = read_file(path, MAX_FILE_BYTES)
        except OSError as error:
            if is_disk_error(error):
                raise  # It may be there.
            continue
        except InputRejectedError as error:
            result.issues.append(GlossaryIssue(str(path), error.message, "Write it again"))
            continue
        result.files.append(path)
        try:
            return list(parse_xml(_extract_root(decode_text(data))))
        except InputRejectedError as error:
            result.issues.append(GlossaryIssue(str(path), error.message, "Write it again"))
            return []
    return []


def _extract_root(text: str) -> str:
    """Return the XML under a single root.

    An NFO file may have an address after its XML, and one for several episodes has several roots. A
    file that is only an address yields nothing.
    """
    ends = [match.end() for match in _ROOT_END.finditer(text)]
    inside = _DECLARATION.sub("", text[: ends[-1]]) if ends else ""
    return f"<nfo>{inside}</nfo>"


def _metadata_from(shows: list[Element], series: list[Element]) -> MediaMetadata:
    both = [*shows, *series]
    actors = [actor for element in both for actor in element.iter("actor")][:MAX_PEOPLE]
    people = [(_text_of(actor, "name"), _text_of(actor, "role")) for actor in actors]
    characters = [part for _, role in people for part in _split_roles(role)]
    show = _first_text(series, "title") or _first_text(shows, "showtitle")
    names = dict.fromkeys(_text_of(element, "title") for element in shows)
    return MediaMetadata(
        title=" / ".join(filter(None, names)) or show,
        original_title=_first_text(shows, "originaltitle") or _first_text(series, "originaltitle"),
        series=show,
        year=_parse_year(_first_text(both, "year") or _first_text(both, "premiered")),
        cast=tuple(dict.fromkeys(name for name, _ in people if name)),
        characters=tuple(dict.fromkeys(characters)),
    )


def _split_roles(role: str) -> list[str]:
    parts = re.split("[/;]", _PARENTHESISED.sub(" ", role))
    return [name for part in parts if (name := " ".join(part.split()))]


def _first_text(elements: Iterable[Element], name: str, max_chars: int = MAX_TEXT_CHARS) -> str:
    return next((text for element in elements if (text := _text_of(element, name, max_chars))), "")


def _text_of(element: Element, name: str, max_chars: int = MAX_TEXT_CHARS) -> str:
    return " ".join((element.findtext(name) or "").split())[:max_chars]


def _parse_year(text: str) -> int | None:
    return int(text[:4]) if re.match(r"(?:1[89]|2\d)\d\d", text) else None
