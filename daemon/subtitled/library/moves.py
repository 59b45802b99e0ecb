"""Sidecars follow their medium: when it was renamed or moved, what we made for it goes along.

Only what we wrote, as we wrote it, and only when the medium is no longer at its old name: beside a
hard link or a copy the sidecars stay. One that somebody edited is theirs and stays where it is.
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
    """A file of this content lies here now: bring along what belongs to it from where it lay.

    Its sidecars are renamed, and its old record is taken over; ``called_off`` is told the job that
    waited for the old one. The record under which it is quarantined, here or under another name,
    if it is. Raises :class:`~subtitled.plugin.Problem` where a folder cannot be written to.
    """
    for sidecar in db.sidecars.with_fingerprint(fingerprint):
        if sidecar.media != record.path and not os.path.lexists(sidecar.media):
            _move_sidecar(db, sidecar, record.path)
    adopt_existing_sidecars(db, record.path, fingerprint)
    poison: FileRecord | None = None
    for candidate in db.files.with_fingerprint(fingerprint):
        if candidate.path == record.path:
            continue
        if (candidate.previous_state or candidate.state) is FileState.QUARANTINED:
            poison = candidate
        if is_deleted(candidate):
            # A job that works on it already goes on: every stretch that it hears is kept.
            if candidate.state is FileState.QUEUED and candidate.job_id:
                cancel(candidate.job_id)
            recheck_same_stem(db, candidate.path)
            db.files.merge_moved(record, candidate)
    return poison


def recheck_same_stem(db: Database, removed: Path) -> None:
    """A medium is gone from where it lay. Of two that share the names of their sidecars, the one
    that was worked on last has its own there: if it is the one that went, the other has none.

    To be called before the ledger lets go of the one that went, so that a crash loses neither.
    """
    _requeue_affected(db, db.files.same_stem(removed))


def remove_orphans(db: Database, fingerprint: str) -> None:
    """A better copy took the place of this content under another name and has subtitles of its own:
    take away what we wrote beside the old name, if nothing has that name any more."""
    for sidecar in db.sidecars.with_fingerprint(fingerprint):
        orphan = sidecar.status is SidecarStatus.PRESENT and not os.path.lexists(sidecar.media)
        if orphan and delete_own(sidecar.path, sidecar.sha256):
            db.sidecars.delete(sidecar.path)


def remove_renamed_duplicates(db: Database, media: Path, path: Path) -> None:
    """One that was made anew may be called otherwise than before, if its library now names them
    otherwise: take away what we wrote of the same kind beside it, unless somebody edited it."""
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


def _parse_untitled_sidecar(medium_name: str, name: str) -> SidecarName | None:
    """What a sidecar is by its name, whatever its title."""
    parsed = parse_sidecar_name(medium_name, name)
    return replace(parsed, title="") if parsed is not None else None


def adopt_existing_sidecars(db: Database, media: Path, fingerprint: str) -> None:
    """Remember the sidecars of ours beside a medium that the ledger does not know: it was lost,
    or somebody moved them together with the medium. Raises ``OSError``."""
    for path in media.parent.iterdir():
        if is_sidecar_of(media.name, path.name):
            db.sidecars.adopt_signed(path, media, fingerprint)


def _move_sidecar(db: Database, sidecar: SidecarRecord, media: Path) -> None:
    """Move one sidecar, and what is remembered of it, to beside the medium's new name."""
    target = _target_path(sidecar, media)
    if target is None:
        return
    came_along = not os.path.lexists(sidecar.path) and compute_sha256(target) == sidecar.sha256
    if (
        came_along  # with the folder, or moved by the same hand
        or sidecar.status is not SidecarStatus.PRESENT
        or (
            sidecar.path.parent == sidecar.media.parent
            and move_own(sidecar.path, target, sidecar.sha256)
        )
    ):
        db.sidecars.record_moved(sidecar.path, target, media)
        # A medium of the same stem had this one too, and goes without it now.
        had_it = [
            candidate
            for candidate in db.files.in_folder(sidecar.path.parent)
            if is_sidecar_of(candidate.path.name, sidecar.path.name)
        ]
        _requeue_affected(db, had_it)


def _requeue_affected(db: Database, media: Iterable[FileRecord]) -> None:
    """Have media looked at anew for which a sidecar may matter."""
    for media_path in media:
        if media_path.state in AFFECTED_BY_SIDECARS and os.path.lexists(media_path.path):
            db.requeue(media_path.id)


def _target_path(sidecar: SidecarRecord, media: Path) -> Path | None:
    """Where a sidecar belongs now: the same name after the new stem; None where none fits."""
    ending = sidecar.path.name.removeprefix(sidecar.media.stem)
    name = media.stem + ending
    if ending == sidecar.path.name or len(os.fsencode(name)) > MAX_NAME_BYTES:
        return None
    return media.with_name(name)
