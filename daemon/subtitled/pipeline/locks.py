"""Which approved sidecars keep a job from writing, and what is said about them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.sidecars import SidecarRecord, SidecarRepository
from subtitled.plugin import Language, SubtitleKind
from subtitled.plugin.paths import display_path, quote_path
from subtitled.policy.coverage import ExistingSubtitle
from subtitled.policy.requirements import AnswerStatus, Decision
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES, is_sidecar_of, parse_sidecar_name
from subtitled.subtitles.ownership import Signature, is_regular_file


@dataclass(frozen=True, slots=True, kw_only=True)
class SidecarIdentity:
    """Which subtitle of a media file a sidecar holds, in whatever format."""

    language: Language
    kind: SubtitleKind
    secondary: Language | None = None

    @classmethod
    def of_record(cls, record: SidecarRecord) -> SidecarIdentity:
        """Return the identity of a recorded sidecar."""
        parsed = parse_sidecar_name(record.media.name, record.path.name)
        secondary = parsed.secondary if parsed is not None else None
        return cls(language=record.language, kind=record.kind, secondary=secondary)


def find_lock(
    sidecars: SidecarRepository,
    media: Path,
    fingerprint: str,
    path: Path,
    identity: SidecarIdentity,
) -> str | None:
    """Return why a sidecar must not be written, or None: a person approved this subtitle.

    Args:
        sidecars: The repository of sidecars.
        media: The media file.
        fingerprint: Its fingerprint.
        path: The sidecar that is about to be written.
        identity: Which subtitle it holds. An approved sidecar of another format or name, in the
            same folder, keeps it from being written too.
    """
    same = _same_subtitle(sidecars, media, path.parent, identity)
    for candidate in dict.fromkeys((path, *(record.path for record in same))):
        approved = sidecars.approval(candidate, fingerprint)
        if approved is not None:
            return describe_lock(candidate.name, approved)
    return None


def formats_of(db: Database, record: SidecarRecord) -> list[SidecarRecord]:
    """Return the records of the same subtitle in the same folder, in every format."""
    identity = SidecarIdentity.of_record(record)
    return _same_subtitle(db.sidecars, record.media, record.path.parent, identity)


def _same_subtitle(
    sidecars: SidecarRepository, media: Path, folder: Path, identity: SidecarIdentity
) -> list[SidecarRecord]:
    return [
        record
        for record in sidecars.of_media(media)
        if record.path.parent == folder
        and record.format not in SUMMARY_SUFFIXES
        and SidecarIdentity.of_record(record) == identity
    ]


def describe_change(
    db: Database,
    event: HistoryEvent,
    record: SidecarRecord,
    user: str,
    paths: Iterable[Path],
) -> HistoryEntry:
    """Return the entry of the history about sidecars that a person approved or unlocked."""
    media = db.files.get(record.media)
    return HistoryEntry(
        event=event,
        path=record.media,
        file_id=media.id if media is not None else None,
        library=media.library if media is not None else None,
        actor=user,
        reason=", ".join(display_path(Path(path.name)) for path in paths),
        details={"language": str(record.language), "kind": str(record.kind)},
    )


def read_sidecar(path: Path) -> bytes | None:
    """Return the bytes of a sidecar; None if there is none, or something else than a file."""
    try:
        return path.read_bytes() if is_regular_file(path) else None
    except FileNotFoundError:
        return None


def describe_lock(name: str, approved: Signature) -> str:
    """Return who approved a sidecar, and how it is unlocked."""
    mark = approved.approved
    assert mark is not None
    shown = display_path(Path(name))
    date = time.strftime("%Y-%m-%d", time.localtime(mark.at))
    return (
        f"{shown} was approved by {mark.by} on {date} and is locked; "
        f"to have it made again: subtitled review unlock {quote_path(name)}"
    )


def approved_names(
    sidecars: SidecarRepository,
    media: Path,
    fingerprint: str | None,
    folder: Path,
    names: Sequence[str],
) -> list[str]:
    """Return the names in a folder that are approved sidecars of a media file."""
    return [
        name
        for name in names
        if is_sidecar_of(media.name, name)
        and sidecars.approval(folder / name, fingerprint) is not None
    ]


def refuse_locked(
    decision: Decision,
    existing: Sequence[ExistingSubtitle],
    spoken: Language | None,
    sidecars: SidecarRepository,
    folder: Path,
) -> Decision:
    """Return a decision that says why approved sidecars are not made again.

    Args:
        decision: The decision of a job that makes again what exists.
        existing: The approved sidecars.
        spoken: The spoken language, if it is known.
        sidecars: The repository of sidecars.
        folder: Where sidecars lie.
    """
    locked = tuple(_iter_locked(decision, existing, spoken, sidecars, folder))
    return replace(
        decision,
        unsatisfiable=(*decision.unsatisfiable, *locked),
        reasons=(*decision.reasons, *locked),
    )


def _iter_locked(
    decision: Decision,
    existing: Sequence[ExistingSubtitle],
    spoken: Language | None,
    sidecars: SidecarRepository,
    folder: Path,
) -> Iterator[str]:
    for item in existing:
        language = item.language_given(spoken)
        is_wanted = language is not None and any(
            answer.status is AnswerStatus.MET
            and answer.kind == item.kind
            and (answer.language is None or language.satisfies(answer.language))
            and item.has_secondary(answer.secondary)
            for answer in decision.answers
        )
        approved = sidecars.approval(folder / item.location)
        if is_wanted and approved is not None:
            yield describe_lock(item.location, approved)
