"""Walking a library: every media file in it, each with one stat."""

from __future__ import annotations

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from subtitled.config.settings import LibrarySettings

_UNFINISHED = re.compile(
    r"\.(part|partial|crdownload|download|tmp|temp|!qb|!ut|aria2|filepart|opdownload)$", re.I
)
"""Endings of files that a download client has not finished."""


class Sieve:
    """Which names in a library are media, and which are left alone."""

    def __init__(self, library: LibrarySettings) -> None:
        self._endings = tuple("." + ending.lower().lstrip(".") for ending in library.extensions)
        patterns = [fnmatch.translate(pattern.lower()) for pattern in library.ignore]
        self._ignored = re.compile("|".join(patterns) or r"(?!)")
        self._root = library.path

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return self._ignored.match(name.lower()) is not None

    def takes(self, name: str) -> bool:
        """Whether a file of this name is media, complete, and not to be left alone."""
        return (
            name.lower().endswith(self._endings)
            and not _UNFINISHED.search(name)
            and not self.ignores(name)
        )

    def takes_path(self, path: Path) -> bool:
        """The same for a whole path, whose folders must not be left alone either."""
        folders = path.relative_to(self._root).parts[:-1]
        return self.takes(path.name) and not any(map(self.ignores, folders))

    def enters(self, folder: Path) -> bool:
        """Whether a folder of the library is walked: it and those above it are not left alone."""
        return not any(map(self.ignores, folder.relative_to(self._root).parts))


def walk(
    root: Path,
    library: LibrarySettings,
    on_error: Callable[[Path, OSError], None] | None = None,
) -> Iterator[tuple[Path, os.stat_result]]:
    """Every media file below a folder with its stat, folder by folder, in no order.

    A folder that cannot be read is told to ``on_error`` and passed over. Symbolic links to folders
    are not followed, so that no walk leaves the library or runs in a circle; links to files are
    files. Memory holds the folders still to be read, never the files.
    """
    sieve = Sieve(library)
    folders = [os.fspath(root)]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        if entry.is_dir(follow_symlinks=False):
                            if not sieve.ignores(entry.name):
                                folders.append(entry.path)
                            continue
                        if not sieve.takes(entry.name):
                            continue
                        found = entry.stat()
                    except FileNotFoundError:
                        continue  # gone since, or a link to nothing
                    except OSError as error:
                        _tell(on_error, Path(entry.path), error)
                        continue
                    # A pipe or device would be waited for without end when it is read.
                    if stat.S_ISREG(found.st_mode):
                        yield Path(entry.path), found
        except OSError as error:
            _tell(on_error, Path(folder), error)


def _tell(on_error: Callable[[Path, OSError], None] | None, path: Path, error: OSError) -> None:
    if on_error is not None:
        on_error(path, error)
