"""The language of a subtitle file that a command is given."""

from __future__ import annotations

from pathlib import Path

from subtitled.plugin import Language
from subtitled.subtitles.filenames import parse_language_token

from .output import USAGE_ERROR, abort


def parse_language_option(code: str | None) -> Language | None:
    """Return the language of an option, or abort with what is wrong with it."""
    if code is None:
        return None
    try:
        return Language.parse(code)
    except ValueError as error:
        abort(error, USAGE_ERROR)


def find_language_in_name(file: Path) -> Language | None:
    """Return the language in a file name: ``Film.de.sdh.srt`` is in German."""
    for token in reversed(file.name.split(".")[1:-1]):
        if (language := parse_language_token(token)) is not None:
            return language
    return None
