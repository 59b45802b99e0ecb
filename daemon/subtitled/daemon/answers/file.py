"""One file: what is known of it at once, and what a look at it tells (``explain``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_database_url, resolve_state_dir
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryFilter
from subtitled.db.outbox import DeliveryState
from subtitled.db.overview import CoverageRow, RequirementRow
from subtitled.db.records import FileRecord, FileState
from subtitled.db.sidecars import SidecarRecord, SidecarRepository, SidecarStatus
from subtitled.db.state_folder import QUEUE_FILE
from subtitled.db.waiting import WAITING_STATES
from subtitled.jobcontext.services import open_transcript_store
from subtitled.jobs.queue_order import describe_turn
from subtitled.jobs.queue_place import find_place
from subtitled.jobs.turn_taking import candidate_of
from subtitled.library.media_filter import describe_exclusion
from subtitled.library.paths import describe_failure, library_containing
from subtitled.library.ready_file import is_ready_file
from subtitled.pipeline.locks import describe_lock
from subtitled.pipeline.partial_subtitle import find_partials
from subtitled.plugin import SubtitledError
from subtitled.subtitles.ownership import Ownership
from subtitled.subtitles.publish import compute_sha256
from subtitled.transcripts.subtitle_checks import SubtitleCheck

from ..doctor import describe_watching
from ..logs import display_line
from .file_inspection import inspect_now
from .file_list import describe_record
from .plain import format_time, to_plain
from .ready_files import describe_ready_file, describe_subject
from .subtitle_checks import check_to_dict, checks_of

_DELIVERY_TEXTS = {
    DeliveryState.WAITING: "not notified yet",
    DeliveryState.SENT: "checked soon",
    DeliveryState.CONFIRMED: "has indexed it",
    DeliveryState.UNVERIFIABLE: "cannot say whether it has indexed it",
    DeliveryState.NOT_INDEXED: "has not indexed it",
}
"""The state of a delivery to a media server, in words."""
MAX_HISTORY = 20
"""Entries of the history that are known of a file at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAnswer:
    """What the database knows of one file."""

    record: FileRecord
    coverage: tuple[CoverageRow, ...]
    requirements: tuple[RequirementRow, ...]
    sidecars: tuple[SidecarRecord, ...]
    """What we wrote for it."""
    checks: tuple[SubtitleCheck, ...]
    """The checks of the times of other people's subtitles."""
    deliveries: tuple[str, ...]
    """The last notification of each media server, in words."""
    history: tuple[HistoryEntry, ...]
    """What happened to it, the newest first."""

    def to_dict(self) -> dict[str, Any]:
        """Return the file as JSON has it."""
        return {
            **describe_record(self.record),
            "coverage": to_plain(self.coverage),
            "requirements": to_plain(self.requirements),
            "sidecars": [
                {
                    "path": to_plain(sidecar.path),
                    "language": str(sidecar.language),
                    "kind": str(sidecar.kind),
                    "format": sidecar.format,
                    "variant": sidecar.variant,
                    "made_by": str(sidecar.makers),
                    "not_upgraded": sidecar.not_upgraded,
                    "created_at": sidecar.created_at,
                    "status": str(sidecar.status),
                }
                for sidecar in self.sidecars
            ],
            "subtitle_checks": [check_to_dict(check) for check in self.checks],
            "server_deliveries": list(self.deliveries),
            "history": to_plain(self.history),
        }


