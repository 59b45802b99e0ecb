"""Removing sidecars of ours, and restoring them.

Removed sidecars are kept in the state folder. Only unedited sidecars of ours are ever removed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.subtitles.publish import (
    ForeignFileError,
    compute_sha256,
    delete_own,
    publish_sidecar,
)

from .archive import SidecarArchive


@dataclass(frozen=True, slots=True)
class RedundantSidecar:
    """The name of a sidecar of ours, and of the human sidecars that serve in its place."""

    name: str
    replaced_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RemovalResult:
    """What became of one sidecar, in words."""

    path: Path
    outcome: str


class SidecarRemover:
    """Removes and restores sidecars."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._archive = SidecarArchive(db)

    def yield_to_others(self, media: Path, redundant: Sequence[RedundantSidecar]) -> list[Path]:
        """Remove sidecars that human ones made redundant.

        Only human sidecars that arrived later count: when ours was made, nothing else sufficed. A
        sidecar that a person asked for stays.

        Args:
            media: The media file.
            redundant: The result of :func:`subtitled.policy.coverage.find_redundant`.

        Returns:
            The paths that were removed.
        """
        removed = []
        for ours in redundant:
            path = media.with_name(ours.name)
            record = self._db.sidecars.get(path)
            if record is None or record.is_user_requested or record.media != media:
                continue
            is_newer = any(
                _arrival_time(media.parent / name) > record.created_at for name in ours.replaced_by
            )
            if is_newer and self._move_to_archive(record, SidecarStatus.YIELDED):
                removed.append(path)
        return removed

    def remove(self, records: Sequence[SidecarRecord]) -> list[RemovalResult]:
        """Remove sidecars because a person asked for it."""
        return [RemovalResult(record.path, self._remove_one(record)) for record in records]

    def restore(self, records: Sequence[SidecarRecord]) -> list[RemovalResult]:
        """Restore removed sidecars. They count as requested by a person from then on."""
        return [RemovalResult(record.path, self._restore_one(record)) for record in records]

    def _remove_one(self, record: SidecarRecord) -> str:
        if record.status is not SidecarStatus.PRESENT:
            self._db.sidecars.set_status(record.path, SidecarStatus.REMOVED_BY_USER)
            return "was removed before; it is not made again"
        if self._move_to_archive(record, SidecarStatus.REMOVED_BY_USER):
            return "removed"
        if compute_sha256(record.path) is None:
            self._db.sidecars.set_status(record.path, SidecarStatus.REMOVED_BY_USER)
            return "was missing already; it is not made again"
        return "kept: it was edited or replaced"

    def _restore_one(self, record: SidecarRecord) -> str:
        content = self._archive.find(record.sha256, record.format)
        if content is None:
            self._db.sidecars.delete(record.path)
            return "is not kept any more; it is made again"
        signature = record.to_signature(len(content))
        try:
            publish_sidecar(record.path, content, own_digest=None, signature=signature)
        except ForeignFileError:
            return "not restored: a human or approved subtitle has its name now"
        self._db.sidecars.record_written(
            record.path,
            record.media,
            signature,
            is_user_requested=True,
            replaced=record.replaced,
        )
        self._archive.discard(record.sha256, record)
        return "restored"

    def _move_to_archive(self, record: SidecarRecord, status: SidecarStatus) -> bool:
        """Store a copy of a sidecar, then delete it. After a crash in between both exist."""
        try:
            content = record.path.read_bytes()
        except OSError:
            return False
        if self._db.sidecars.own_digest(record.path, record.fingerprint) != record.sha256:
            return False
        self._archive.keep(content, record.format)
        if not delete_own(record.path, record.sha256):
            return False
        self._db.sidecars.set_status(record.path, status)
        return True


def _arrival_time(path: Path) -> float:
    """Return when a file was put or changed where it is, in seconds since 1970.

    The modification time does not tell, because downloads and copies keep that of their source.
    """
    try:
        return path.stat().st_ctime
    except OSError:
        return 0.0
