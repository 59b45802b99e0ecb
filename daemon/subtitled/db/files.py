"""The ledger's pages of identity: the same content at other paths, and files that are missing.

The ledger in bulk: what it knows of a library, in order, and what is different, in batches.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.library.diff import KnownFile, ScanDiff
from subtitled.library.fingerprint import content_fingerprint

from .engine import BytePosition, dialect_tokens, execute_many, fetch_rows, write_transaction
from .records import (
    ACTIVE_STATES,
    AFFECTED_BY_SIDECARS,
    FINAL_STATES,
    FileRecord,
    FileState,
    record_from_row,
)
from .schema import files, sidecars
from .sidecars import SidecarStatus

REPLACED_CONTENT_VALUES: dict[str, Any] = {
    "previous_content_id": sa.func.coalesce(files.c.content_id, files.c.previous_content_id),
    "content_id": None,
}
"""What becomes of a row when other content lies at its path. The old one may be of use: the new
file may be the same programme in a better copy."""

MAX_SQLITE_INTEGER = 2**63 - 1
"""The largest number that SQLite takes."""
MAX_SAME_CONTENT = 50
"""Files of one content that are looked at: a library may hold thousands of empty ones."""
_RESTORED_STATES = frozenset({*FINAL_STATES, FileState.RETRYING})
"""States that a file comes back with; from others it settles anew."""


class FileRepository:
    """Files by content and inode in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def fingerprint_of(self, path: Path) -> str:
        """The content identity of a file: remembered of its inode, size and time, or read.

        A file that was renamed, or is a hard link, so costs one stat. Raises ``OSError``.
        """
        stat = path.stat()
        query = sa.select(files.c.content_id).where(
            files.c.device == to_signed(stat.st_dev),
            files.c.inode == to_signed(stat.st_ino),
            files.c.size == stat.st_size,
            files.c.mtime_ns == stat.st_mtime_ns,
            files.c.content_id.is_not(None),
        )
        with self._engine.connect() as c:
            # Some network file systems have no inodes: there all are 0.
            stored = c.execute(query.limit(1)).scalar() if stat.st_ino else None
        return stored or content_fingerprint(path)

    def set_fingerprint(self, file_id: int, fingerprint: str) -> None:
        """Remember what lies at a path, as read just now, and what lay there before."""
        values = REPLACED_CONTENT_VALUES | {"content_id": fingerprint}
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

    def raise_priority(self, file_id: int, priority: int) -> None:
        """A file comes sooner, never later, than it would have."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.id == file_id, files.c.priority > priority)
                .values(priority=priority)
            )

    def with_fingerprint(self, fingerprint: str) -> list[FileRecord]:
        """The files of one content: hard links, copies, the old name of a renamed one.

        Of more than :data:`MAX_SAME_CONTENT` those that are missing or quarantined come first.
        """
        comes_first = files.c.state.in_([FileState.MISSING, FileState.QUARANTINED])
        query = (
            sa.select(files)
            .where(files.c.content_id == fingerprint)
            .order_by(comes_first.desc(), files.c.id)
            .limit(MAX_SAME_CONTENT)
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def has_active_twin(self, fingerprint: str, excluded_id: int) -> bool:
        """Whether another file of a content is queued or worked on."""
        query = sa.select(files.c.id).where(
            files.c.content_id == fingerprint,
            files.c.id != excluded_id,
            files.c.state.in_(ACTIVE_STATES),
        )
        with self._engine.connect() as c:
            return c.execute(query.limit(1)).first() is not None

    def claim(self, record: FileRecord, worker: str) -> FileRecord | None:
        """A process begins with a file's job: the other file of the same content that another one
        works on just now, so that nothing was begun, or None."""
        is_other_worker = sa.and_(
            files.c.content_id == record.fingerprint,
            files.c.id != record.id,
            files.c.state == FileState.WORKING,
            files.c.worker != worker,
        )
        with write_transaction(self._engine) as c:
            row = c.execute(sa.select(files).where(is_other_worker).limit(1)).mappings().first()
            if row is not None:
                return record_from_row(row)
            c.execute(
                files.update()
                .where(files.c.id == record.id, files.c.job_id == record.job_id)
                .values(
                    state=FileState.WORKING,
                    worker=worker,
                    reason="",
                    cure="",
                    progress="",
                    next_try_at=None,
                    updated_at=time.time(),
                )
            )
        return None

    def in_folder(self, folder: Path) -> list[FileRecord]:
        """The files in a folder, not those below it."""
        key = os.fsencode(folder).rstrip(b"/") + b"/"
        name = sa.func.substr(files.c.path, len(key) + 1)
        query = sa.select(files).where(
            files.c.path > key,
            files.c.path < key[:-1] + b"0",  # the byte after "/"
            BytePosition(name, b"/") == 0,
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def same_stem(self, path: Path) -> list[FileRecord]:
        """The other files in a folder that are called the same but for the ending: they share the
        names of their sidecars."""
        key = os.fsencode(path.with_name(path.stem)) + b"."
        suffix = sa.func.substr(files.c.path, len(key) + 1)
        query = sa.select(files).where(
            files.c.path > key,
            files.c.path < key[:-1] + b"/",  # the byte after "."
            files.c.path != os.fsencode(path),
            BytePosition(suffix, b"/") == 0,
        )
        with self._engine.connect() as c:
            records = [record_from_row(row) for row in c.execute(query).mappings()]
        return [record for record in records if record.path.stem == path.stem]

    def merge_moved(self, new_record: FileRecord, old_record: FileRecord) -> None:
        """A file was moved: what made it fail at its old path counts at its new one."""
        with self._engine.begin() as c:
            c.execute(files.delete().where(files.c.id == old_record.id))
            c.execute(
                files.update()
                .where(files.c.id == new_record.id)
                .values(
                    attempts=old_record.attempts,
                    crashes=old_record.crashes,
                    priority=min(new_record.priority, old_record.priority),
                )
            )

    def sample(self, library: str, root: Path, limit: int) -> list[FileRecord]:
        """Some files of a library that lay below a folder, by chance; not those missing."""
        key = os.fsencode(root).rstrip(b"/")
        query = (
            sa.select(files)
            .where(
                files.c.library == library,
                files.c.state != FileState.MISSING,
                files.c.path > key + b"/",
                files.c.path < key + b"0",
            )
            .order_by(sa.func.random())
            .limit(limit)
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def mark_missing(self, file_id: int, now: float) -> None:
        """A file is not there. What it was is remembered, and any work on it is off; one that was
        never looked into is forgotten."""
        with self._engine.begin() as c:
            c.execute(
                files.delete().where(
                    files.c.id == file_id,
                    files.c.state == FileState.STABILISING,
                    files.c.content_id.is_(None),
                    files.c.previous_content_id.is_(None),
                )
            )
            c.execute(
                files.update()
                .where(files.c.id == file_id, files.c.state != FileState.MISSING)
                .values(
                    state=FileState.MISSING,
                    was=files.c.state,
                    missing_since=now,
                    job_id=None,
                    progress="",
                    next_try_at=None,
                    beside=None,  # so that a walk that finds it again sees a difference
                    updated_at=now,
                )
            )

    def forget_missing(self, library: str, before: float) -> int:
        """Forget the files of a library that went missing before a time; how many there were."""
        with self._engine.begin() as c:
            return c.execute(
                files.delete().where(
                    files.c.library == library,
                    files.c.state == FileState.MISSING,
                    files.c.missing_since < before,
                )
            ).rowcount

    def remap_device(self, library: str, old: int, new: int) -> None:
        """The disk of a library has another number than before, as after a restart."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.library == library, files.c.device == to_signed(old))
                .values(device=to_signed(new))
            )


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
                    sidecars.c.medium == row["path"], sidecars.c.fate == SidecarStatus.PRESENT
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
                    was=None,
                    missing_since=None,
                    next_try_at=None if state in FINAL_STATES else now,
                    updated_at=now,
                )
            )


