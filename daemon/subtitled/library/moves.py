"""Moving sidecars along with their media file.

Only unedited sidecars of ours and approved ones are moved, and only when the media file is gone
from its old path. Beside a hard link or a copy they stay. An edited sidecar belongs to its editor
and stays too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.records import AFFECTED_BY_SIDECARS, FileRecord, FileState
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.subtitles.filenames import (
    MAX_NAME_BYTES,
    SidecarName,
    is_sidecar_of,
    parse_sidecar_name,
)
from subtitled.subtitles.publish import compute_sha256, delete_own, move_own

from .availability import is_deleted


def adopt_moved_file(
    db: Database, record: FileRecord, fingerprint: str, cancel: Callable[[str], object]
) -> FileRecord | None:
    """Move to a media file what belongs to it at its old paths: sidecars and failures.

    Args:
        db: The database.
        record: The media file.
        fingerprint: Its fingerprint.
        cancel: Called with the job that is queued for an old path.

    Returns:
        The record, of this path or another, under which the content is quarantined, or None.

    Raises:
        SubtitledError: A folder cannot be written.
    """
    for sidecar in db.sidecars.with_fingerprint(fingerprint):
        if sidecar.media != record.path and not os.path.lexists(sidecar.media):
            _move_sidecar(db, sidecar, record.path)
    adopt_existing_sidecars(db, record.path, fingerprint)
    quarantined: FileRecord | None = None
    for candidate in db.files.with_fingerprint(fingerprint):
        if candidate.path == record.path:
            continue
        if (candidate.previous_state or candidate.state) is FileState.QUARANTINED:
            quarantined = candidate
        if is_deleted(candidate):
            # What a person approved for an earlier version of the film follows it as well.
            for sidecar in db.sidecars.of_media(candidate.path):
                if db.sidecars.approval(sidecar.path) is not None:
                    _move_sidecar(db, sidecar, record.path)
            # A job that is running continues, because every chunk that it transcribes is stored.
            if candidate.state is FileState.QUEUED and candidate.job_id:
                cancel(candidate.job_id)
            recheck_same_stem(db, candidate.path)
            db.files.merge_moved(record, candidate)
    return quarantined


def recheck_same_stem(db: Database, removed: Path) -> None:
    """Evaluate again the media files that shared the names of their sidecars with a removed one.

    The sidecars may have been those of the removed file. This must be called before its record is
    deleted, so that a crash loses neither.
    """
    _requeue_affected(db, db.files.same_stem(removed))


def remove_orphans(db: Database, fingerprint: str) -> None:
    """Delete our sidecars of a fingerprint whose media file is gone.

    A better copy with subtitles of its own has replaced it under another name.
    """
    for sidecar in db.sidecars.with_fingerprint(fingerprint):
        is_orphan = sidecar.status is SidecarStatus.PRESENT and not os.path.lexists(sidecar.media)
        if is_orphan and delete_own(sidecar.path, sidecar.sha256):
            db.sidecars.delete(sidecar.path)


def remove_renamed_duplicates(db: Database, media: Path, path: Path) -> None:
    """Delete older sidecars of ours of the same kind beside a media file.

    A sidecar may get another name than before when the settings of its library change.
    """
    for old in db.sidecars.of_media(media):
        if (
            old.path != path
            and old.status is SidecarStatus.PRESENT
            and old.path.parent == path.parent
            and _parse_untitled_sidecar(media.name, old.path.name)
            == _parse_untitled_sidecar(media.name, path.name)
            and delete_own(old.path, old.sha256)
        ):
            db.sidecars.delete(old.path)


def _parse_untitled_sidecar(media_name: str, name: str) -> SidecarName | None:
    """Parse the name of a sidecar, without its title."""
    parsed = parse_sidecar_name(media_name, name)
    return replace(parsed, title="") if parsed is not None else None


def adopt_existing_sidecars(db: Database, media: Path, fingerprint: str) -> None:
    """Record the sidecars of ours beside a media file that the database does not know.

    Raises:
        OSError: The folder cannot be read.
    """
    for path in media.parent.iterdir():
        if is_sidecar_of(media.name, path.name):
            db.sidecars.adopt_signed(path, media, fingerprint)


def _move_sidecar(db: Database, sidecar: SidecarRecord, media: Path) -> None:
    """Move one sidecar and its record to the new name of its media file."""
    target = _target_path(sidecar, media)
    if target is None:
        return
    approved = db.sidecars.approval(sidecar.path)
    digest = approved.sha256 if approved is not None else sidecar.sha256
    was_moved_along = not os.path.lexists(sidecar.path) and (
        compute_sha256(target) == sidecar.sha256
        or db.sidecars.approval(target, sidecar.fingerprint) is not None
    )
    if (
        was_moved_along  # with its folder, or by the person who moved the media file
        or sidecar.status is not SidecarStatus.PRESENT
        or (sidecar.path.parent == sidecar.media.parent and move_own(sidecar.path, target, digest))
    ):
        db.sidecars.record_moved(sidecar.path, target, media)
        # A media file of the same stem shared this sidecar, and has none now.
        former_owners = [
            candidate
            for candidate in db.files.in_folder(sidecar.path.parent)
            if is_sidecar_of(candidate.path.name, sidecar.path.name)
        ]
        _requeue_affected(db, former_owners)


def _requeue_affected(db: Database, media: Iterable[FileRecord]) -> None:
    """Evaluate media files again whose state a sidecar may change."""
    for record in media:
        if record.state in AFFECTED_BY_SIDECARS and os.path.lexists(record.path):
            db.states.requeue(record.id)


def _target_path(sidecar: SidecarRecord, media: Path) -> Path | None:
    """Return the new path of a sidecar beside ``media``, or None if it would be too long."""
    ending = sidecar.path.name.removeprefix(sidecar.media.stem)
    name = media.stem + ending
    if ending == sidecar.path.name or len(os.fsencode(name)) > MAX_NAME_BYTES:
        return None
    return media.with_name(name)
