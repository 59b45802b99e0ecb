"""The files of the database many at a time: in the order of their paths, and scan diffs.

SQL is written by hand here, because a million rows pass by.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from .engine import dialect_tokens, execute_many, fetch_rows, write_transaction
from .files import MAX_SQLITE_INTEGER, to_signed
from .records import (
    AFFECTED_BY_SIDECARS,
    FINAL_STATES,
    FileState,
    KnownFile,
    ScanDiff,
    record_from_row,
)
from .schema import files, sidecars
from .sidecars import SidecarStatus

_RESTORED_STATES = frozenset({*FINAL_STATES, FileState.RETRYING})
"""States that a file comes back with; from others it settles anew."""

PAGE_ROWS = 2000
"""Rows that are read at once."""

_RESET_COUNTERS_SQL = "attempts = 0, crashes = 0, job_id = NULL, reason = '', hint = ''"
_REPLACED_CONTENT_SQL = (
    "previous_fingerprint = coalesce(fingerprint, previous_fingerprint), fingerprint = NULL, "
    "previous_state = NULL, missing_since = NULL"
)
"""What becomes of a row when other content lies at its path."""
_UNCHECKED_STATES_SQL = ", ".join(
    f"'{state}'" for state in (FileState.QUEUED, FileState.WORKING, FileState.MISSING)
)
_AFFECTED_BY_SIDECARS_SQL = ", ".join(f"'{state}'" for state in sorted(AFFECTED_BY_SIDECARS))


class BulkFileRepository:
    """The files in a ledger's database, many at a time. Paths are bytes, times seconds."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._tokens = dialect_tokens(engine)
        # By the index of the paths, whatever else there is.
        self._select_sql = (
            "SELECT path, size, mtime_ns, sidecar_hash FROM files "
            f"WHERE {self._tokens.no_index_prefix}library = ?"
        )

    def iter_under(self, library: str, folder: bytes) -> Iterator[list[KnownFile]]:
        """Pages of what a library has below a folder, in the order of the paths' bytes.

        Each is read by itself, so that no reader holds up the tidying of the write-ahead log.
        """
        stem = folder.rstrip(b"/")
        last_path, end = stem + b"/", stem + b"0"  # the byte after "/"
        query = f"{self._select_sql} AND path > ? AND path < ? ORDER BY path LIMIT {PAGE_ROWS}"
        while page := self._fetch_rows(query, (library, last_path, end)):
            yield page
            last_path = page[-1][0]

    def lookup(self, library: str, paths: Sequence[bytes]) -> dict[bytes, KnownFile]:
        """What a library has of these paths."""
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
        priority: int,
        now: float,
        check_at: float,
        *,
        is_event: bool = True,
        reevaluate: bool = True,
        requested: Sequence[bytes] = (),
    ) -> None:
        """Write a batch of differences down, in one transaction.

        A file that is new may be known to another library, whose folder is now this one's. New and
        changed files settle until they are looked at. Only an ``event`` brings forward one that was
        found to grow, or makes anything of subtitles where none were known of before; a walk comes
        by anyway. A file whose subtitles changed is decided anew if they may matter, which
        ``reopen`` says. Files that are missing are to be looked lookup ``now``. Of the files in
        ``asked``, changed or not, those that wait take the priority if it is higher. Another
        process may have written the same meanwhile, which does no harm.
        """
        with write_transaction(self._engine) as connection:
            execute_many(
                connection,
                "INSERT INTO files (library, path, device, inode, size, mtime_ns, sidecar_hash, state, "
                "priority, stable_since, updated_at, next_check_at) "
                f"VALUES (?, ?, ?, ?, ?, ?, ?, '{FileState.STABILISING}', ?, ?, ?, ?) "
                "ON CONFLICT (path) DO UPDATE SET library = excluded.library",
                [
                    (library, path, *_stat_values(stat), mark, priority, now, now, check_at)
                    for path, stat, mark in diff.new
                ],
            )
            execute_many(
                connection,
                "UPDATE files SET device = ?, inode = ?, size = ?, mtime_ns = ?, "
                f"sidecar_hash = ?, priority = {self._tokens.least_function}(priority, ?), stable_since = ?, "
                "updated_at = ?, "
                f"next_check_at = ?, {_RESET_COUNTERS_SQL}, {_REPLACED_CONTENT_SQL}, "
                f"unstable_checks = CASE state WHEN '{FileState.GROWING}' THEN unstable_checks ELSE 0 END, "
                f"state = CASE state WHEN '{FileState.GROWING}' THEN state "
                f"ELSE '{FileState.STABILISING}' END "
                "WHERE path = ?" + ("" if is_event else f" AND state <> '{FileState.GROWING}'"),
                [
                    (*_stat_values(stat), mark, priority, now, now, check_at, path)
                    for path, stat, mark in diff.changed
                ],
            )
            if reevaluate:
                differs = self._tokens.is_distinct_from if is_event else "<>"
                execute_many(
                    connection,
                    f"UPDATE files SET state = '{FileState.STABILISING}', next_check_at = ?, {_RESET_COUNTERS_SQL} "
                    f"WHERE path = ? AND sidecar_hash {differs} ? AND state IN ({_AFFECTED_BY_SIDECARS_SQL})",
                    [(now, path, mark) for path, _, mark in diff.sidecars_changed],
                )
            execute_many(
                connection,
                "UPDATE files SET sidecar_hash = ? WHERE path = ?",
                [(mark, path) for path, _, mark in diff.sidecars_changed],
            )
            # Only now: of what was missing nobody knows which subtitles it had.
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
                [(priority, path, priority) for path in requested],
            )

    def _fetch_rows(self, query: str, values: tuple[Any, ...]) -> list[KnownFile]:
        with self._engine.connect() as connection:
            return fetch_rows(connection, query, values)


def _stat_values(stat: os.stat_result) -> tuple[int, int, int, int]:
    device, inode = stat.st_dev, stat.st_ino
    if inode > MAX_SQLITE_INTEGER or device > MAX_SQLITE_INTEGER:
        device, inode = to_signed(device), to_signed(inode)
    return device, inode, stat.st_size, stat.st_mtime_ns


def mark_returned(c: sa.Connection, paths: Sequence[bytes], now: float) -> None:
    """Files are there as they were: those that were missing are again what they were.

    Unless a sidecar of ours did not come back with them: then they are looked at anew.
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
