"""``undo``: removing or restoring what we wrote for a file, and who asked for it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import ACTIVE_STATES, FileState
from subtitled.db.review_records import ReviewFilter, ReviewRecord, ReviewStatus
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.moves import adopt_existing_sidecars
from subtitled.library.removal import RemovalResult, SidecarRemover
from subtitled.pipeline.previous_versions import bring_back, has_previous_version
from subtitled.pipeline.unlocking import record_restored, restore_machine_version
from subtitled.plugin import InputRejectedError, TransientError
from subtitled.plugin.paths import quote_path
from subtitled.subtitles.ownership import Ownership

from ..logs import display_line
from ..reviews.announcing import RecordReopened, ReviewedSubtitle, prepare_reopened
from .plain import to_plain

_ONE_AT_A_TIME = threading.Lock()
UNDO, RESTORE, TAKE_APPROVAL_BACK = "undo", "restore", "take-approval-back"
"""The reasons of entries in the history."""


class FileBusyError(TransientError):
    """A file has a job, which would write its subtitles again."""


class NothingToUndoError(InputRejectedError):
    """We wrote nothing for a file."""


@dataclass(frozen=True, slots=True)
class UndoAnswer:
    """What became of each sidecar."""

    results: tuple[RemovalResult, ...]
    is_restored: bool
    """Whether sidecars were restored; otherwise they were removed."""
    is_approval_undone: bool = False
    """Whether they were restored because a person's approval was taken back."""

    @property
    def reason(self) -> str:
        """The reason of the entry in the history."""
        if self.is_approval_undone:
            return TAKE_APPROVAL_BACK
        return RESTORE if self.is_restored else UNDO

    def to_list(self) -> list[dict[str, Any]]:
        """Return the sidecars as JSON has them."""
        return [
            {"path": to_plain(result.path), "outcome": result.outcome} for result in self.results
        ]


def undo_file(
    configuration: Configuration,
    db: Database,
    path: Path,
    *,
    restore: bool,
    actor: str,
    name: str = "",
) -> UndoAnswer:
    """Remove the sidecars that we wrote for a file, or restore them.

    If ours were removed because a human sidecar appeared, and none of ours is present, ours are
    restored. Where a person approved a sidecar, only that is taken back: the version that we made
    is there again, and notifiers are told that its review is open again. Where a sidecar was made
    again by another engine, the version before is there again.

    Args:
        configuration: The configuration, with the notifiers.
        db: The database.
        path: A media file by the path that its library uses, or one sidecar.
        restore: Whether to restore what was removed, by hand too.
        actor: Who asks.
        name: How messages name the file; by default by its path.

    Raises:
        FileBusyError: It has a job.
        NothingToUndoError: We wrote nothing for it.
    """
    with _ONE_AT_A_TIME:
        _check_idle(db, path, name or display_line(path))
        sidecars = _find_sidecars(db, path)
        if not sidecars:
            raise NothingToUndoError(
                f"we wrote no subtitles for {name or display_line(path)}, as far as is known"
            )
        approved = find_approved(db, sidecars) + _find_taken_back(db, sidecars)
        if approved and not restore:
            results = tuple(_take_back(configuration, db, approved, actor))
            answer = UndoAnswer(results, is_restored=True, is_approval_undone=True)
        elif not restore and (upgraded := find_upgraded(sidecars)):
            answer = UndoAnswer(
                tuple(bring_back(db, record) for record in upgraded), is_restored=True
            )
        else:
            answer = _remove_or_restore(db, sidecars, restore)
        _update_media_state(db, sidecars[0].media, answer, actor)
        return answer


def _check_idle(db: Database, path: Path, name: str) -> None:
    """Check that a file has no job.

    Raises:
        FileBusyError: It has one.
    """
    record = db.files.get(path)
    if record is not None and record.state in ACTIVE_STATES:
        raise FileBusyError(
            f"{name} is {record.state}", f"First: subtitled queue cancel {quote_path(name)}"
        )


def find_approved(db: Database, sidecars: Sequence[SidecarRecord]) -> list[SidecarRecord]:
    """Return the sidecars that a person approved. While there are any, only they are undone."""
    return [
        record
        for record in sidecars
        if record.status is SidecarStatus.PRESENT and db.sidecars.approval(record.path) is not None
    ]


