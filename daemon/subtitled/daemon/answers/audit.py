"""The audit: who or what made, changed, approved, sent and delivered each artefact.

It is read from what is stored anyway: the history, the records of sidecars, the reviews, the egress
log, and what media servers were told. The history is kept for 90 days. The other tables are kept.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

from subtitled.config.settings import AppSettings
from subtitled.db.audit import FOREVER, EgressSummary, ReviewApproval
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.outbox import Delivery
from subtitled.db.sidecars import SidecarRecord
from subtitled.plugin.paths import display_path

from .spreadsheet import write_csv

DAEMON = "subtitled"
"""Who did what no person asked for."""
FILES_AT_ONCE = 2000
"""Files whose history is read at once, since each time the whole of it is gone through."""
SAME_SECONDS = 120.0
"""Seconds within which two tables tell of one event."""


class AuditAction(StrEnum):
    """What was done with an artefact."""

    MADE = "made"
    CHANGED = "changed"
    APPROVED = "approved"
    UNLOCKED = "unlocked"
    REMOVED = "removed"
    SENT = "sent"
    """Audio or text left this machine."""
    TOLD = "told"
    """A media server was told of it."""
    DELIVERED = "delivered"
    """It was moved out of a watch folder."""
    REQUESTED = "requested"
    FAILED = "failed"


_ACTIONS = {
    HistoryEvent.PUBLISHED: AuditAction.MADE,
    HistoryEvent.REMOVED: AuditAction.REMOVED,
    HistoryEvent.APPROVED: AuditAction.APPROVED,
    HistoryEvent.UNLOCKED: AuditAction.UNLOCKED,
    HistoryEvent.DELIVERED: AuditAction.DELIVERED,
    HistoryEvent.REQUESTED: AuditAction.REQUESTED,
    HistoryEvent.FAILED: AuditAction.FAILED,
}
"""What the events of the history are. The others are no deed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One deed."""

    at: float
    """Seconds since 1970."""
    media: str
    artefact: str
    """The file, the language and kind of a subtitle, or what was sent."""
    action: AuditAction
    actor: str
    """Who or what did it: a person, an engine, a server, or the daemon."""
    detail: str = ""
    sha256: str = ""

    def to_record(self) -> dict[str, object]:
        """Return the entry by the names of :data:`COLUMNS`."""
        return {
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.at)),
            "media": self.media,
            "artefact": self.artefact,
            "action": str(self.action),
            "actor": self.actor,
            "detail": self.detail,
            "sha256": self.sha256,
        }


COLUMNS = ("at", "media", "artefact", "action", "actor", "detail", "sha256")
"""The columns of the report."""


def audit_files(
    db: Database, media: Iterable[Path], since: float = 0.0, until: float | None = None
) -> Iterator[AuditEntry]:
    """Yield what was done with the artefacts of media files, by file and then by time.

    Args:
        db: The database.
        media: The media files.
        since: From then on, in seconds since 1970.
        until: Before then; None for until now.
    """
    end = FOREVER if until is None else until
    rest = iter(media)
    while batch := list(islice(rest, FILES_AT_ONCE)):
        history = db.audit.history_of(batch)
        sent = db.audit.egress_of(batch, since, end)
        for path in batch:
            read = _ReadTables(history.get(path, []), sent.get(path, []))
            entries = sorted(_audit_file(db, path, read, since, end), key=lambda entry: entry.at)
            yield from (entry for entry in entries if since <= entry.at < end)


def list_project_files(settings: AppSettings, db: Database, project: str) -> list[Path]:
    """Return the media files of a project: of its libraries, and what was made under its name."""
    libraries = [name for name, library in settings.libraries.items() if library.project == project]
    own = db.audit.files_of_libraries(libraries) if libraries else ()
    return sorted({*own, *db.audit.files_of_project(project)})


def to_csv(entries: Iterable[AuditEntry]) -> str:
    """Return the report as CSV that a spreadsheet may open."""
    return write_csv(COLUMNS, (entry.to_record() for entry in entries))


@dataclass(frozen=True, slots=True)
class _ReadTables:
    """What the tables that are read for many files at once say of one."""

    history: Sequence[HistoryEntry]
    sent: Sequence[EgressSummary]


def _audit_file(
    db: Database, media: Path, read: _ReadTables, since: float, until: float
) -> Iterator[AuditEntry]:
    """Yield the deeds of a file. What is counted together is counted in that time alone."""
    name = display_path(media)
    history = read.history
    written = [entry for entry in history if entry.event is HistoryEvent.PUBLISHED]
    for sidecar in db.sidecars.of_media(media):
        if not _is_in_history(sidecar, written):
            yield _made(name, sidecar)
    approvals = db.audit.approvals_of(media)
    for entry in history:
        if entry.event in _ACTIONS:
            approval = _find_approval(entry, approvals)
            if approval is not None:
                approvals.remove(approval)
            yield _from_history(name, entry, approval)
    for approval in approvals:
        yield AuditEntry(
            at=approval.at,
            media=name,
            artefact=_name_text(approval.language, approval.kind),
            action=AuditAction.APPROVED,
            actor=approval.actor,
            detail=f"version {approval.version}",
        )
    for edit in db.audit.edits_of(media, since, until):
        yield AuditEntry(
            at=edit.last_at,
            media=name,
            artefact=_name_text(edit.language, edit.kind),
            action=AuditAction.CHANGED,
            actor=edit.actor,
            detail=f"{edit.count} changes since {_format_day(edit.first_at)}, "
            f"up to version {edit.last_version}",
        )
    for sent in read.sent:
        unit = "s of audio" if sent.kind == "audio" else "characters"
        price = f", {sent.price:.4f} {sent.currency}" if sent.price is not None else ""
        yield AuditEntry(
            at=sent.last_at,
            media=name,
            artefact=sent.kind,
            action=AuditAction.SENT,
            actor=sent.component,
            detail=f"{sent.amount:.0f} {unit} to {sent.destination} in {sent.requests} requests "
            f"since {_format_day(sent.first_at)}{price}: {sent.state}",
        )
    for delivery in db.deliveries.of_media(media):
        if (told := _told(name, delivery)) is not None:
            yield told


def _is_in_history(sidecar: SidecarRecord, written: Sequence[HistoryEntry]) -> bool:
    """Return whether the history tells that this version of a sidecar was written."""
    name = display_path(Path(sidecar.path.name))
    return any(
        entry.details.get("sha256") == sidecar.sha256
        if "sha256" in entry.details
        else entry.reason == name and abs(entry.at - sidecar.created_at) < SAME_SECONDS
        for entry in written
    )


def _find_approval(
    entry: HistoryEntry, approvals: Sequence[ReviewApproval]
) -> ReviewApproval | None:
    """Return the approval of a review that an entry of the history tells of; None without one."""
    if entry.event is not HistoryEvent.APPROVED:
        return None
    text = (entry.details.get("language"), entry.details.get("kind"))
    for approval in approvals:
        is_same = (approval.language, approval.kind) == text
        if is_same and abs(approval.at - entry.at) < SAME_SECONDS:
            return approval
    return None


def _made(media: str, sidecar: SidecarRecord) -> AuditEntry:
    return AuditEntry(
        at=sidecar.created_at,
        media=media,
        artefact=display_path(sidecar.path.name),
        action=AuditAction.MADE,
        actor=str(sidecar.makers) or DAEMON,
        detail=f"{_name_text(str(sidecar.language), str(sidecar.kind))}; {sidecar.status}",
        sha256=sidecar.sha256,
    )


_ABOUT_FILES = (HistoryEvent.PUBLISHED, HistoryEvent.APPROVED, HistoryEvent.UNLOCKED)
"""Events whose reason is the names of the files."""


def _from_history(media: str, entry: HistoryEntry, approval: ReviewApproval | None) -> AuditEntry:
    details = entry.details
    made_by = str(details.get("made_by", ""))
    project = str(details.get("project", ""))
    files = details.get("files")
    artefact = entry.reason if entry.event in _ABOUT_FILES else ""
    if isinstance(files, list):
        artefact = ", ".join(map(str, files))
    text = _name_text(str(details.get("language", "")), str(details.get("kind", "")))
    parts = (
        text if entry.event in _ABOUT_FILES else entry.reason,
        f"version {approval.version}" if approval is not None else "",
        f"project {project}" if project else "",
        f"asked for by {entry.actor}" if made_by and entry.actor else "",
    )
    return AuditEntry(
        at=entry.at,
        media=media,
        artefact=artefact,
        action=_ACTIONS[entry.event],
        actor=made_by or entry.actor or entry.worker or DAEMON,
        detail="; ".join(filter(None, parts)),
        sha256=str(details.get("sha256", "")),
    )


def _told(media: str, delivery: Delivery) -> AuditEntry | None:
    """Return that a server was told of a change; None if it was not yet."""
    at = delivery.ended_at or delivery.sent_at
    if at is None:
        return None
    change = delivery.change
    names = [display_path(sidecar.path.name) for sidecar in (*change.added, *change.removed)]
    return AuditEntry(
        at=at,
        media=media,
        artefact=", ".join(names),
        action=AuditAction.TOLD,
        actor=delivery.server,
        detail=": ".join(filter(None, (str(delivery.state), delivery.detail))),
    )


def _name_text(language: str, kind: str) -> str:
    return " ".join(filter(None, (language, kind)))


def _format_day(seconds: float) -> str:
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))
