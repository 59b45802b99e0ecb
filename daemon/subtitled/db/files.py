"""The files of the database one at a time: by fingerprint, by folder, missing, claimed."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .engine import BytePosition, write_transaction
from .records import ACTIVE_STATES, FileRecord, FileState, record_from_row
from .schema import files

REPLACED_CONTENT_VALUES: dict[str, Any] = {
    "previous_fingerprint": sa.func.coalesce(files.c.fingerprint, files.c.previous_fingerprint),
    "fingerprint": None,
}
"""What becomes of a row when other content lies at its path. The old one may be of use: the new
file may be the same programme in a better copy."""

MAX_SQLITE_INTEGER = 2**63 - 1
"""The largest number that SQLite takes."""
MAX_SAME_CONTENT = 50
"""Files of one content that are looked at: a library may hold thousands of empty ones."""


class FileRepository:
    """Files by content and inode in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def known_fingerprint(self, stat: os.stat_result) -> str | None:
        """Find the stored fingerprint of a file by its inode, size and modification time.

        A renamed file or a hard link has the same three values, so it need not be read again.
        """
        if not stat.st_ino:  # some network file systems have no inodes: there all are 0
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
        """Remember what lies at a path, as read just now, and what lay there before."""
        values = REPLACED_CONTENT_VALUES | {"fingerprint": fingerprint}
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
            .where(files.c.fingerprint == fingerprint)
            .order_by(comes_first.desc(), files.c.id)
            .limit(MAX_SAME_CONTENT)
        )
        with self._engine.connect() as c:
            return [record_from_row(row) for row in c.execute(query).mappings()]

    def has_active_twin(self, fingerprint: str, excluded_id: int) -> bool:
        """Whether another file of a content is queued or worked on."""
        query = sa.select(files.c.id).where(
            files.c.fingerprint == fingerprint,
            files.c.id != excluded_id,
            files.c.state.in_(ACTIVE_STATES),
        )
        with self._engine.connect() as c:
            return c.execute(query.limit(1)).first() is not None

    def claim(self, record: FileRecord, worker: str) -> FileRecord | None:
        """A process begins with a file's job: the other file of the same content that another one
        works on just now, so that nothing was begun, or None."""
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
                    next_check_at=None,
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
                    sidecar_hash=None,  # so that a walk that finds it again sees a difference
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


def to_signed(number: int) -> int:
    """Inodes have 64 bits, and pooled and network file systems use the highest; SQLite has 63."""
    return number - 2**64 if number > MAX_SQLITE_INTEGER else number
