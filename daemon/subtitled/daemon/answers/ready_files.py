"""What ready files say, and those whose media file is not there, for people."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.library.file_settings import settings_of_file
from subtitled.library.media_filter import MediaFilter
from subtitled.library.ready_file import (
    ReadyRequest,
    find_ready_file,
    is_ready_file,
    is_ready_file_of,
    read_ready_file,
    subject_of,
)
from subtitled.plugin import InputRejectedError
from subtitled.plugin.paths import display_path


def describe_ready_file(
    settings: AppSettings, library: str | None, media: Path
) -> list[str] | None:
    """Return what the ready file of a media file says, or why it cannot be used.

    Args:
        settings: The configuration.
        library: The library of the media file, or None.
        media: The media file.

    Returns:
        None if its library wants no ready files.
    """
    if library is None:
        return None
    wanted = settings.libraries[library].ingest.ready_files
    if wanted == "off":
        return None
    ready = find_ready_file(media)
    if ready is None:
        return [f"none is there ({wanted})"]
    try:
        settings_of_file(settings, settings.libraries[library], media)
        return [display_path(ready.name), *_describe(read_ready_file(ready))]
    except InputRejectedError as error:
        return [f"{error.message}. {error.hint}"]
    except OSError as error:
        return [f"{display_path(ready.name)} cannot be read: {error.strerror}"]


def describe_subject(ready: Path) -> list[str]:
    """Return which media file a ready file is about, whether that is there, and what it says."""
    try:
        said = _describe(read_ready_file(ready))
    except InputRejectedError as error:
        said = [f"{error.message}. {error.hint}"]
    except OSError as error:
        said = [f"it cannot be read: {error.strerror}"]
    media = [
        display_path(entry.name)
        for entry in _list_folder(ready.parent)
        if is_ready_file_of(ready.name, entry.name) and not is_ready_file(entry.name)
    ]
    if media:
        return [f"it is about {', '.join(media)}", *said]
    return [
        f"its media file is not there: it waits for {display_path(subject_of(ready.name))}. "
        "Copy the media file beside it, or take the ready file away",
        *said,
    ]


def find_orphans(library: LibrarySettings, limit: int) -> Iterator[Path]:
    """Yield the ready files of a library whose media file is not there.

    Args:
        library: The settings of the library.
        limit: How many folders are looked at, at most.
    """
    media_filter, folders = MediaFilter(library), [library.path]
    while folders and limit > 0:
        limit -= 1
        folder = folders.pop()
        folders += _list_subfolders(folder)
        entries = _list_folder(folder)
        media = [entry for entry in entries if media_filter.accepts(entry.name)]
        subjects = {subject for entry in media for subject in (entry.name, entry.stem)}
        for entry in entries:
            if is_ready_file(entry.name) and subject_of(entry.name) not in subjects:
                yield entry


def _list_subfolders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return [Path(entry) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _list_folder(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing if it cannot be read, which the scan itself reports."""
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _describe(request: ReadyRequest) -> list[str]:
    values = {
        "language": str(request.language or ""),
        "languages": ", ".join(request.languages),
        "formats": ", ".join(request.formats),
        "glossary": ", ".join(display_path(path.name) for path in request.glossaries),
        "project": request.project,
        "start": request.start,
    }
    return [f"{key}: {value}" for key, value in values.items() if value]
