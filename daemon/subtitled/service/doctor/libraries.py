"""The libraries: there, writable, with room, and how they are watched."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration, missing_folders
from subtitled.config.places import state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.services import open_ledger
from subtitled.library.mailbox import WATCHING
from subtitled.library.mounts import how_to_watch
from subtitled.library.walk import walk
from subtitled.library.watch import SAID, inotify_limit
from subtitled.plugin import Finding, Problem
from subtitled.subtitles.publish import can_write

from ..lock import holder

MOST = 20_000
"""Media whose folders are looked at; a second or two."""
LEAST_FREE = 50 * 1024**2
"""Bytes that the disk of a library should have free; a subtitle is a tenth of a megabyte."""
FEW_WATCHES = 8192
"""A kernel's limit of watched folders below which even a small collection does not fit."""


def libraries(configuration: Configuration) -> Iterator[Finding]:
    """A real file is written into each and removed."""
    if not configuration.settings.libraries:
        cure = "Write a [libraries.NAME] section with a path"
        yield Finding("libraries", False, "none is configured", cure)
    missing = {mistake.key: mistake for mistake in missing_folders(configuration)}
    for name, library in configuration.settings.libraries.items():
        gone = next((m for key, m in missing.items() if key.startswith(f"libraries.{name}.")), None)
        if gone is not None:
            yield Finding(f"library {name}", False, gone.what, gone.cure)
            continue
        try:
            can_write(library.path)
            free = shutil.disk_usage(library.path).free
        except Problem as problem:
            yield Finding(f"library {name}", False, problem.what, problem.cure)
        except OSError as error:
            cure = "Look at the disk or the share it lies on"
            yield Finding(f"library {name}", False, f"{library.path}: {error}", cure)
        else:
            yield Finding(
                f"library {name}",
                free >= LEAST_FREE,
                f"{library.path} can be written, {free / 1024**3:.1f} GiB free",
                "Make room on its disk",
            )
            yield _folders(name, library)


def _folders(name: str, library: LibrarySettings) -> Finding:
    """Whether the folders in which media lie may be read and written to."""
    closed = list[Path]()
    folders = set[Path]()
    for path, _ in islice(walk(library.path, library, lambda path, _: closed.append(path)), MOST):
        if path.parent not in folders:
            folders.add(path.parent)
            if not os.access(path.parent, os.W_OK, effective_ids=True):
                closed.append(path.parent)
    said = f"{len(folders)} with media, all may be written to"
    if closed:
        shown = os.fsencode(closed[0]).decode("utf-8", "replace")
        said = f"{len(closed)} may not be read or written to, such as {shown}"
    return Finding(
        f"folders of {name}",
        not closed,
        said,
        "Let the daemon's user write there: add that user to the group of the media, "
        "chmod -R g+rwX the folders, and start the daemon anew",
    )


def watched(configuration: Configuration, name: str) -> str:
    """How a library is watched, and why: as the daemon says, if it runs, else as it would be."""
    # Of the state folder and the ledger others tell.
    with contextlib.suppress(Problem, OSError, SQLAlchemyError):
        if holder(state_dir(configuration.settings)):
            ledger = open_ledger(configuration)
            said = ledger.mailbox.get_control(f"{WATCHING}{name}")
            ledger.close()
            if said:
                return said
    watching = how_to_watch(configuration.settings.libraries[name])
    return f"{SAID[watching.how]}: {watching.why}"


def watching(configuration: Configuration) -> Iterator[Finding]:
    """How each library is watched, and whether the kernel's limits allow it."""
    by_events = False
    for name, library in configuration.settings.libraries.items():
        if library.path.is_dir():
            said = watched(configuration, name)
            what, _, cure = said.partition("; raise it with: ")
            yield Finding(f"watching {name}", not cure, what, f"{cure}; then reload the daemon")
            by_events |= how_to_watch(library).how == "events"
    limit = inotify_limit("max_user_watches")
    if by_events and limit is not None:
        cure = "Raise it: sysctl fs.inotify.max_user_watches=524288, and in /etc/sysctl.d"
        yield Finding("watched folders", limit >= FEW_WATCHES, f"{limit} at most", cure)