def find_upgraded(sidecars: Sequence[SidecarRecord]) -> list[SidecarRecord]:
    """Return the sidecars that were made again. Of these the version before is brought back."""
    return [record for record in sidecars if has_previous_version(record)]


def _find_sidecars(db: Database, path: Path) -> list[SidecarRecord]:
    """Return what we wrote for a media file, or the one sidecar that was named."""
    record = db.sidecars.get(path)
    if record is not None:
        return [record]
    if path.is_file():
        adopt_existing_sidecars(db, path, fingerprint_of(db, path))
    return db.sidecars.of_media(path)


def _remove_or_restore(db: Database, sidecars: list[SidecarRecord], restore: bool) -> UndoAnswer:
    present = [record for record in sidecars if record.status is SidecarStatus.PRESENT]
    yielded = [record for record in sidecars if record.status is SidecarStatus.YIELDED]
    remover = SidecarRemover(db)
    if restore:
        absent = [record for record in sidecars if record not in present]
        return UndoAnswer(tuple(remover.restore(absent)), is_restored=True)
    if present or not yielded:
        return UndoAnswer(tuple(remover.remove(present or sidecars)), is_restored=False)
    return UndoAnswer(tuple(remover.restore(yielded)), is_restored=True)


def _take_back(
    configuration: Configuration, db: Database, approved: list[SidecarRecord], actor: str
) -> list[RemovalResult]:
    """Bring back what we made before a person approved it. Each comes with its other formats."""
    results: dict[Path, RemovalResult] = {}
    for record in approved:
        if record.path not in results:
            review = _find_approved_review(db, record)
            announce = _prepare_announcement(configuration, record, review, actor)
            for result in restore_machine_version(db, record.path, announce):
                results.setdefault(result.path, result)
            if record.path not in results and review is not None:
                results[record.path] = record_restored(
                    db, record, review.published_sha256 or "", announce
                )
    return list(results.values())


def _find_taken_back(db: Database, sidecars: Sequence[SidecarRecord]) -> list[SidecarRecord]:
    """Return the sidecars that are ours again, of which the review still says they are approved.

    The process ended after it had written the file, and before it recorded that.
    """
    return [
        record
        for record in sidecars
        if record.status is SidecarStatus.PRESENT
        and db.sidecars.ownership(record.path) is Ownership.OURS
        and _find_approved_review(db, record) is not None
    ]


def _find_approved_review(db: Database, record: SidecarRecord) -> ReviewRecord | None:
    """Return the review of a sidecar, if it says that a person approved it."""
    file = db.files.get(record.media)
    if file is None:
        return None
    wanted = ReviewFilter(
        status=ReviewStatus.APPROVED,
        language=str(record.language),
        kind=str(record.kind),
        file_id=file.id,
    )
    found = db.reviews.page(wanted, limit=1)
    return found[0] if found else None


def _prepare_announcement(
    configuration: Configuration, record: SidecarRecord, review: ReviewRecord | None, actor: str
) -> RecordReopened | None:
    """Return what tells notifiers that the review of a sidecar is open again; None without one."""
    if review is None:
        return None
    subtitle = ReviewedSubtitle(review.id, record.media, record.language, record.kind)
    return prepare_reopened(configuration, subtitle, actor)


def _update_media_state(db: Database, media: Path, answer: UndoAnswer, actor: str) -> None:
    """Keep the daemon from making again what was removed, or have it evaluate the file again."""
    record = db.files.get(media)
    outcomes = {display_line(result.path.name): result.outcome for result in answer.results}
    if outcomes:
        entry = HistoryEntry(
            event=HistoryEvent.REQUESTED,
            path=media,
            file_id=record.id if record is not None else None,
            library=record.library if record is not None else None,
            actor=actor,
            reason=answer.reason,
            details=outcomes,
        )
        db.history.add(entry)
    if record is None or record.state is FileState.MISSING:
        return
    if answer.is_restored:
        db.states.requeue(record.id)
        return
    db.overview.forget(record.id)
    db.states.set_state(
        record.id,
        FileState.UP_TO_DATE,
        reason="removed by hand",
        hint=f"To have it made again: subtitled queue retry {quote_path(display_line(media))}",
    )
