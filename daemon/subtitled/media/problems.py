"""What can be wrong with a media file."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.plugin import Misconfigured, Problem, Rejected, Temporary


class NotMedia(Rejected):
    """There is nothing in the file that ffmpeg knows."""


class Truncated(Rejected):
    """The end of the file is missing."""


class NoAudio(Rejected):
    """The file has no sound."""


class Gone(Temporary):
    """The file is not there (any more)."""


def shown(path: Path) -> str:
    """The path as printable text, whatever its bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable(path: Path, error: OSError) -> Problem:
    """An ``OSError`` about a medium as a problem with its cure."""
    if isinstance(error, FileNotFoundError):
        return Gone(f"{shown(path)} is not there")
    if isinstance(error, PermissionError):
        return Misconfigured(
            f"{shown(path)} may not be read",
            "Let the daemon's user read it: add that user to the group of the media",
        )
    return Temporary(f"{shown(path)} cannot be read: {error.strerror}", "Check the disk or mount")