def describe_file(configuration: Configuration, db: Database, record: FileRecord) -> FileAnswer:
    """Return what the database knows of a file. Nothing of the file itself is read."""
    path = record.path
    coverage = tuple(db.overview.coverage_of(record.id))
    return FileAnswer(
        record=record,
        coverage=coverage,
        requirements=tuple(db.overview.requirements_of(record.id)),
        sidecars=tuple(db.sidecars.of_media(path)),
        checks=checks_of(
            open_transcript_store(resolve_state_dir(configuration.settings)),
            record,
            {row.location for row in coverage},
        ),
        deliveries=tuple(_server_deliveries(configuration, db, path)),
        history=tuple(db.history.newest(MAX_HISTORY, HistoryFilter(file_id=record.id))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything that is known and decided about one file, after a look at it."""

    path: Path
    facts: dict[str, Any]
    """By name: a text, a list of texts, or texts by name. Empty ones are not known."""
    error: str | None = None
    """Why the file cannot be looked at; None if it can."""

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON has it."""
        error = {"error": self.error} if self.error is not None else {}
        return {"path": to_plain(self.path), **to_plain(self.facts), **error}


def explain_file(configuration: Configuration, db: Database, path: Path) -> Explanation:
    """Look at a file now, and return everything that is known and decided about it.

    This reads the file and asks ffprobe, which takes a second or so.

    Args:
        configuration: The configuration.
        db: The database.
        path: The file, by the path that its library uses.
    """
    library = library_containing(path, configuration.settings.libraries)
    if library is not None and is_ready_file(path.name) and not path.is_dir():
        said = describe_subject(path)
        return Explanation(path=path, facts={"library": library, "ready_file": said})
    facts: dict[str, Any] = {
        "library": library,
        "watch_mode": describe_watching(configuration, library) if library else None,
        "not_taken": describe_exclusion(path, configuration.settings.libraries),
        "ready_file": describe_ready_file(configuration.settings, library, path),
        "database": _database_record(db, path),
        "turn": _describe_turn(configuration, db, path),
        "our_sidecars": [
            _describe_sidecar(record, db.sidecars) for record in db.sidecars.of_media(path)
        ],
        "growing_sidecars": [
            f"{display_line(sidecar)}: not whole; while it grows, it counts as absent"
            for sidecar in find_partials(db, path)
        ],
        "server_deliveries": _server_deliveries(configuration, db, path),
    }
    try:
        facts |= inspect_now(configuration, db, path)
    except (SubtitledError, OSError) as error:
        return Explanation(path=path, facts=facts, error=describe_failure(error, path))
    return Explanation(path=path, facts=facts)


def _database_record(db: Database, path: Path) -> dict[str, Any] | None:
    record = db.files.get(path)
    if record is None:
        return None
    return {
        "state": str(record.state),
        "worker": record.worker if record.state is FileState.WORKING else None,
        "reason": record.reason,
        "hint": record.hint,
        "attempts": record.attempts,
        "crashes": record.crashes or None,
        "missing_since": _optional_time(record.missing_since),
        "previous_state": record.previous_state and str(record.previous_state),
        "next_check": _optional_time(record.next_check_at),
    }


def _describe_turn(configuration: Configuration, db: Database, path: Path) -> list[str]:
    """Return what decides when a file has its turn; nothing if it waits for none."""
    record, libraries = db.files.get(path), configuration.settings.libraries
    if record is None or record.state not in WAITING_STATES or record.library not in libraries:
        return []
    turn = describe_turn(candidate_of(libraries, record, record.priority, record.duration))
    if record.state is not FileState.QUEUED or record.job_id is None:
        return turn
    settings = configuration.settings
    queue = resolve_state_dir(settings) / QUEUE_FILE
    place = find_place(queue, resolve_database_url(settings), record.job_id)
    return [str(place), *turn] if place is not None else turn


def _optional_time(timestamp: float | None) -> str | None:
    return format_time(timestamp) if timestamp else None


def _describe_sidecar(record: SidecarRecord, sidecars: SidecarRepository) -> str:
    """Describe a sidecar that we wrote, and its present state."""
    status: str = record.status
    if record.status is SidecarStatus.YIELDED:
        status = "removed, a human subtitle appeared; restore it with: subtitled undo"
    elif record.status is SidecarStatus.REMOVED_BY_USER:
        status = "removed by hand; make it again with: subtitled queue retry"
    elif compute_sha256(record.path) is None:
        status = "missing"
    elif (approved := sidecars.approval(record.path)) is not None:
        status = describe_lock(record.path.name, approved)
    elif (ownership := sidecars.ownership(record.path)) is not Ownership.OURS:
        status = (
            "edited by a person: it is never changed"
            if ownership is Ownership.EDITED
            else str(ownership)
        )
    created_at = _optional_time(record.created_at)
    makers = f" ({record.makers})" if record.makers else ""
    note = f"; {record.not_upgraded}" if record.not_upgraded else ""
    return f"{display_line(record.path)}: {record.variant}{makers}, {created_at}; {status}{note}"


def _server_deliveries(configuration: Configuration, db: Database, path: Path) -> list[str]:
    """Describe the last notification of each media server about a file."""
    lines = []
    for delivery in db.deliveries.of_media(path):
        configured = configuration.servers.get(delivery.server)
        strategies = configured.component_class.refresh_strategies if configured else ()
        strategy = (
            strategies[delivery.strategy] if delivery.strategy < len(strategies) else "notified"
        )
        sent = f"{strategy} {format_time(delivery.sent_at)}; " if delivery.sent_at else ""
        detail = f": {delivery.detail}" if delivery.detail else ""
        lines.append(f"{delivery.server}: {sent}{_DELIVERY_TEXTS[delivery.state]}{detail}")
    return lines
