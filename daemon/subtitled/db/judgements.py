"""Judgements of texts by their content, and the hashes of the contents of files.

A file whose identity has not changed is not read again. Rows are written many at a time, because
each transaction waits for the disk, and a lost row costs one more reading.
"""

from __future__ import annotations

import logging
import os
import stat
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from subtitled.plugin.limits import is_disk_error, is_out_of_resources
from subtitled.subtitles.publish import compute_sha256

from .engine import upsert_insert
from .schema import content_hashes, files, text_judgements

if TYPE_CHECKING:  # most commands read no judgement, and the readers of all formats come with it
    from subtitled.subtitles.judgement import TextJudgement

_log = logging.getLogger(__name__)

MAX_PENDING_ROWS = 200
"""Rows that wait for the database at most."""
MAX_PENDING_SECONDS = 5.0
"""Seconds after which waiting rows are written with the next one."""
MAX_FOLDERS_DEEP = 3
"""Folders from the one of a media file downwards in which its subtitles may lie."""
MIN_AGE_NS = 2_000_000_000
"""Nanoseconds since the last change of a file before its hash is kept. A file system that counts
coarsely may give two changes the same time."""

_FIND_JUDGEMENT = sa.select(text_judgements.c.judgement).where(
    text_judgements.c.key == sa.bindparam("wanted")
)
_FIND_HASH = sa.select(content_hashes).where(content_hashes.c.path == sa.bindparam("wanted"))


class JudgementRepository:
    """The ``text_judgements`` and ``content_hashes`` tables. Threads may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._judgements: dict[str, str] = {}
        self._hashes: dict[bytes, dict[str, Any]] = {}
        self._written_at = time.monotonic()

    def find(self, key: str) -> TextJudgement | None:
        """Return the stored judgement of a text, or None."""
        with self._lock:
            payload = self._judgements.get(key)
        if payload is None:
            with self._engine.connect() as c:
                payload = c.execute(_FIND_JUDGEMENT, {"wanted": key}).scalar()
        if payload is None:
            return None
        from subtitled.subtitles.judgement import TextJudgement

        return TextJudgement.from_json(payload)

    def store(self, key: str, judgement: TextJudgement) -> None:
        """Store the judgement of a text."""
        with self._lock:
            self._judgements[key] = judgement.to_json()
        self._flush_if_due()

    def content_hash(self, path: Path) -> str | None:
        """Return the SHA-256 of a regular file, which is read only if it has changed.

        Returns:
            None if there is no such file, or it cannot be read.

        Raises:
            OSError: The process has no descriptors or memory left, or the disk fails.
        """
        try:
            status = path.lstat()
            if not stat.S_ISREG(status.st_mode):
                return None
        except OSError as error:
            if is_out_of_resources(error) or is_disk_error(error):
                raise  # nothing is known of the file, so nothing may be decided
            return None
        key = os.fsencode(path)
        identity = {
            "inode": _signed(status.st_ino),
            "size": status.st_size,
            "mtime_ns": status.st_mtime_ns,
            "ctime_ns": status.st_ctime_ns,
        }
        stored = self._find_hash(key)
        if stored is not None and all(stored[name] == identity[name] for name in identity):
            return str(stored["sha256"])
        try:
            digest = compute_sha256(path)
        except OSError as error:
            if is_out_of_resources(error) or is_disk_error(error):
                raise
            return None
        if digest is None:
            return None
        newest = max(status.st_mtime_ns, status.st_ctime_ns)
        if time.time_ns() - newest > MIN_AGE_NS:
            with self._lock:
                self._hashes[key] = {"path": key, **identity, "sha256": digest}
            self._flush_if_due()
        return digest

    def flush(self) -> None:
        """Write the waiting rows."""
        with self._lock:
            judgements, self._judgements = self._judgements, {}
            hashes, self._hashes = self._hashes, {}
            self._written_at = time.monotonic()
        if not judgements and not hashes:
            return
        try:
            self._write(judgements, hashes)
        except sa.exc.SQLAlchemyError as error:
            _log.warning("judgements of subtitles are not kept: %s", error)

    def prune(self) -> int:
        """Delete what belongs to no media file any more, and return how many rows there were.

        Those are hashes of files in folders that hold no media file, also not a few levels above,
        and judgements of contents and media files that are not known any more. No folder is looked
        at: its disk may be away.
        """
        self.flush()
        with self._engine.connect() as c:
            rows = c.execute(sa.select(files.c.path, files.c.fingerprint)).all()
            hashes = c.execute(sa.select(content_hashes.c.path, content_hashes.c.sha256)).all()
            keys = c.execute(sa.select(text_judgements.c.key)).scalars().all()
        folders = {path.rpartition(b"/")[0] for path, _ in rows}
        gone = [path for path, _ in hashes if folders.isdisjoint(_folders_of(path))]
        lost = set(gone)
        kept = {digest for path, digest in hashes if path not in lost}
        kept.update(fingerprint for _, fingerprint in rows if fingerprint)
        unused = [
            key
            for key in keys
            if key.partition(":")[0] not in kept and key.rpartition(":")[0] not in kept
        ]
        with self._engine.begin() as c:
            if gone:
                is_gone = content_hashes.c.path == sa.bindparam("gone")
                c.execute(content_hashes.delete().where(is_gone), [{"gone": path} for path in gone])
            if unused:
                is_unused = text_judgements.c.key == sa.bindparam("unused")
                c.execute(
                    text_judgements.delete().where(is_unused), [{"unused": key} for key in unused]
                )
        return len(gone) + len(unused)

    def _write(self, judgements: dict[str, str], hashes: dict[bytes, dict[str, Any]]) -> None:
        with self._engine.begin() as c:
            if judgements:
                statement = upsert_insert(c, text_judgements)
                c.execute(
                    statement.on_conflict_do_update(
                        index_elements=["key"], set_={"judgement": statement.excluded.judgement}
                    ),
                    [{"key": key, "judgement": text} for key, text in sorted(judgements.items())],
                )
            if hashes:
                statement = upsert_insert(c, content_hashes)
                updated = {
                    column.name: statement.excluded[column.name]
                    for column in content_hashes.c
                    if column.name != "path"
                }
                c.execute(
                    statement.on_conflict_do_update(index_elements=["path"], set_=updated),
                    [hashes[key] for key in sorted(hashes)],
                )

    def _flush_if_due(self) -> None:
        with self._lock:
            count = len(self._judgements) + len(self._hashes)
            waited = time.monotonic() - self._written_at
        if count >= MAX_PENDING_ROWS or waited >= MAX_PENDING_SECONDS:
            self.flush()

    def _find_hash(self, key: bytes) -> Any:
        with self._lock:
            pending = self._hashes.get(key)
        if pending is not None:
            return pending
        with self._engine.connect() as c:
            return c.execute(_FIND_HASH, {"wanted": key}).mappings().first()


def _folders_of(path: bytes) -> list[bytes]:
    """Return the folder of a file and those above it in which its media file may lie."""
    folders = [path.rpartition(b"/")[0]]
    while len(folders) < MAX_FOLDERS_DEEP:
        folders.append(folders[-1].rpartition(b"/")[0])
    return folders


def _signed(number: int) -> int:
    """Return a number of 64 bits as databases store it, with a sign."""
    return number - (1 << 64) if number >= 1 << 63 else number
