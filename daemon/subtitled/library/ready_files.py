"""Which files are ready for planning: due, still there, and stable."""

from __future__ import annotations

import logging
import os
import stat as modes
from collections.abc import Mapping
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FINAL_STATES, FileRecord, FileState, StabilityVerdict
from subtitled.media.card_clips import find_sounds
from subtitled.media.truncation import missing_bytes
from subtitled.plugin.paths import display_path

from .availability import is_deleted
from .media_filter import MediaFilter
from .moves import recheck_same_stem
from .ready_file_check import check_ready_file
from .stability import check_stability, files_open_for_writing, not_yet, still_worth_waiting

_log = logging.getLogger(__name__)

CHECK_BATCH_SIZE = 100
"""The largest number of due files that are checked at once."""
RECHECK_SECONDS = 300.0
"""The seconds until the next check of a file whose folder does not answer or whose disk is
unmounted.
"""
_EXCLUDED = "excluded"
"""The settings digest of a file that is left out, so that the next start looks at it again."""
_MISSING_ERRORS = (FileNotFoundError, NotADirectoryError)
"""Errors of a file that does not exist, or whose folder was replaced by a file."""


def find_ready_files(
    db: Database, libraries: Mapping[str, LibrarySettings], now: float
) -> list[FileRecord]:
    """Check the files that are due, and return those that are ready, the most urgent first.

    Args:
        db: The database, in which the results of the checks are stored.
        libraries: The libraries by name whose files are checked. They must be available.
        now: The present time, in seconds since 1970.
    """
    checked: list[tuple[FileRecord, os.stat_result]] = []
    ready: list[FileRecord] = []
    missing, postponed = list[FileRecord](), list[int]()
    oldest_first = [name for name, library in libraries.items() if library.order == "oldest"]
    for record in db.states.due_files(now, CHECK_BATCH_SIZE, list(libraries), oldest_first):
        try:
            stat = record.path.stat()
            if modes.S_ISREG(stat.st_mode):
                checked.append((record, stat))
            else:
                missing.append(record)  # a folder has its name now
        except _MISSING_ERRORS:
            if is_deleted(record):
                missing.append(record)
            else:
                postponed.append(record.id)
        except OSError:
            if record.state in FINAL_STATES:
                postponed.append(record.id)
            else:
                ready.append(record)  # the planner reports the error
    for missing_record in missing:
        recheck_same_stem(db, missing_record.path)
        db.files.mark_missing(missing_record.id, now)
    if postponed:
        db.states.schedule_check(postponed, now + RECHECK_SECONDS)
    written = files_open_for_writing([record.path for record, _ in checked])
    resting: list[int] = []
    filters = {name: MediaFilter(library) for name, library in libraries.items()}
    for record, stat in checked:
        delay = libraries[record.library].stability_delay
        writing = (stat.st_dev, stat.st_ino) in written
        verdict = _check_stability(record, stat, now, delay, writing)
        if verdict.is_stable and record.state not in FINAL_STATES:
            verdict = check_ready_file(record, libraries[record.library], now) or verdict
        if not verdict.is_stable:
            db.states.mark_unstable(record.id, stat, verdict, now)
        elif record.state in FINAL_STATES:
            resting.append(record.id)
        elif (reason := filters[record.library].exclusion(record.path)) is not None:
            # It was known before the library's settings left it out.
            db.states.set_state(
                record.id, FileState.IMPOSSIBLE, reason=reason, settings_digest=_EXCLUDED
            )
        else:
            ready.append(record)
    if resting:
        db.states.schedule_check(resting, None)
    return sorted(ready, key=lambda record: record.priority)


def _check_stability(
    record: FileRecord,
    stat: os.stat_result,
    now: float,
    stability_delay: float,
    open_for_writing: bool,
) -> StabilityVerdict:
    verdict = check_stability(record, stat, now, stability_delay)
    if verdict.has_changed:
        return verdict
    if record.state in FINAL_STATES:
        return StabilityVerdict(is_stable=True)  # only its existence was checked
    if not verdict.is_stable and record.state is not FileState.RETRYING:
        return verdict
    if open_for_writing:
        return not_yet(record, now, stability_delay, "a program has it open for writing")
    if still_worth_waiting(record, now, stability_delay) and (
        missing_byte_count := _missing_bytes(record.path)
    ):
        return not_yet(
            record,
            now,
            stability_delay,
            f"at least {missing_byte_count} bytes are missing at its end",
        )
    return StabilityVerdict(is_stable=True)


def _missing_bytes(path: Path) -> int:
    try:
        return max(missing_bytes(file) for file in (path, *find_sounds(path)))
    except OSError:
        return 0  # the planner reports the error
    except Exception:  # noqa: BLE001 - a fault of one file must not stop its library
        _log.exception("%s: its end cannot be looked for; it counts as whole", display_path(path))
        return 0
