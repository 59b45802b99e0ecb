"""The errors that a media file can cause, and the one of a process that stops."""

from __future__ import annotations

from pathlib import Path

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled.plugin.limits import is_out_of_resources
from subtitled.plugin.paths import display_path


class NotMediaError(InputRejectedError):
    """The file has no content that ffmpeg knows."""


class TruncatedError(InputRejectedError):
    """The end of the file is missing."""


class NoAudioError(InputRejectedError):
    """The file has no audio track."""


class FileGoneError(TransientError):
    """The file does not exist, or not any more."""


class ShutdownRequested(BaseException):
    """The daemon stops, so the work is left where it is.

    It is no :class:`Exception`, so that no handler of errors catches it.
    """


def unreadable_error(path: Path, error: OSError) -> SubtitledError:
    """Convert an ``OSError`` about a media file to an error with a hint."""
    if isinstance(error, FileNotFoundError):
        return FileGoneError(f"{display_path(path)} does not exist")
    if isinstance(error, PermissionError):
        return SetupError(
            f"{display_path(path)} cannot be read by this user",
            "Let the daemon's user read it: add that user to the group of the media",
        )
    hint = "Check the disk or mount"
    if is_out_of_resources(error):
        hint = "This process has too many files open, or too little memory: it is tried again"
    return TransientError(f"{display_path(path)} cannot be read: {error.strerror}", hint)
