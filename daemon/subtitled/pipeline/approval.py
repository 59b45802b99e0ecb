"""Approving subtitles: a person signs them off, and from then on only a person changes them.

The approved cues are written in every format, signed and recorded. What they replace is kept in the
state folder. An approved file ends with one more line break than any file that we render by
ourselves. So its hash is never one that a database holds of our own version, not even one of an
older version of the program, and whatever compares hashes leaves the file alone.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa

from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.library.archive import SidecarArchive
from subtitled.plugin import Cue, InputRejectedError, Subtitle, TransientError
from subtitled.plugin.limits import clean_text
from subtitled.plugin.paths import display_path
from subtitled.subtitles.filenames import MAX_NAME_BYTES
from subtitled.subtitles.formats import FORMATS, read_cues, render_subtitle
from subtitled.subtitles.ownership import (
    ApprovalMark,
    Ownership,
    SidecarDescription,
    Signature,
)
from subtitled.subtitles.publish import ForeignFileError, publish_sidecar
from subtitled.subtitles.segmentation.bilingual import BILINGUAL_FORMATS

from .locks import SidecarIdentity, describe_change, formats_of, read_sidecar
from .shared_names import describe_owner, find_other_owner

APPROVED_END = b"\n"
"""What an approved file ends with, after what is rendered otherwise."""
MAX_USER_CHARACTERS = 200
"""Longest name of a person in a signature. Some file systems keep only short ones."""


AlsoApproved = Callable[[sa.Connection, tuple[Path, ...]], object]
"""What else is written in the transaction of an approval of some sidecars."""


class NotOursError(InputRejectedError):
    """A sidecar is none that we wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """What is approved."""

    sidecar: Path
    cues: tuple[Cue, ...]
    """The approved cues."""
    user: str
    """The name of the person."""
    base_sha256: str
    """SHA-256 of the file that the person started from."""
    base_cues: tuple[Cue, ...] = ()
    """Its cues, to show if the file is another one now."""
    formats: tuple[str, ...] = ()
    """The formats of the library."""
    editors: tuple[str, ...] = ()
    """Who edited the text, if somebody else had to approve it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Approved sidecars, which are complete on disk."""

    paths: tuple[Path, ...]
    """All that were written, that which was asked for first."""
    sha256: str
    """Of the one that was asked for."""
    at: float
    """Seconds since 1970."""
    kept: tuple[str, ...] = ()
    """Why files of other formats were left as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The file on disk is not the one that the person started from. Nothing was written."""

    base: tuple[Cue, ...]
    mine: tuple[Cue, ...]
    theirs: tuple[Cue, ...] | None
    """The cues of the file as it is now; None if it is gone or is no subtitle."""
    theirs_sha256: str
    """SHA-256 of the file as it is now; empty if it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """One sidecar that is written."""

    path: Path
    content: bytes
    replaced: bytes | None
    """What is there now, and is kept."""
    signature: Signature


def approve(
    db: Database, request: ApprovalRequest, also: AlsoApproved | None = None
) -> Approval | Conflict:
    """Write the approved cues of a sidecar in every format, and lock these files.

    A call that was interrupted may be repeated.

    Args:
        db: The database.
        request: What is approved.
        also: What else is written in the transaction that records it. It gets what was written.

    Returns:
        What was written; or the conflict, if the file was changed since the person started.

    Raises:
        NotOursError: We did not write the sidecar.
        InputRejectedError: There is no cue, or one that no file can hold.
        SubtitledError: A file cannot be written.
    """
    record = db.sidecars.get(request.sidecar)
    if record is None or record.format not in FORMATS:
        name = display_path(Path(request.sidecar.name))
        raise NotOursError(
            f"{name} is none of our subtitles, as far as is known",
            "Only subtitles that subtitled wrote can be approved",
        )
    if not any(cue.text.strip() for cue in request.cues):
        raise InputRejectedError("a subtitle without text cannot be approved", "Write some text")
    request = replace(request, user=_clean_name(request.user))
    mark_at = time.time()
    main = _target(db, request, record, record.path, mark_at)
    found = _digest(main.replaced)
    if found not in (request.base_sha256, _digest(main.content)):
        return _conflict(request, record, main.replaced)
    others, kept = _other_targets(db, request, record, mark_at)
    written: list[_Target] = []
    archive = SidecarArchive(db)
    for target in (main, *others):
        if target.replaced is not None and target.replaced != target.content:
            archive.keep(target.replaced, target.signature.format)
        try:
            _write(db, target)
        except ForeignFileError as error:
            if target is main:
                return _conflict(request, record, read_sidecar(main.path))
            kept.append(str(error))
            continue
        written.append(target)
    paths = tuple(target.path for target in written)
    signed = [(target.path, target.signature) for target in written]
    db.sidecars.record_approved(
        record.media,
        signed,
        _describe_approval(db, request, record, paths),
        (lambda connection: also(connection, paths)) if also is not None else None,
    )
    return Approval(paths=paths, sha256=main.signature.sha256, at=mark_at, kept=tuple(kept))


def _describe_approval(
    db: Database, request: ApprovalRequest, record: SidecarRecord, paths: tuple[Path, ...]
) -> HistoryEntry:
    entry = describe_change(db, HistoryEvent.APPROVED, record, request.user, paths)
    if not request.editors:
        return entry
    return replace(
        entry,
        reason=f"{entry.reason}; edited by {', '.join(request.editors)}",
        details={**entry.details, "editors": list(request.editors)},
    )


def _other_targets(
    db: Database, request: ApprovalRequest, record: SidecarRecord, at: float
) -> tuple[list[_Target], list[str]]:
    """Return the sidecars of the other formats to write, and why others are left as they are."""
    present = {
        other.path
        for other in formats_of(db, record)
        if other.path != record.path
        and other.status is SidecarStatus.PRESENT
        and other.path.exists()
    }
    is_bilingual = SidecarIdentity.of_record(record).secondary is not None
    wanted = [
        record.path.with_suffix(f".{fmt}")
        for fmt in request.formats
        if fmt != record.format and not (is_bilingual and fmt not in BILINGUAL_FORMATS)
    ]
    targets, kept = [], []
    for path in sorted(present.union(wanted)):
        name = display_path(Path(path.name))
        owner = find_other_owner(db.sidecars, path, record.media, record.fingerprint)
        if len(os.fsencode(path.name)) > MAX_NAME_BYTES:
            kept.append(f"{name} would be longer than {MAX_NAME_BYTES} bytes; it is not written")
        elif owner is not None:
            kept.append(describe_owner(name, owner))
        elif os.path.lexists(path) and not _may_be_replaced(db, path, record):
            kept.append(f"{name} was written or changed by somebody else; it is kept")
        else:
            try:
                targets.append(_target(db, request, record, path, at))
            except InputRejectedError as error:
                kept.append(f"{name} is not written: {error}")
    return targets, kept


def _may_be_replaced(db: Database, path: Path, record: SidecarRecord) -> bool:
    return db.sidecars.ownership(path, record.fingerprint) in (
        Ownership.OURS,
        Ownership.OUTDATED,
        Ownership.APPROVED,
    )


def _target(
    db: Database, request: ApprovalRequest, record: SidecarRecord, path: Path, at: float
) -> _Target:
    own = record if path == record.path else db.sidecars.get(path)
    fmt = path.suffix[1:]
    subtitle = Subtitle(
        language=record.language, cues=request.cues, kind=record.kind, title=record.media.stem
    )
    content = render_subtitle(subtitle, fmt) + APPROVED_END
    description = SidecarDescription(
        name=path.name,
        fingerprint=record.fingerprint,
        language=record.language,
        kind=record.kind,
        format=fmt,
        variant=own.variant if own is not None else record.variant,
        makers=own.makers if own is not None else record.makers,
    )
    mark = ApprovalMark(
        by=request.user,
        at=at,
        of=_machine_digest(db, path, own, record.fingerprint),
    )
    signature = replace(
        Signature.create(content, description, mark),
        created_at=own.created_at if own is not None else at,
    )
    return _Target(path=path, content=content, replaced=read_sidecar(path), signature=signature)


def _machine_digest(db: Database, path: Path, own: SidecarRecord | None, fingerprint: str) -> str:
    """Return the SHA-256 of the version that we made under a name; empty if there was none."""
    current = db.sidecars.own_digest(path, fingerprint)
    if current is not None:
        return current
    approved = db.sidecars.approval(path, fingerprint)
    if approved is not None:
        return approved.machine_sha256
    return own.sha256 if own is not None else ""


def _write(db: Database, target: _Target) -> None:
    """Publish one approved sidecar and read it back."""
    db.sidecars.keep_approval(target.signature)
    own_digest = _digest(target.replaced) if target.replaced is not None else None
    publish_sidecar(target.path, target.content, own_digest=own_digest, signature=target.signature)
    if read_sidecar(target.path) != target.content:
        raise TransientError(
            f"{display_path(target.path)} does not read back as it was written",
            "Check the disk, and approve it again",
        )


def _clean_name(user: str) -> str:
    """Return a name as one line that can be stored and printed."""
    return " ".join(clean_text(user, MAX_USER_CHARACTERS).split())


def _conflict(request: ApprovalRequest, record: SidecarRecord, theirs: bytes | None) -> Conflict:
    cues = None
    if theirs is not None:
        try:
            cues = read_cues(theirs, record.format)
        except InputRejectedError:
            cues = None
    return Conflict(
        base=request.base_cues,
        mine=request.cues,
        theirs=cues,
        theirs_sha256=_digest(theirs),
    )


def _digest(content: bytes | None) -> str:
    return hashlib.sha256(content).hexdigest() if content is not None else ""
