"""The language of a subtitle file that a command is given."""

from __future__ import annotations

from subtitled.plugin import Language

from .output import USAGE_ERROR, abort


def parse_language_option(code: str | None) -> Language | None:
    """Return the language of an option, or abort with what is wrong with it."""
    if code is None:
        return None
    try:
        return Language.parse(code)
    except ValueError as error:
        abort(f"--language: {error}", USAGE_ERROR)
