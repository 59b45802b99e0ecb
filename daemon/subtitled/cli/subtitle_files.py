"""A subtitle file that a command is given: its content and its language."""

from __future__ import annotations

import re
from pathlib import Path

from subtitled.library.subtitle_names import is_media_file
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.limits import read_file
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES

from .output import USAGE_ERROR, abort

_EBU_STL = re.compile(rb"[0-9]{3}STL[0-9]{2}\.01")
"""How a file in EBU STL begins: a code page and the frames per second."""


def read_subtitle_bytes(file: Path) -> bytes:
    """Return the content of a subtitle file.

    Raises:
        OSError: It cannot be read.
        InputRejectedError: It is no file, too large, or of a kind that is never read.
    """
    if file.is_dir():
        raise InputRejectedError("it is a folder", "Name the subtitles in it")
    if is_media_file(file):
        raise InputRejectedError("it is a media file", "Name a subtitle of it")
    data = read_file(file, MAX_SUBTITLE_BYTES)
    if _EBU_STL.match(data):
        raise InputRejectedError(
            "EBU STL is written and not read", "Name the subtitle of which it was made"
        )
    return data


def parse_language_option(code: str | None) -> Language | None:
    """Return the language of an option, or abort with what is wrong with it."""
    if code is None:
        return None
    try:
        return Language.parse(code)
    except ValueError as error:
        abort(f"--language: {error}", USAGE_ERROR)
