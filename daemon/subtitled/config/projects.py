"""Projects: settings that take the place of those of a library."""

from __future__ import annotations

from .delivery_settings import ProjectSettings
from .settings import AppSettings, LibrarySettings


def apply_project(library: LibrarySettings, project: ProjectSettings) -> LibrarySettings:
    """Return the settings of a library with those of a project in their place."""
    keys = ("languages", "formats", "tracks", "channels", "engines", "translators", "cues")
    update = {key: value for key in keys if (value := getattr(project, key)) is not None}
    if "engines" in update:
        # What a route forbids holds for every project, since who sends a file may name one.
        update["routes"] = tuple(
            route.model_copy(update={"engines": ()}) for route in library.routes
        )
    if project.glossaries:
        update["glossaries"] = (*library.glossaries, *project.glossaries)
    return library.model_copy(update=update)


def apply_projects(settings: AppSettings) -> AppSettings:
    """Return the settings in which each library has those of the project that it names.

    A project that does not exist is left to the checks.
    """
    changed = {
        name: apply_project(library, settings.projects[library.project])
        for name, library in settings.libraries.items()
        if library.project in settings.projects
    }
    return settings.model_copy(update={"libraries": settings.libraries | changed})