def to_signed(number: int) -> int:
    """Inodes have 64 bits, and pooled and network file systems use the highest; SQLite has 63."""
    return number - 2**64 if number > MAX_SQLITE_INTEGER else number


PAGE_ROWS = 2000
"""Rows that are read at once."""

_RESET_COUNTERS_SQL = "attempts = 0, crashes = 0, job_id = NULL, reason = '', cure = ''"
_REPLACED_CONTENT_SQL = (
    "previous_content_id = coalesce(content_id, previous_content_id), content_id = NULL, "
    "was = NULL, missing_since = NULL"
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
            "SELECT path, size, mtime_ns, beside FROM files "
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
                "INSERT INTO files (library, path, device, inode, size, mtime_ns, beside, state, "
                "priority, steady_since, updated_at, next_try_at) "
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
                f"beside = ?, priority = {self._tokens.least_function}(priority, ?), steady_since = ?, "
                "updated_at = ?, "
                f"next_try_at = ?, {_RESET_COUNTERS_SQL}, {_REPLACED_CONTENT_SQL}, "
                f"looks = CASE state WHEN '{FileState.GROWING}' THEN looks ELSE 0 END, "
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
                    f"UPDATE files SET state = '{FileState.STABILISING}', next_try_at = ?, {_RESET_COUNTERS_SQL} "
                    f"WHERE path = ? AND beside {differs} ? AND state IN ({_AFFECTED_BY_SIDECARS_SQL})",
                    [(now, path, mark) for path, _, mark in diff.sidecars_changed],
                )
            execute_many(
                connection,
                "UPDATE files SET beside = ? WHERE path = ?",
                [(mark, path) for path, _, mark in diff.sidecars_changed],
            )
            # Only now: of what was missing nobody knows which subtitles it had.
            mark_returned(connection, [path for path, _, _ in diff.sidecars_changed], now)
            execute_many(
                connection,
                "UPDATE files SET next_try_at = ? WHERE path = ? "
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
