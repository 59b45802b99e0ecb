"""Unlocking approved sidecars, and bringing back the version that we made."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from subtitled.db.approvals import record_machine_version
from subtitled.db.database import Database
from subtitled.db.history import HistoryEvent
from subtitled.db.sidecars import Also, SidecarRecord
from subtitled.library.archive import SidecarArchive
from subtitled.library.removal import RemovalResult
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import ForeignFileError, delete_own, publish_sidecar

from .locks import describe_change, formats_of, read_sidecar

_CHANGED = "kept: it was changed meanwhile"
_TAKEN_BACK = "approval taken back: the version that we made is there again"


def approved_formats(db: Database, sidecar: Path) -> list[tuple[SidecarRecord, Signature]]:
    """Return the approved sidecars of the subtitle that a sidecar holds, with their signatures."""
    record = db.sidecars.get(sidecar)
    if record is None:
        return []
    return [
        (other, signature)
        for other in formats_of(db, record)
        if (signature := db.sidecars.approval(other.path)) is not None
    ]


def unlock(db: Database, sidecar: Path, user: str, also: Also | None = None) -> tuple[Path, ...]:
    """Take the approval off a sidecar and off its other formats. The files stay as they are.

    They are edited ones from then on: nothing writes to them by itself, but a person may have them
    made again.

    Args:
        db: The database.
        sidecar: One of the files.
        user: Who asks.
        also: What else is written in the transaction that records it.

    Returns:
        The files that were locked.

    Raises:
        SubtitledError: A file cannot be changed.
    """
    approved = approved_formats(db, sidecar)
    for record, signature in approved:
        db.sidecars.remove_approval(record.path, signature)
    paths = tuple(record.path for record, _ in approved)
    known = db.sidecars.get(sidecar)
    if known is not None:
        entry = None
        if approved:
            entry = describe_change(db, HistoryEvent.UNLOCKED, known, user, paths)
        db.sidecars.record_unlocked(known.media, entry, also)
    return paths


def restore_machine_version(
    db: Database, sidecar: Path, on_reopened: Also | None = None
) -> list[RemovalResult]:
    """Bring back what we made before a person approved it, in every format.

    The approved files are kept in the state folder. A format that there was only since the approval
    is removed. The review of the subtitle is open again.

    Args:
        db: The database.
        sidecar: One of the approved files.
        on_reopened: What else is written in the transaction in which the review is open again.

    Returns:
        What became of each approved file.

    Raises:
        SubtitledError: A file cannot be written.
    """
    results = []
    for record, approved in approved_formats(db, sidecar):
        results.append(RemovalResult(record.path, _restore_one(db, record, approved)))
        if db.sidecars.approval(record.path) is None:
            _record_restored(db, record, (approved.sha256, approved.machine_sha256), on_reopened)
    return results


def record_restored(
    db: Database, record: SidecarRecord, approved_sha256: str, on_reopened: Also | None = None
) -> RemovalResult:
    """Record that the version that we made is there again, after it was only written.

    Args:
        db: The database.
        record: The sidecar, which has our version.
        approved_sha256: SHA-256 of the approved version, as its review has it.
        on_reopened: As for :func:`restore_machine_version`.
    """
    _record_restored(db, record, (approved_sha256, record.sha256), on_reopened)
    return RemovalResult(record.path, _TAKEN_BACK)


def _record_restored(
    db: Database, record: SidecarRecord, before_and_now: tuple[str, str], on_reopened: Also | None
) -> None:
    approved_sha256, sha256 = before_and_now
    also = partial(
        record_machine_version, approved_sha256=approved_sha256, sha256=sha256, also=on_reopened
    )
    db.sidecars.record_unlocked(record.media, also=also)


def _restore_one(db: Database, record: SidecarRecord, approved: Signature) -> str:
    archive, path = SidecarArchive(db), record.path
    content = read_sidecar(path)
    if content is None or db.sidecars.approval(path) != approved:
        return _CHANGED
    if not approved.machine_sha256:
        archive.keep(content, record.format)
        if not delete_own(path, approved.sha256):
            return _CHANGED
        db.sidecars.forget_approval(approved)
        db.sidecars.delete(path)
        return "removed: only the approved version had this format"
    ours = archive.find(approved.machine_sha256, record.format)
    if ours is None:
        return "kept: the version that we made is not kept any more"
    archive.keep(content, record.format)
    description = SidecarDescription(
        name=path.name,
        fingerprint=record.fingerprint,
        language=record.language,
        kind=record.kind,
        format=record.format,
        variant=record.variant,
        makers=record.makers,
    )
    signature = Signature.create(ours, description)
    try:
        publish_sidecar(path, ours, own_digest=approved.sha256, signature=signature)
    except ForeignFileError:
        return _CHANGED
    db.sidecars.forget_approval(approved)
    db.sidecars.record_written(
        path, record.media, signature, is_user_requested=record.is_user_requested
    )
    return _TAKEN_BACK
