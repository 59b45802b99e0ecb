"""Which files of a library are media files, and which of those are films."""

from __future__ import annotations

import contextlib
import fnmatch
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.media.card_clips import find_clip

from .exclusions import (
    CARD,
    LONGEST_NAME,
    Folder,
    depends_on_place,
    file_exclusion,
    folder_exclusion,
    folder_exclusion_in,
)
from .paths import library_containing

IGNORED = "ignored by the `ignore` setting of its library"
"""Why a file is not taken, in words."""

INCOMPLETE_EXTENSIONS = frozenset(
    (
        "part partial crdownload download opdownload filepart downloading tmp temp ~tmp "
        "!qb !ut !bt bc! aria2 td xltd dctmp unfinished incomplete"
    ).split()
)
"""Extensions of files that a download client or a copy has not finished."""


class MediaFilter:
    """Decides which names in a library are media files, and which are not films."""

    def __init__(self, library: LibrarySettings) -> None:
        endings = {
            ending.lower().lstrip(".") for ending in library.extensions
        } - INCOMPLETE_EXTENSIONS
        self.extensions = frozenset(map(os.fsencode, endings))
        """Of media, in lower case: what is cheap to ask of every name."""
        patterns = [fnmatch.translate(pattern.lower()) for pattern in library.ignore]
        self._ignored = re.compile("|".join(patterns)) if patterns else None
        self._include_extras = library.include_extras
        self._root = library.path

    def accepts(self, name: str) -> bool:
        """Return whether a file of this name is a media file, complete, and a film."""
        return self.has_media_ending(os.fsencode(name)) and self.file_exclusion(name) is None

    def has_media_ending(self, name: bytes) -> bool:
        """Return whether a name has an extension of media."""
        return b"." in name and name.rpartition(b".")[2].lower() in self.extensions

    def file_exclusion(self, name: str) -> str | None:
        """Return why a media file of this name is not taken, or None."""
        if self._ignored is not None and self._ignored.match(name.lower()):
            return IGNORED
        return file_exclusion(name, self._include_extras)

    def ignores_folder(self, name: str) -> bool:
        """Return whether a folder of this name is never scanned, wherever it lies."""
        return self._folder_exclusion(name) is not None

    def excluded_folders(
        self, folder: bytes, names: Iterable[bytes], *, has_media: bool
    ) -> frozenset[bytes]:
        """Return those folders in a folder that are not scanned because of what lies around them.

        Args:
            folder: The folder that they lie in.
            names: Their names.
            has_media: Whether media files lie beside them.
        """
        names = list(names)
        uncertain = [
            name
            for name in names
            if len(name) <= LONGEST_NAME
            and depends_on_place(os.fsdecode(name), self._include_extras)
        ]
        if not uncertain:
            return frozenset()
        parent = Folder(
            name=os.fsdecode(os.path.basename(folder)),
            is_root=folder == os.fsencode(self._root),
            has_media=has_media,
            folders=tuple(map(os.fsdecode, names)),
        )
        return frozenset(
            name
            for name in uncertain
            if folder_exclusion_in(parent, os.fsdecode(name), _names_in(folder + b"/" + name))
        )

    def descends(self, folder: Path) -> bool:
        """Return whether a folder of the library is scanned, and so all folders above it."""
        return self.folder_exclusion(folder) is None

    def descends_into(self, path: bytes) -> bool:
        """Return whether a folder is scanned if the one above it is. The disk may be read."""
        folder = Path(os.fsdecode(path))
        return self._exclusion_in(folder.parent, folder.name) is None

    def folder_exclusion(self, folder: Path) -> str | None:
        """Return why a folder of the library is not scanned, or None. The disk may be read."""
        at = self._root
        for part in folder.relative_to(self._root).parts:
            if (reason := self._exclusion_in(at, part)) is not None:
                return reason
            at /= part
        return None

    def exclusion(self, path: Path) -> str | None:
        """Return why a media file of the library is not taken, or None. The disk may be read."""
        reason = self.folder_exclusion(path.parent) or self.file_exclusion(path.name)
        return CARD if reason is None and find_clip(path) is not None else reason

    def _exclusion_in(self, parent: Path, name: str) -> str | None:
        reason = self._folder_exclusion(name)
        if reason is not None or not depends_on_place(name, self._include_extras):
            return reason
        inside = _names_in(os.fsencode(parent / name))
        return folder_exclusion_in(self._read_surroundings(parent), name, inside)

    def _folder_exclusion(self, name: str) -> str | None:
        if self._ignored is not None and self._ignored.match(name.lower()):
            return IGNORED
        return folder_exclusion(name, self._include_extras)

    def _read_surroundings(self, folder: Path) -> Folder:
        folders, has_media = [], False
        with contextlib.suppress(OSError), os.scandir(os.fsencode(folder)) as entries:
            for entry in entries:
                if self.has_media_ending(entry.name):
                    has_media = True
                elif entry.is_dir() and not self.ignores_folder(os.fsdecode(entry.name)):
                    folders.append(os.fsdecode(entry.name))
        return Folder(folder.name, folder == self._root, has_media, tuple(folders))


def describe_exclusion(path: Path, libraries: Mapping[str, LibrarySettings]) -> str | None:
    """Return why the daemon does not take a media file, or None. The disk may be read."""
    name = library_containing(path, libraries)
    return MediaFilter(libraries[name]).exclusion(path) if name is not None else None


def _names_in(folder: bytes) -> list[str]:
    """Return the names in a folder; none if it cannot be read, which the scan itself reports."""
    try:
        return list(map(os.fsdecode, os.listdir(folder)))
    except OSError:
        return []
