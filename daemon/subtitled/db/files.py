"""The files of the database one at a time: by fingerprint, by folder, missing or claimed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .engine import BytePosition, write_transaction
from .overview import forget_overview
from .records import ACTIVE_STATES, FileRecord, FileState, record_from_row
from .review_schema import reviews
from .schema import files

REPLACED_CONTENT_VALUES: dict[str, Any] = {
    "previous_fingerprint": sa.func.coalesce(files.c.fingerprint, files.c.previous_fingerprint),
    "fingerprint": None,
}
"""The columns to set when other content is found at a path.

The old fingerprint is kept, because the new file may be the same programme in a better copy.
"""

MAX_SQLITE_INTEGER = 2**63 - 1
"""The largest integer that SQLite stores."""
MAX_SAME_CONTENT = 50
"""The largest number of files with one fingerprint that are considered.

A library may contain thousands of empty files.
"""


class FileRepository:
    """The ``files`` table, one file or a few at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def get(self, path: Path) -> FileRecord | None:
        """Return the record of a path, or None."""
        return self._fetch_one(files.c.path == os.fsencode(path))

    def get_by_id(self, file_id: int) -> FileRecord | None:
        """Return the record of a number, or None."""
        return self._fetch_one(files.c.id == file_id)

    def known_fingerprint(self, stat: os.stat_result) -> str | None:
        """Return the fingerprint of a file with this inode, size and modification time, or None.

        A renamed file or a hard link has the same three values, so it need not be read again.
        """
        if not stat.st_ino:  # some network file systems have no inodes and report 0
            return None
        query = sa.select(files.c.fingerprint).where(
            files.c.device == to_signed(stat.st_dev),
            files.c.inode == to_signed(stat.st_ino),
            files.c.size == stat.st_size,
            files.c.mtime_ns == stat.st_mtime_ns,
            files.c.fingerprint.is_not(None),
        )
        with self._engine.connect() as c:
            fingerprint: str | None = c.execute(query.limit(1)).scalar()
            return fingerprint

    def set_fingerprint(self, file_id: int, fingerprint: str) -> None:
        """Store a new fingerprint, and keep the one before as the previous one."""
        values = REPLACED_CONTENT_VALUES | {"fingerprint": fingerprint}
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**values))

    def raise_priority(self, file_id: int, priority: int) -> None:
        """Make a file more urgent. A file that is more urgent already keeps its priority."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.id == file_id, files.c.priority > priority)
                .values(priority=priority)
            )

    def with_fingerprint(self, fingerprint: str) -> list[FileRecord]:
        """Return the files with a fingerprint.

        They are hard links, copies, and the old path of a moved file.

        At most :data:`MAX_SAME_CONTENT` are returned, missing and quarantined files first.
        """
        comes_first = files.c.state.in_([FileState.MISSING, FileState.QUARANTINED])
        query = (
            sa.select(files)
            .where(files.c.fingerprint == fingerprint)
            .order_by(comes_first.desc(), files.c.id)
            .limit(MAX_SAME_CONTENT)
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def has_active_twin(self, fingerprint: str, excluded_id: int | None) -> bool:
        """Return whether a file with this fingerprint is active, other than the excluded one."""
        query = sa.select(files.c.id).where(
            files.c.fingerprint == fingerprint, files.c.state.in_(ACTIVE_STATES)
        )
        if excluded_id is not None:
            query = query.where(files.c.id != excluded_id)
        with self._engine.connect() as c:
            return c.execute(query.limit(1)).first() is not None

    def claim(self, record: FileRecord, worker: str) -> FileRecord | None:
        """Claim the job of a file for a worker.

        Returns:
            None if the job was claimed. Otherwise the file with the same fingerprint that another
            worker is processing, and nothing was changed.
        """
        is_other_worker = sa.and_(
            files.c.fingerprint == record.fingerprint,
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
                    hint="",
                    progress="",
                    progress_share=None,
                    progress_since=time.time(),
                    next_check_at=None,
                    updated_at=time.time(),
                )
            )
        return None

    def in_folder(self, folder: Path) -> list[FileRecord]:
        """Return the files in a folder, without those in its subfolders."""
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
        """Return the files in the folder of ``path`` with the same name but for the extension.

        They share the names of their sidecars.
        """
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
        """Delete the record of a moved file's old path.

        The new one gets its failures and its reviews.
        """
        with self._engine.begin() as c:
            is_reviewed = reviews.c.file_id == old_record.id
            c.execute(reviews.update().where(is_reviewed).values(file_id=new_record.id))
            c.execute(files.delete().where(files.c.id == old_record.id))
            c.execute(
                files.update()
                .where(files.c.id == new_record.id)
                .values(
                    attempts=old_record.attempts,
                    crashes=old_record.crashes,
                    priority=min(new_record.priority, old_record.priority),
                    added_at=old_record.added_at,
                )
            )

    def sample(self, library: str, root: Path, limit: int) -> list[FileRecord]:
        """Return some random files of a library below a folder, without missing ones."""
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

    def mark_missing(self, file_id: int, now: float, reason: str | None = None) -> None:
        """Record that a file does not exist at present.

        Its state is kept for its return, and its job is dropped. The record of a file that was
        never read is deleted.

        Args:
            file_id: The file.
            now: Seconds since 1970.
            reason: Why it is not there; None to keep what is said of its state.
        """
        said = {} if reason is None else {"reason": reason}
        with self._engine.begin() as c:
            c.execute(
                files.delete().where(
                    files.c.id == file_id,
                    files.c.state == FileState.STABILISING,
                    files.c.fingerprint.is_(None),
                    files.c.previous_fingerprint.is_(None),
                )
            )
            c.execute(
                files.update()
                .where(files.c.id == file_id, files.c.state != FileState.MISSING)
                .values(
                    state=FileState.MISSING,
                    previous_state=files.c.state,
                    missing_since=now,
                    job_id=None,
                    progress="",
                    next_check_at=None,
                    sidecar_hash=None,  # so that the scan that finds it again sees a difference
                    updated_at=now,
                    **said,
                )
            )
            forget_overview(c, file_id)

    def forget_missing(self, library: str, before: float) -> int:
        """Delete the files of a library that went missing before a time, and return how many."""
        with self._engine.begin() as c:
            return c.execute(
                files.delete().where(
                    files.c.library == library,
                    files.c.state == FileState.MISSING,
                    files.c.missing_since < before,
                )
            ).rowcount

    def remap_device(self, library: str, old: int, new: int) -> None:
        """Replace the device number of a library's files.

        It may change when the machine restarts.
        """
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.library == library, files.c.device == to_signed(old))
                .values(device=to_signed(new))
            )

    def _fetch_one(self, condition: sa.ColumnElement[bool]) -> FileRecord | None:
        with self._engine.connect() as c:
            row = c.execute(sa.select(files).where(condition)).mappings().first()
        return record_from_row(row) if row is not None else None


def to_signed(number: int) -> int:
    """Convert an unsigned integer of 64 bits to a signed one.

    Network and pooled file systems use inodes above the largest integer of SQLite.
    """
    return number - 2**64 if number > MAX_SQLITE_INTEGER else number
