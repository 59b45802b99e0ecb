"""The files of the database many at a time: in the order of their paths, and scan diffs.

The SQL is written by hand, because it handles a million rows.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .engine import dialect_tokens, execute_many, fetch_rows, insert_many, write_transaction
from .files import MAX_SQLITE_INTEGER, to_signed
from .records import (
    AFFECTED_BY_SIDECARS,
    FINAL_STATES,
    FileState,
    KnownFile,
    ScanDiff,
    added_hour,
    record_from_row,
)
from .schema import files, sidecars
from .sidecars import SidecarStatus

_RESTORED_STATES = frozenset({*FINAL_STATES, FileState.RETRYING})
"""States that a file gets back when it returns. From any other state it becomes unstable."""

PAGE_ROWS = 2000
"""How many rows are read at once."""

_RESET_COUNTERS_SQL = "attempts = 0, crashes = 0, job_id = NULL, reason = '', hint = ''"
_REPLACED_CONTENT_SQL = (
    "previous_fingerprint = coalesce(fingerprint, previous_fingerprint), fingerprint = NULL, "
    "previous_state = NULL, missing_since = NULL"
)
"""The columns to set when other content is found at a path."""
_UNCHECKED_STATES_SQL = ", ".join(
    f"'{state}'" for state in (FileState.QUEUED, FileState.WORKING, FileState.MISSING)
)
_AFFECTED_BY_SIDECARS_SQL = ", ".join(f"'{state}'" for state in sorted(AFFECTED_BY_SIDECARS))


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """How the differences of a scan or an event are stored."""

    priority: int
    """The priority of new files, and of changed files that are less urgent."""
    now: float
    """The present time, in seconds since 1970."""
    check_at: float
    """The time of the next stability check of new and changed files."""
    is_event: bool = True
    """Whether the differences come from a watcher rather than a scan. Only an event brings forward
    the check of a growing file, or has sidecars evaluated whose hash was unknown.
    """
    reevaluate: bool = True
    """Whether files are evaluated again when their sidecars changed."""
    requested: Sequence[bytes] = ()
    """Files whose priority is raised while they are unstable, changed or not."""


class BulkFileRepository:
    """The ``files`` table, many files at a time. Paths are bytes, times are seconds since 1970."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._tokens = dialect_tokens(engine)
        # SQLite must use the index of the paths, not that of the libraries.
        self._select_sql = (
            "SELECT path, size, mtime_ns, sidecar_hash FROM files "
            f"WHERE {self._tokens.no_index_prefix}library = ?"
        )

    def iter_under(self, library: str, folder: bytes) -> Iterator[list[KnownFile]]:
        """Yield the files of a library below a folder in pages, in byte order of their paths.

        Each page is a query of its own, so that no long transaction blocks checkpoints of the
        write-ahead log.
        """
        stem = folder.rstrip(b"/")
        last_path, end = stem + b"/", stem + b"0"  # the byte after "/"
        query = f"{self._select_sql} AND path > ? AND path < ? ORDER BY path LIMIT {PAGE_ROWS}"
        while page := self._fetch_rows(query, (library, last_path, end)):
            yield page
            last_path = page[-1][0]

    def lookup(self, library: str, paths: Sequence[bytes]) -> dict[bytes, KnownFile]:
        """Return those of some paths that a library has in the database."""
        known: dict[bytes, KnownFile] = {}
        for offset in range(0, len(paths), 500):
            batch = tuple(paths[offset : offset + 500])
            query = f"{self._select_sql} AND path IN ({','.join('?' * len(batch))})"
            known.update((row[0], row) for row in self._fetch_rows(query, (library, *batch)))
        return known

    def apply_diff(
        self,
        library: str,
        diff: ScanDiff,
        options: DiffOptions,
    ) -> None:
        """Store a batch of differences in one transaction.

        New and changed files become unstable. A new path may belong to another library in the
        database, whose folder is part of this library now: it is counted here from then on.
        Applying a difference twice does no harm, so another process may have stored the same.

        Args:
            library: The name of the library.
            diff: What was found.
            options: How it is stored.
        """
        now, priority, check_at = options.now, options.priority, options.check_at
        is_event = options.is_event
        with write_transaction(self._engine) as connection:
            adopted = _files_of_other_libraries(
                connection, library, [path for path, _, _ in diff.new]
            )
            insert_many(
                connection,
                "INSERT INTO files (library, path, device, inode, size, mtime_ns, sidecar_hash, "
                "state, priority, added_at, stable_since, updated_at, next_check_at)",
                f"(?, ?, ?, ?, ?, ?, ?, '{FileState.STABILISING}', ?, ?, ?, ?, ?)",
                "ON CONFLICT (path) DO UPDATE SET library = excluded.library",
                [
                    (
                        library,
                        path,
                        *_stat_values(stat),
                        sidecar_hash,
                        priority,
                        added_hour(priority, stat.st_mtime, now),
                        now,
                        now,
                        check_at,
                    )
                    for path, stat, sidecar_hash in diff.new
                ],
            )
            execute_many(
                connection,
                "UPDATE requirements SET library = ? WHERE file_id = ?",
                [(library, number) for number in adopted],
            )
            execute_many(
                connection,
                "UPDATE files SET device = ?, inode = ?, size = ?, mtime_ns = ?, "
                f"sidecar_hash = ?, priority = {self._tokens.least_function}(priority, ?), "
                "added_at = ?, stable_since = ?, updated_at = ?, "
                f"next_check_at = ?, {_RESET_COUNTERS_SQL}, {_REPLACED_CONTENT_SQL}, "
                f"unstable_checks = CASE state WHEN '{FileState.GROWING}' THEN unstable_checks "
                "ELSE 0 END, "
                f"state = CASE state WHEN '{FileState.GROWING}' THEN state "
                f"ELSE '{FileState.STABILISING}' END "
                "WHERE path = ?" + ("" if is_event else f" AND state <> '{FileState.GROWING}'"),
                [
                    (
                        *_stat_values(stat),
                        sidecar_hash,
                        priority,
                        added_hour(priority, stat.st_mtime, now),
                        now,
                        now,
                        check_at,
                        path,
                    )
                    for path, stat, sidecar_hash in diff.changed
                ],
            )
            if options.reevaluate:
                differs = self._tokens.is_distinct_from if is_event else "<>"
                execute_many(
                    connection,
                    f"UPDATE files SET state = '{FileState.STABILISING}', next_check_at = ?, "
                    f"{_RESET_COUNTERS_SQL} WHERE path = ? AND sidecar_hash {differs} ? "
                    f"AND state IN ({_AFFECTED_BY_SIDECARS_SQL})",
                    [(now, path, sidecar_hash) for path, _, sidecar_hash in diff.sidecars_changed],
                )
            execute_many(
                connection,
                "UPDATE files SET sidecar_hash = ? WHERE path = ?",
                [(sidecar_hash, path) for path, _, sidecar_hash in diff.sidecars_changed],
            )
            # After the statements above, because missing files have no hash of their sidecars.
            mark_returned(connection, [path for path, _, _ in diff.sidecars_changed], now)
            execute_many(
                connection,
                "UPDATE files SET next_check_at = ? WHERE path = ? "
                f"AND state NOT IN ({_UNCHECKED_STATES_SQL})",
                [(now, path) for path in diff.missing],
            )
            execute_many(
                connection,
                "UPDATE files SET priority = ? WHERE path = ? AND priority > ? "
                f"AND state IN ('{FileState.STABILISING}', '{FileState.GROWING}')",
                [(priority, path, priority) for path in options.requested],
            )

    def _fetch_rows(self, query: str, values: tuple[Any, ...]) -> list[KnownFile]:
        with self._engine.connect() as connection:
            return fetch_rows(connection, query, values)


