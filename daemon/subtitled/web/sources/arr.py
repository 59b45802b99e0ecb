"""Sonarr and Radarr, which are of one stock: files come, are replaced, renamed and deleted.

Read in their sources (``NzbDrone.Core/Notifications/Webhook``, Sonarr 4 and Radarr 5; commits of
the files read: Sonarr 084fcc2295ee, Radarr 0a4c52671538). Paths are the sender's; what is relative
is so to the folder of the series or film. Older versions leave the absolute path out.
"""

from __future__ import annotations

import ntpath
import posixpath
from typing import Any

from subtitled.web.heard import Heard, event, get, looks, several, text


def parse(payload: Any) -> Heard:
    """What happened to which file. Grabs, health, tests and the like concern no file of ours."""
    name = event(payload, "eventType")
    folder = text(payload, "series", "path") or text(payload, "movie", "folderPath")
    one = get(payload, "episodeFile") or get(payload, "movieFile")
    match name:
        case "Download":
            came = [one, *several(payload, "episodeFiles"), *several(payload, "movieFiles")]
            went = several(payload, "deletedFiles")
            what = "upgrade" if get(payload, "isUpgrade") is True else "import"
            return looks(what, *(_path(each, folder) for each in [*came, *went]))
        case "Rename":
            renamed = [
                *several(payload, "renamedEpisodeFiles"),
                *several(payload, "renamedMovieFiles"),
            ]
            paths = [
                path
                for each in renamed
                for path in (_path(each, folder, "previous"), _path(each, folder))
                if path
            ]
            return looks("rename", *paths) if paths else looks("rename", folder)
        case "EpisodeFileDelete" | "MovieFileDelete":
            return looks("delete", _path(one, folder) or folder)
        case "SeriesDelete" | "MovieDelete":
            return looks("delete", folder)
        case _:
            return Heard(name)


def _path(file: Any, folder: str | None, before: str = "") -> str | None:
    """Where a file lies, or, with ``before``, where it lay: ``path`` and ``previousPath``."""
    absolute, relative = (
        ("previousPath", "previousRelativePath")
        if before
        else (
            "path",
            "relativePath",
        )
    )
    if path := text(file, absolute):
        return path
    rest = text(file, relative)
    if rest is None or folder is None:
        return None
    if "\\" in folder or folder[1:2] == ":":
        return ntpath.join(folder, rest)
    return posixpath.join(folder, rest)
