"""Which files are meant by the folders and series that are named."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path

from .output import USAGE_ERROR, abort, display_path


def choose_waiting(
    configuration: Configuration, paths: Sequence[Path], series: Sequence[str]
) -> list[Path]:
    """Return the files that are named, and those that wait in the folders and series.

    Aborts if nothing is named, or nothing waits in a folder or series.
    """
    if not paths and not series:
        abort("name files, folders or a series: subtitled queue prioritise FOLDER", USAGE_ERROR)
    db = open_database(configuration)
    chosen: list[Path] = []
    for path in paths:
        known = to_known_path(configuration.settings.libraries, path)
        if not known.is_dir():
            chosen.append(path)
            continue
        inside = db.waiting.in_folder(known)
        if not inside:
            abort(f"{display_path(known)} is a folder in which no file waits", USAGE_ERROR)
        chosen += inside
    by_name = db.waiting.by_series() if series else {}
    for name in series:
        episodes = [
            path
            for known_name, paths in by_name.items()
            if known_name.casefold() == name.casefold()
            for path in paths
        ]
        if not episodes:
            near = difflib.get_close_matches(name, by_name, 3)
            hint = f" Do you mean: {', '.join(near)}?" if near else ""
            abort(f"no episode of a series {name!r} waits.{hint}", USAGE_ERROR)
        chosen += episodes
    db.close()
    return list(dict.fromkeys(chosen))
