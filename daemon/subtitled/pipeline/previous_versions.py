"""Bringing back the version of a subtitle that there was before it was made again."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.library.archive import SidecarArchive
from subtitled.library.removal import RemovalResult
from subtitled.subtitles.publish import ForeignFileError, publish_sidecar

from .locks import read_sidecar

_CHANGED = "kept: it was edited or replaced"


def has_previous_version(record: SidecarRecord) -> bool:
    """Return whether the version before a sidecar is kept."""
    return record.status is SidecarStatus.PRESENT and record.replaced is not None


def bring_back(db: Database, record: SidecarRecord) -> RemovalResult:
    """Replace a sidecar by the version before it. It is not made again by what made this one.

    A call that was interrupted may be repeated.

    Args:
        db: The database.
        record: A sidecar whose version before is kept.

    Raises:
        SubtitledError: The file cannot be written.
    """
    before, archive = record.replaced, SidecarArchive(db)
    assert before is not None
    content = archive.find(before.sha256, record.format)
    if content is None:
        db.upgrades.forget_previous(record.path)
        return RemovalResult(record.path, "kept: the version before is not kept any more")
    found = read_sidecar(record.path)
    digest = hashlib.sha256(found).hexdigest() if found is not None else None
    if digest is not None and digest not in (record.sha256, before.sha256):
        return RemovalResult(record.path, _CHANGED)
    signature = replace(before, name=record.path.name)
    try:
        publish_sidecar(record.path, content, own_digest=digest, signature=signature)
    except ForeignFileError:
        return RemovalResult(record.path, _CHANGED)
    db.sidecars.record_written(
        record.path, record.media, signature, is_user_requested=record.is_user_requested
    )
    db.upgrades.record_kept([record.path], record.makers, f"taken back from {record.makers}")
    archive.discard(before.sha256, record)
    return RemovalResult(record.path, f"the version of {before.makers or 'before'} is back")
