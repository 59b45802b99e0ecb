"""The settings of one media file: its library's, its project's, and what its ready file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from subtitled.config.delivery_settings import ProjectSettings
from subtitled.config.projects import apply_project
from subtitled.config.settings import AppSettings, LibrarySettings
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.paths import display_path

from .paths import library_containing
from .ready_file import ReadyRequest, find_ready_file, find_stated_start, read_ready_file


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSettings:
    """How one media file is to be subtitled."""

    library: LibrarySettings
    spoken: Language | None = None
    """The language spoken, if its ready file says it."""
    start: str = ""
    """The timecode of its first frame, if its ready file or its library says it."""
    ready_file: Path | None = None

    @property
    def project(self) -> str:
        """The name of its project; "" if it has none."""
        return self.library.project


def settings_of_file(settings: AppSettings, library: LibrarySettings, media: Path) -> FileSettings:
    """Return the settings of a media file.

    Args:
        settings: The configuration, which has the projects.
        library: The library that the file is in.
        media: The file.

    Raises:
        InputRejectedError: Its ready file cannot be used; the message names it.
        OSError: The ready file cannot be read.
    """
    ready = find_ready_file(media) if library.ingest.ready_files != "off" else None
    request = read_ready_file(ready) if ready is not None else None
    if request is None:
        return FileSettings(library=library, start=library.start_timecode)
    if request.project:
        project = _find_project(settings.projects, request)
        library = apply_project(library, project)
    return FileSettings(
        library=apply_request(library, request),
        spoken=request.language,
        start=request.start or library.start_timecode,
        ready_file=ready,
    )


def find_start(settings: AppSettings, media: Path) -> str:
    """Return what its ready file or else its library says of the timecode of its first frame.

    Args:
        settings: The configuration.
        media: The media file, by an absolute path.

    Returns:
        The timecode, or an empty text.
    """
    name = library_containing(media, settings.libraries)
    return find_stated_start(media) or (settings.libraries[name].start_timecode if name else "")


def apply_request(library: LibrarySettings, request: ReadyRequest) -> LibrarySettings:
    """Return the settings of a library with what a ready file says in their place.

    Raises:
        InputRejectedError: It names a language or a format that there is not.
    """
    wanted: dict[str, Any] = {}
    if request.languages:
        wanted["languages"] = request.languages
    if request.formats:
        wanted["formats"] = request.formats
    try:
        checked = LibrarySettings.model_validate({"path": library.path, **wanted})
    except ValidationError as error:
        problem = error.errors()[0]
        raise InputRejectedError(
            f"the ready file {display_path(request.path.name)} cannot be used: "
            f"{problem['loc'][0]}: {problem['input']!r:.80}: {problem['msg']}",
            "Correct it; docs/configuration.md names the languages and formats",
        ) from None
    update = {key: getattr(checked, key) for key in wanted}
    if request.project:
        update["project"] = request.project
    if request.glossaries:
        update["glossaries"] = (*library.glossaries, *request.glossaries)
    return library.model_copy(update=update)


def _find_project(
    projects: Mapping[str, ProjectSettings], request: ReadyRequest
) -> ProjectSettings:
    if request.project in projects:
        return projects[request.project]
    raise InputRejectedError(
        f"the ready file {display_path(request.path.name)} names the project "
        f"{request.project!r:.60}, which is not configured",
        f"Add a section [projects.NAME], or name one of these: {', '.join(projects) or 'none'}",
    )
