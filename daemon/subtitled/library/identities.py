"""The ledger's pages of identity: the same content at other paths, and files that are missing."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from .database import Position, writing
from .identity import content_id
from .records import AT_WORK, DECIDED, FileRecord, FileState, file_record
from .schema import files, sidecars
from .sidecars import Fate

CHANGED: dict[str, Any] = {
    "previous_content_id": sa.func.coalesce(files.c.content_id, files.c.previous_content_id),
    "content_id": None,
}
"""What becomes of a row when other content lies at its path. The old one may be of use: the new
file may be the same programme in a better copy."""

MOST = 2**63 - 1
"""The largest number that SQLite takes."""
ALIKE = 50
"""Files of one content that are looked at: a library may hold thousands of empty ones."""
_KEPT = frozenset({*DECIDED, FileState.RETRYING})
"""States that a file comes back with; from others it settles anew."""


class Identities:
    """Files by content and inode in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def content_of(self, path: Path) -> str:
        """The content identity of a file: remembered of its inode, size and time, or read.

        A file that was renamed, or is a hard link, so costs one stat. Raises ``OSError``.
        """
        stat = path.stat()
        query = sa.select(files.c.content_id).where(
            files.c.device == signed(stat.st_dev),
            files.c.inode == signed(stat.st_ino),
            files.c.size == stat.st_size,
            files.c.mtime_ns == stat.st_mtime_ns,
            files.c.content_id.is_not(None),
        )
        with self._engine.connect() as c:
            # Some network file systems have no inodes: there all are 0.
            known = c.execute(query.limit(1)).scalar() if stat.st_ino else None
        return known or content_id(path)

    def keep_content(self, file_id: int, content: str) -> None:
        """Remember what lies at a path, as read just now, and what lay there before."""
        now = CHANGED | {"content_id": content}
        with self._engine.begin() as c:
            c.execute(files.update().where(files.c.id == file_id).values(**now))

    def hurry(self, file_id: int, priority: int) -> None:
        """A file comes sooner, never later, than it would have."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.id == file_id, files.c.priority > priority)
                .values(priority=priority)
            )

    def with_content(self, content: str) -> list[FileRecord]:
        """The files of one content: hard links, copies, the old name of a renamed one.

        Of more than :data:`ALIKE` those that are missing or quarantined come first.
        """
        telling = files.c.state.in_([FileState.MISSING, FileState.QUARANTINED])
        query = (
            sa.select(files)
            .where(files.c.content_id == content)
            .order_by(telling.desc(), files.c.id)
            .limit(ALIKE)
        )
        with self._engine.connect() as c:
            return [file_record(row) for row in c.execute(query).mappings()]

    def at_work(self, content: str, besides: int) -> bool:
        """Whether another file of a content is queued or worked on."""
        query = sa.select(files.c.id).where(
            files.c.content_id == content,
            files.c.id != besides,
            files.c.state.in_(AT_WORK),
        )
        with self._engine.connect() as c:
            return c.execute(query.limit(1)).first() is not None

    def begin(self, record: FileRecord, worker: str) -> FileRecord | None:
        """A process begins with a file's job: the other file of the same content that another one
        works on just now, so that nothing was begun, or None."""
        others = sa.and_(
            files.c.content_id == record.content_id,
            files.c.id != record.id,
            files.c.state == FileState.WORKING,
            files.c.worker != worker,
        )
        with writing(self._engine) as c:
            other = c.execute(sa.select(files).where(others).limit(1)).mappings().first()
            if other is not None:
                return file_record(other)
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
            Position(name, b"/") == 0,
        )
        with self._engine.connect() as c:
            return [file_record(row) for row in c.execute(query).mappings()]

    def namesakes(self, path: Path) -> list[FileRecord]:
        """The other files in a folder that are called the same but for the ending: they share the
        names of their sidecars."""
        key = os.fsencode(path.with_name(path.stem)) + b"."
        ending = sa.func.substr(files.c.path, len(key) + 1)
        query = sa.select(files).where(
            files.c.path > key,
            files.c.path < key[:-1] + b"/",  # the byte after "."
            files.c.path != os.fsencode(path),
            Position(ending, b"/") == 0,
        )
        with self._engine.connect() as c:
            found = [file_record(row) for row in c.execute(query).mappings()]
        return [one for one in found if one.path.stem == path.stem]

    def inherit(self, heir: FileRecord, old: FileRecord) -> None:
        """A file was moved: what made it fail at its old path counts at its new one."""
        with self._engine.begin() as c:
            c.execute(files.delete().where(files.c.id == old.id))
            c.execute(
                files.update()
                .where(files.c.id == heir.id)
                .values(
                    attempts=old.attempts,
                    crashes=old.crashes,
                    priority=min(heir.priority, old.priority),
                )
            )

    def some_of(self, library: str, root: Path, most: int) -> list[FileRecord]:
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
            .limit(most)
        )
        with self._engine.connect() as c:
            return [file_record(row) for row in c.execute(query).mappings()]

    def missing(self, file_id: int, now: float) -> None:
        """A file is not there. What it was is remembered, and any work on it is off; one that was
        never looked into is forgotten."""
        with self._engine.begin() as c:
            c.execute(
                files.delete().where(
                    files.c.id == file_id,
                    files.c.state == FileState.SETTLING,
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

    def renumbered(self, library: str, old: int, new: int) -> None:
        """The disk of a library has another number than before, as after a restart."""
        with self._engine.begin() as c:
            c.execute(
                files.update()
                .where(files.c.library == library, files.c.device == signed(old))
                .values(device=signed(new))
            )


def returned(c: sa.Connection, paths: Sequence[bytes], now: float) -> None:
    """Files are there as they were: those that were missing are again what they were.

    Unless a sidecar of ours did not come back with them: then they are looked at anew.
    """
    for begin in range(0, len(paths), 500):
        query = sa.select(files).where(
            files.c.path.in_(paths[begin : begin + 500]), files.c.state == FileState.MISSING
        )
        for row in c.execute(query).mappings().all():
            known = file_record(row)
            made = c.execute(
                sa.select(sidecars.c.path).where(
                    sidecars.c.medium == row["path"], sidecars.c.fate == Fate.THERE
                )
            )
            whole = all(os.path.lexists(sidecar.path) for sidecar in made)
            state = known.was if known.was in _KEPT and whole else FileState.SETTLING
            c.execute(
                files.update()
                .where(files.c.id == known.id)
                .values(
                    state=state,
                    was=None,
                    missing_since=None,
                    next_try_at=None if state in DECIDED else now,
                    updated_at=now,
                )
            )


def signed(number: int) -> int:
    """Inodes have 64 bits, and pooled and network file systems use the highest; SQLite has 63."""
    return number - 2**64 if number > MOST else number
