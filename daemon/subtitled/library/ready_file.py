"""Ready files: a JSON or XML file beside a media file that says it is complete, and what is wanted.

``Film.ready.json`` or ``Film.mxf.ready.xml`` belongs to ``Film.mxf``. Every key is optional. What a
key says replaces what the library says.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element

from subtitled.media.timecode import TimecodeError, parse_timecode
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.limits import read_file
from subtitled.plugin.paths import display_path
from subtitled.subtitles.formats.xmltree import parse_xml

ENDINGS: Final = (".ready.json", ".ready.xml")
"""What the name of a ready file ends with."""
MAX_READY_BYTES: Final = 64 * 1024
KEYS: Final = ("language", "languages", "formats", "glossary", "project", "start")
_HIGHEST_RATE: Final = 60
_DROP_FRAME_RATE: Final = Fraction(60_000, 1001)
_LISTS: Final = ("languages", "formats", "glossary")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyRequest:
    """What a ready file says."""

    path: Path
    language: Language | None = None
    """The language spoken; None: it is identified."""
    languages: tuple[str, ...] = ()
    """Subtitles wanted; empty: those of the project or library."""
    formats: tuple[str, ...] = ()
    glossaries: tuple[Path, ...] = ()
    """More glossary files, which lie beside the ready file or below it."""
    project: str = ""
    start: str = ""
    """The timecode of the first frame, such as ``10:00:00:00``."""


def is_ready_file(name: str) -> bool:
    """Check whether a file of this name is a ready file."""
    return name.lower().endswith(ENDINGS)


def subject_of(name: str) -> str:
    """Return the name of the media file that a ready file is about, with or without extension."""
    lower = name.lower()
    ending = next(ending for ending in ENDINGS if lower.endswith(ending))
    return name[: -len(ending)]


def is_ready_file_of(name: str, media_name: str) -> bool:
    """Check whether a file is the ready file of a media file beside it."""
    if not is_ready_file(name):
        return False
    return subject_of(name) in (media_name, Path(media_name).stem)


def find_ready_file(media: Path) -> Path | None:
    """Return the ready file of a media file; None if there is none.

    One that has the whole name of the media file comes first.
    """
    for subject in (media.name, media.stem):
        for ending in ENDINGS:
            candidate = media.with_name(subject + ending)
            if candidate.is_file():
                return candidate
    return None


def find_stated_start(media: Path) -> str | None:
    """Return the timecode at which the ready file of a media file says that it begins, if any."""
    ready = find_ready_file(media)
    try:
        return (read_ready_file(ready).start or None) if ready is not None else None
    except (OSError, InputRejectedError):
        return None  # `subtitled explain` says what is wrong with it.


def read_ready_file(path: Path) -> ReadyRequest:
    """Read a ready file.

    Raises:
        OSError: It cannot be read.
        InputRejectedError: It is neither JSON nor XML, or a key has a value that cannot be.
    """
    try:
        text = read_file(path, MAX_READY_BYTES).decode("utf-8-sig")
        values = _read_xml(text) if path.name.lower().endswith(".xml") else _read_json(text)
        return _build(path, values)
    except UnicodeDecodeError:
        raise _reject(path, "it is not UTF-8") from None
    except (ValueError, RecursionError) as error:
        raise _reject(path, str(error)) from None
    except InputRejectedError as error:
        raise _reject(path, error.message) from None


def _reject(path: Path, problem: str) -> InputRejectedError:
    return InputRejectedError(
        f"the ready file {display_path(path.name)} cannot be used: {problem}",
        f"Correct it. It is JSON or XML with these keys: {', '.join(KEYS)}",
    )


def _read_json(text: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"line {error.lineno} is no JSON: {error.msg}") from None
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")
    return document


def _read_xml(text: str) -> Mapping[str, Any]:
    """Return the elements below the root by their names. An element may be there several times."""
    values: dict[str, Any] = {}
    for element in parse_xml(text):
        name = element.tag.rpartition("}")[2]
        found = _list_texts(element)
        if name in _LISTS:
            values[name] = [*values.get(name, []), *found]
        elif name in values:
            raise ValueError(f"<{name}> is there twice")
        else:
            values[name] = " ".join(found)
    return values


def _list_texts(element: Element) -> list[str]:
    """Return the texts of an element: its own, separated by commas, or those of its children."""
    texts = [child.text or "" for child in element] or (element.text or "").split(",")
    return [text.strip() for text in texts if text.strip()]


def _build(path: Path, values: Mapping[str, Any]) -> ReadyRequest:
    unknown = [name for name in values if name not in KEYS]
    if unknown:
        raise ValueError(f"there is no key {unknown[0]!r:.60}")
    start = _read_text(values, "start")
    if start:
        try:
            # The rate is that of the media. Here, any label of any rate will do.
            parse_timecode(start, _DROP_FRAME_RATE if ";" in start else _HIGHEST_RATE)
        except TimecodeError as error:
            raise ValueError(f"start: {error.message}") from None
    spoken = _read_text(values, "language")
    language = Language.parse(spoken) if spoken else None
    return ReadyRequest(
        path=path,
        language=language if language is not None and language.is_known else None,
        languages=_read_list(values, "languages"),
        formats=tuple(name.lower() for name in _read_list(values, "formats")),
        glossaries=tuple(_read_glossary(path, name) for name in _read_list(values, "glossary")),
        project=_read_text(values, "project"),
        start=start,
    )


def _read_text(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{key} is no text")
    return value.strip()


def _read_list(values: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = values.get(key)
    if value is None:
        return ()
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{key} is neither a text nor a list of texts")
    return tuple(one.strip() for one in value if one.strip())


def _read_glossary(ready: Path, name: str) -> Path:
    """Return a glossary beside a ready file. A sender may not read other files by it."""
    relative = Path(name)
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"glossary: {name!r:.80} does not lie beside the ready file")
    glossary = ready.parent / relative
    if not glossary.is_file() or not glossary.resolve().is_relative_to(ready.parent.resolve()):
        raise ValueError(f"glossary: there is no file {name!r:.80} beside the ready file")
    return glossary
