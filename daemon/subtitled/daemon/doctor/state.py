"""Checks of the state folder: databases, transcripts, signatures."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from subtitled.config.paths import resolve_database_url, resolve_state_dir
from subtitled.config.settings import AppSettings
from subtitled.db.backup import DATABASES, check_database, find_damaged_files
from subtitled.db.engine import open_engine, server_url
from subtitled.db.filesystems import unsafe_for_sqlite
from subtitled.db.state_folder import DATABASE_FILE, QUEUE_FILE, WEB_DATABASE_FILE
from subtitled.plugin import CheckResult, SubtitledError
from subtitled.plugin.paths import display_path

_HINTS = {
    DATABASE_FILE: "Stop the daemon, then: subtitled state rebuild --from-scratch, or restore a "
    "backup with: subtitled state restore FILE",
    QUEUE_FILE: "Stop the daemon and move it away: unfinished jobs are queued again",
    WEB_DATABASE_FILE: "Move it away, restart the daemon and make the first admin with: subtitled "
    "web setup-code",
}
_MAX_NAMED = 3
"""Damaged files that are named. The others are counted."""


def check_state(settings: AppSettings, *, files: bool = True) -> Iterator[CheckResult]:
    """Check each database, and with ``files`` also the files beside them, which takes longer."""
    state = resolve_state_dir(settings)
    yield from (
        _check_server_databases(settings)
        if settings.daemon.database
        else _check_database_files(state)
    )
    if files:
        yield _check_json_files(state)


def _check_server_databases(settings: AppSettings) -> Iterator[CheckResult]:
    try:
        server = resolve_database_url(settings) or ""
        open_engine(resolve_state_dir(settings), server).dispose()
    except SubtitledError as error:
        yield CheckResult("database", False, error.message, error.hint)
    else:
        display_url = server_url(server).render_as_string(hide_password=True)
        yield CheckResult(
            "database", True, f"{display_url} answers; check it with PostgreSQL's own tools"
        )


def _check_database_files(state: Path) -> Iterator[CheckResult]:
    if reason := unsafe_for_sqlite(state):
        hint = "Set daemon.state_dir to a folder on a disk of this machine"
        yield CheckResult("databases", False, reason, hint)
        return
    for name in (*DATABASES, *_optional_databases(state)):
        if not (state / name).is_file():
            yield CheckResult(name, True, "not created yet")
            continue
        error = check_database(state / name)
        size_mb = (state / name).stat().st_size / 1024**2
        yield CheckResult(name, not error, error or f"intact, {size_mb:.1f} MiB", _HINTS[name])


def _optional_databases(state: Path) -> tuple[str, ...]:
    return (WEB_DATABASE_FILE,) if (state / WEB_DATABASE_FILE).is_file() else ()


def _check_json_files(state: Path) -> CheckResult:
    damaged = find_damaged_files(state)
    names = [display_path(path) for path in islice(damaged, _MAX_NAMED)]
    more = sum(1 for _ in damaged)
    detail = ", ".join(names) + (f" and {more} more" if more else "")
    return CheckResult(
        "transcripts and signatures",
        not names,
        f"damaged: {detail}" if names else "all can be read",
        "Delete them: they are made again when they are needed",
    )
