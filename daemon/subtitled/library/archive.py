"""Copies of sidecars that were removed or replaced, in the state folder."""

from __future__ import annotations

import hashlib
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRecord
from subtitled.db.state_folder import REMOVED_FOLDER
from subtitled.subtitles.publish import publish_sidecar


class SidecarArchive:
    """The folder of copies. Each is found by its SHA-256 and format."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._folder = db.path.parent / REMOVED_FOLDER

    def keep(self, content: bytes, fmt: str) -> None:
        """Store a copy durably.

        Raises:
            SubtitledError: It cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        self._folder.mkdir(mode=0o700, exist_ok=True)
        publish_sidecar(self._path(digest, fmt), content, own_digest=None)

    def find(self, sha256: str, fmt: str) -> bytes | None:
        """Return a copy, or None if it is not there."""
        return read_archived(self._folder, sha256, fmt)

    def discard(self, sha256: str, record: SidecarRecord) -> None:
        """Delete a copy that a sidecar needs no more, unless that of another media file may.

        Media files of one fingerprint may have sidecars of the same content, and one copy of it.

        Args:
            sha256: The SHA-256 of the copy.
            record: The sidecar.
        """
        for other in self._db.sidecars.with_fingerprint(record.fingerprint):
            before = other.replaced.sha256 if other.replaced is not None else ""
            if other.path != record.path and sha256 in (other.sha256, before):
                return
        self._path(sha256, record.format).unlink(missing_ok=True)

    def _path(self, sha256: str, fmt: str) -> Path:
        return self._folder / f"{sha256}.{fmt}"


def read_archived(folder: Path, sha256: str, fmt: str) -> bytes | None:
    """Return a copy in the folder of copies, or None if it is not there."""
    try:
        return (folder / f"{sha256}.{fmt}").read_bytes()
    except FileNotFoundError:
        return None
