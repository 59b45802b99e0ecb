"""Taking away what we wrote, and bringing it back: when somebody else's came, or by hand.

What is taken away is kept in the state folder, so that it can be brought back as it was. Only what
we wrote, as we wrote it, is ever taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.db.state_folder import REMOVED_FOLDER
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import (
    ForeignFileError,
    compute_sha256,
    delete_own,
    publish_sidecar,
)


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
    """Takes sidecars away and brings them back, over a ledger and its state folder."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._folder = db.path.parent / REMOVED_FOLDER

    def yield_to_others(self, media: Path, redundant: Sequence[RedundantSidecar]) -> list[Path]:
        """Take away what is no longer needed since somebody else's came; what was taken.

        Only what came later counts: ours was made because, at that time, nothing else was there
        that counted. What a person asked for stays.
        """
        taken = []
        for ours in redundant:
            path = media.with_name(ours.name)
            record = self._db.sidecars.get(path)
            if record is None or record.is_user_requested or record.media != media:
                continue
            later = any(
                _arrival_time(media.with_name(name)) > record.created_at
                for name in ours.replaced_by
            )
            if later and self._move_to_archive(record, SidecarStatus.YIELDED):
                taken.append(path)
        return taken

    def remove(self, records: Sequence[SidecarRecord]) -> list[RemovalResult]:
        """Take away what we wrote, because a person said so."""
        return [RemovalResult(record.path, self._remove_one(record)) for record in records]

    def restore(self, records: Sequence[SidecarRecord]) -> list[RemovalResult]:
        """Bring back what was taken away. From then on a person has asked for it."""
        return [RemovalResult(record.path, self._restore_one(record)) for record in records]

    def _remove_one(self, record: SidecarRecord) -> str:
        if record.status is not SidecarStatus.PRESENT:
            self._db.sidecars.set_status(record.path, SidecarStatus.REMOVED_BY_USER)
            return "was taken away before; it is not made again"
        if self._move_to_archive(record, SidecarStatus.REMOVED_BY_USER):
            return "taken away"
        if compute_sha256(record.path) is None:
            self._db.sidecars.set_status(record.path, SidecarStatus.REMOVED_BY_USER)
            return "was gone already; it is not made again"
        return "left alone: somebody edited or replaced it"

    def _restore_one(self, record: SidecarRecord) -> str:
        archived = self._archive_path(record)
        try:
            fingerprint = archived.read_bytes()
        except FileNotFoundError:
            self._db.sidecars.delete(record.path)
            return "is no longer kept; it is made again"
        signature_record = Signature(
            fingerprint=record.fingerprint,
            name=record.path.name,
            language=record.language,
            kind=record.kind,
            format=record.format,
            variant=record.variant,
            created_at=record.created_at,
            sha256=record.sha256,
            size_bytes=len(fingerprint),
        )
        try:
            publish_sidecar(record.path, fingerprint, own_digest=None, signature=signature_record)
        except ForeignFileError:
            return "left away: somebody else's has its name now"
        self._db.sidecars.record_written(
            record.path, record.media, signature_record, is_user_requested=True
        )
        archived.unlink(missing_ok=True)
        return "brought back"

    def _move_to_archive(self, record: SidecarRecord, status: SidecarStatus) -> bool:
        """Take one away, kept first: a crash in between leaves it in both places."""
        try:
            fingerprint = record.path.read_bytes()
        except OSError:
            return False
        if self._db.sidecars.own_digest(record.path, record.fingerprint) != record.sha256:
            return False
        self._folder.mkdir(mode=0o700, exist_ok=True)
        publish_sidecar(self._archive_path(record), fingerprint, own_digest=record.sha256)
        if not delete_own(record.path, record.sha256):
            return False
        self._db.sidecars.set_status(record.path, status)
        return True

    def _archive_path(self, record: SidecarRecord) -> Path:
        return self._folder / f"{record.sha256}.{record.format}"


def _arrival_time(path: Path) -> float:
    """When a file came to lie where it lies, or was last touched; in seconds since 1970.

    Not its time of modification, which downloads and copies bring with them.
    """
    try:
        return path.stat().st_ctime
    except OSError:
        return 0.0
