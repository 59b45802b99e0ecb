"""Checks of the libraries: existence, permissions, free space, and how they are watched."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration, find_missing_folders
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.kv import WATCH_MODE_KEY
from subtitled.jobcontext.services import open_database
from subtitled.library.mounts import choose_watch_mode
from subtitled.library.scanner import scan
from subtitled.library.watcher import MODE_LABELS, read_inotify_limit
from subtitled.plugin import CheckResult, SubtitledError
from subtitled.plugin.paths import display_path
from subtitled.subtitles.publish import check_writable

from ..answers.ready_files import find_orphans
from ..lock import find_holder

MAX_FOLDERS = 20_000
"""Media files whose folders are checked, which takes a second or two."""
MAX_ORPHANS = 1000
"""Ready files without a media file that are counted."""
MIN_FREE_BYTES = 50 * 1024**2
"""Bytes that the disk of a library should have free. A subtitle takes about 100 kB."""
LOW_WATCH_LIMIT = 8192
"""Limit of watched folders below which even a small library does not fit."""


def check_libraries(configuration: Configuration) -> Iterator[CheckResult]:
    """Check that each library exists, is writable and has free space. Writes and removes a file."""
    if not configuration.settings.libraries:
        hint = "Write a [libraries.NAME] section with a path"
        yield CheckResult("libraries", False, "none is configured", hint)
    missing = {issue.key: issue for issue in find_missing_folders(configuration)}
    for name, library in configuration.settings.libraries.items():
        issue = next(
            (issue for key, issue in missing.items() if key.startswith(f"libraries.{name}.")), None
        )
        if issue is not None:
            yield CheckResult(f"library {name}", False, issue.message, issue.hint)
            continue
        try:
            check_writable(library.path)
            free = shutil.disk_usage(library.path).free
        except SubtitledError as error:
            yield CheckResult(f"library {name}", False, error.message, error.hint)
        except OSError as os_error:
            hint = "Check the disk or the share that holds it"
            yield CheckResult(f"library {name}", False, f"{library.path}: {os_error}", hint)
        else:
            yield CheckResult(
                f"library {name}",
                free >= MIN_FREE_BYTES,
                f"{library.path} can be written, {free / 1024**3:.1f} GiB free",
                "Free space on its disk",
            )
            yield _check_folders(name, library)
            if library.ingest.ready_files != "off":
                yield _check_ready_files(name, library)


def _check_folders(name: str, library: LibrarySettings) -> CheckResult:
    """Check that the folders of media files can be read and written to."""
    inaccessible = list[Path]()
    folders = set[Path]()
    for path, _ in islice(
        scan(library.path, library, lambda path, _: inaccessible.append(path)), MAX_FOLDERS
    ):
        if path.parent not in folders:
            folders.add(path.parent)
            if not os.access(path.parent, os.W_OK, effective_ids=True):
                inaccessible.append(path.parent)
    summary = f"{len(folders)} with media, all writable"
    if inaccessible:
        example = os.fsencode(inaccessible[0]).decode("utf-8", "replace")
        summary = f"{len(inaccessible)} cannot be read or written to, such as {example}"
    return CheckResult(
        f"folders of {name}",
        not inaccessible,
        summary,
        "Let the daemon's user write there: add that user to the group of the media, "
        "chmod -R g+rwX the folders, and restart the daemon",
    )


def _check_ready_files(name: str, library: LibrarySettings) -> CheckResult:
    """Check that the media file of each ready file is there."""
    orphans = list(islice(find_orphans(library, MAX_FOLDERS), MAX_ORPHANS))
    summary = "each has its media file"
    if orphans:
        more = "or more " if len(orphans) == MAX_ORPHANS else ""
        summary = (
            f"{len(orphans)} {more}without their media file, such as {display_path(orphans[0])}"
        )
    return CheckResult(
        f"ready files of {name}",
        not orphans,
        summary,
        "Copy the media file beside it, under the same name, or take the ready file away",
    )


def describe_watching(configuration: Configuration, name: str) -> str:
    """Describe how a library is watched, and why.

    If the daemon runs, this is the mode that it stored; otherwise the mode that it would choose.
    """
    # Other checks report errors of the state folder and the database.
    with contextlib.suppress(SubtitledError, OSError, SQLAlchemyError):
        if find_holder(resolve_state_dir(configuration.settings)):
            db = open_database(configuration)
            stored_mode = db.kv.get(f"{WATCH_MODE_KEY}{name}")
            db.close()
            if stored_mode:
                return stored_mode
    watch_mode = choose_watch_mode(configuration.settings.libraries[name])
    return f"{MODE_LABELS[watch_mode.mode]}: {watch_mode.reason}"


def check_watching(configuration: Configuration) -> Iterator[CheckResult]:
    """Check how each library is watched, and that the kernel's limits suffice."""
    uses_events = False
    for name, library in configuration.settings.libraries.items():
        if library.path.is_dir():
            description = describe_watching(configuration, name)
            message, _, hint = description.partition("; raise it with: ")
            yield CheckResult(
                f"watching {name}", not hint, message, f"{hint}; then reload the daemon"
            )
            uses_events |= choose_watch_mode(library).mode == "events"
    limit = read_inotify_limit("max_user_watches")
    if uses_events and limit is not None:
        hint = "Raise it: sysctl fs.inotify.max_user_watches=524288, and in /etc/sysctl.d"
        yield CheckResult("watched folders", limit >= LOW_WATCH_LIMIT, f"{limit} at most", hint)
