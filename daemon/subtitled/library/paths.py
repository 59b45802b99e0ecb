"""Paths and the libraries that contain them.

A path from outside is checked before anything is read. No component of it below the library's
folder may be a link, so that nothing outside the library is read. Where links are followed, the
resolved path must be inside the library.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import SubtitledError
from subtitled.plugin.limits import read_path
from subtitled.plugin.paths import display_path


def is_local_path(path: Path) -> bool:
    """Check that a path from outside can be one of this machine. The disk is not read.

    It must be absolute, without ``..``, and of a length and of characters that Linux allows.
    """
    return path.is_absolute() and ".." not in path.parts and read_path(str(path)) is not None


def is_inside_library(path: Path, library: LibrarySettings) -> bool:
    """Return whether a path is inside a library. A missing path counts as inside.

    The disk is read, which may take long.
    """
    root = library.path
    if ".." in path.parts or not path.is_relative_to(root):
        return False
    if library.follow_symlinks:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(root))
    at = root
    for part in path.relative_to(root).parts:
        at /= part
        try:
            if stat.S_ISLNK(at.lstat().st_mode):
                return False
        except OSError:
            return True  # and so is everything below it
    return True


def library_containing(path: Path, libraries: Mapping[str, LibrarySettings]) -> str | None:
    """Return the name of the innermost library that contains a path, or None."""
    candidates = [name for name, lib in libraries.items() if path.is_relative_to(lib.path)]
    return max(candidates, key=lambda name: len(libraries[name].path.parts), default=None)


def to_known_path(libraries: Mapping[str, LibrarySettings], path: Path) -> Path:
    """Return the path by which a library knows a file, however it was typed.

    Args:
        libraries: The libraries by name.
        path: What was typed. It may be relative, contain ``..``, or bypass a symbolic link by which
            the folder of a library is configured.
    """
    # Not resolve(): the paths of a library contain its symbolic links.
    absolute_path = Path(os.path.abspath(path))  # noqa: PTH100
    if ".." in path.parts and not _is_same_file(absolute_path, path):
        absolute_path = path.resolve()  # The folder before ".." is a link.
    if library_containing(absolute_path, libraries) is None:
        real_path = absolute_path.parent.resolve() / absolute_path.name
        for library in libraries.values():
            if real_path.is_relative_to(root := library.path.resolve()):
                return library.path / real_path.relative_to(root)
    return absolute_path


def _is_same_file(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other)
    except OSError:
        return False


def shorten_message(message: str, path: Path, name: str = "the file") -> str:
    """Return a message for a place where its file is named already.

    Args:
        message: What is said, with the path of the file in it or without.
        path: The file. Other paths in the message stay.
        name: What the file is called instead.
    """
    return re.sub(rf"(?<!\S){re.escape(display_path(path))}(?![^\s:;,])", lambda _: name, message)


def describe_failure(error: Exception, path: Path) -> str:
    """Return what an error says, for a line that begins with the path of its file.

    The hint stays as it is, since it may be a command.
    """
    if isinstance(error, FileNotFoundError) and error.filename in (path, str(path)):
        return "the file does not exist"
    if not isinstance(error, SubtitledError):
        return str(error)
    message = shorten_message(error.message, path)
    return f"{message}. {error.hint}" if error.hint else message