def _stat_values(stat: os.stat_result) -> tuple[int, int, int, int]:
    device, inode = stat.st_dev, stat.st_ino
    if inode > MAX_SQLITE_INTEGER or device > MAX_SQLITE_INTEGER:
        device, inode = to_signed(device), to_signed(inode)
    return device, inode, stat.st_size, stat.st_mtime_ns


def _files_of_other_libraries(c: sa.Connection, library: str, paths: Sequence[bytes]) -> list[int]:
    """Return the numbers of those of some paths that belong to another library."""
    numbers: list[int] = []
    for begin in range(0, len(paths), 500):
        batch = paths[begin : begin + 500]
        query = (
            f"SELECT id FROM files WHERE library <> ? AND path IN ({','.join('?' * len(batch))})"
        )
        numbers += (row[0] for row in fetch_rows(c, query, (library, *batch)))
    return numbers


def mark_returned(c: sa.Connection, paths: Sequence[bytes], now: float) -> None:
    """Restore the previous state of files that were missing and exist again.

    A file is evaluated again if one of our sidecars did not come back with it.
    """
    for begin in range(0, len(paths), 500):
        query = sa.select(files).where(
            files.c.path.in_(paths[begin : begin + 500]), files.c.state == FileState.MISSING
        )
        for row in c.execute(query).mappings().all():
            record = record_from_row(row)
            sidecar_rows = c.execute(
                sa.select(sidecars.c.path).where(
                    sidecars.c.media == row["path"], sidecars.c.status == SidecarStatus.PRESENT
                )
            )
            has_all_sidecars = all(os.path.lexists(sidecar.path) for sidecar in sidecar_rows)
            state = (
                record.previous_state
                if record.previous_state in _RESTORED_STATES and has_all_sidecars
                else FileState.STABILISING
            )
            c.execute(
                files.update()
                .where(files.c.id == record.id)
                .values(
                    state=state,
                    previous_state=None,
                    missing_since=None,
                    next_check_at=None if state in FINAL_STATES else now,
                    updated_at=now,
                )
            )
