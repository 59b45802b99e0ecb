"""Webhooks of Sonarr and Radarr, which share their code: files added, replaced, renamed, deleted.

Source: ``NzbDrone.Core/Notifications/Webhook`` of Sonarr 4 and Radarr 5 (commits of the files:
Sonarr 084fcc2295ee, Radarr 0a4c52671538). Paths are the sender's. Relative paths are relative to
the folder of the series or film. Older versions leave the absolute path out.
"""

from __future__ import annotations

import ntpath
import posixpath
from typing import Any

from .payload import WebhookEvent, get_event_name, get_list, get_text, get_value, paths_changed


def parse(payload: Any) -> WebhookEvent:
    """Parse an event. Grabs, health, tests and similar events concern no file of ours."""
    name = get_event_name(payload, "eventType")
    folder = get_text(payload, "series", "path") or get_text(payload, "movie", "folderPath")
    file = get_value(payload, "episodeFile") or get_value(payload, "movieFile")
    match name:
        case "Download":
            added = [file, *get_list(payload, "episodeFiles"), *get_list(payload, "movieFiles")]
            deleted = get_list(payload, "deletedFiles")
            event_name = "upgrade" if get_value(payload, "isUpgrade") is True else "import"
            return paths_changed(event_name, *(_path(item, folder) for item in [*added, *deleted]))
        case "Rename":
            renamed = [
                *get_list(payload, "renamedEpisodeFiles"),
                *get_list(payload, "renamedMovieFiles"),
            ]
            paths = [
                path
                for item in renamed
                for path in (_path(item, folder, previous=True), _path(item, folder))
                if path
            ]
            return paths_changed("rename", *paths) if paths else paths_changed("rename", folder)
        case "EpisodeFileDelete" | "MovieFileDelete":
            return paths_changed("delete", _path(file, folder) or folder)
        case "SeriesDelete" | "MovieDelete":
            return paths_changed("delete", folder)
        case _:
            return WebhookEvent(name)


def _path(file: Any, folder: str | None, *, previous: bool = False) -> str | None:
    """Return the ``path`` of a file, or with ``previous`` its ``previousPath``."""
    absolute, relative = (
        ("previousPath", "previousRelativePath") if previous else ("path", "relativePath")
    )
    if path := get_text(file, absolute):
        return path
    relative_path = get_text(file, relative)
    if relative_path is None or folder is None:
        return None
    if "\\" in folder or folder[1:2] == ":":
        return ntpath.join(folder, relative_path)
    return posixpath.join(folder, relative_path)
