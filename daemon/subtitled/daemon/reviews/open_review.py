"""One review as it is now: its version 0, its operations, and the document that they make."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.db.approvals import StoredApproval
from subtitled.db.database import Database
from subtitled.db.operations import ReviewBase, StoredOperation
from subtitled.db.records import FileRecord
from subtitled.db.review_records import ReviewRecord
from subtitled.db.sidecars import SidecarRecord
from subtitled.pipeline.quality_estimates import choose_reviewed
from subtitled.plugin import InputRejectedError, Language, SubtitleKind
from subtitled.plugin.paths import display_path
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.review.changes import Change, apply_all, rewind
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.encoding import decode_change, decode_cues, encode_cues
from subtitled.subtitles.review.findings import Finding, find_violations
from subtitled.subtitles.review.resolving import OperationContext
from subtitled.subtitles.rules import CueRules

from ..inspection import library_for
from ..sidecar_reading import read_inside
from .errors import ReviewNotFoundError, UnreadableSidecarError


@dataclass(frozen=True, kw_only=True)
class OpenReview:
    """A review with everything that editing it needs."""

    record: ReviewRecord
    file: FileRecord
    library: LibrarySettings
    base: ReviewBase
    is_base_stored: bool
    """Whether version 0 is in the database. Before the first edit it is the file on disk."""
    base_document: Document
    """Version 0."""
    log: tuple[StoredOperation, ...]
    changes: tuple[Change, ...]
    """What each operation did."""
    document: Document
    """The current version."""
    approvals: tuple[StoredApproval, ...] = ()
    """Every time that somebody approved it, the first one first."""

    @property
    def unstored_base(self) -> ReviewBase | None:
        """Version 0, if it is to be stored with the next edit."""
        return None if self.is_base_stored else self.base

    @property
    def version(self) -> int:
        """How many operations there are."""
        return len(self.log)

    def document_at(self, version: int) -> Document:
        """Return an earlier version."""
        return rewind(self.document, self.changes[version:])

    @property
    def is_translation(self) -> bool:
        """Whether the text is in another language than the one spoken, as far as is known."""
        spoken = self.file.spoken_language
        return (
            spoken is not None
            and spoken.partition("-")[0] != (str(self.record.language).partition("-")[0])
        )

    @cached_property
    def rules(self) -> CueRules:
        """The cue rules of the library."""
        language = self.record.language
        return cue_rules_for(self.library, language, translation=self.is_translation)

    @property
    def context(self) -> OperationContext:
        """What operations need besides the document."""
        return OperationContext(
            base=self.base_document, language=self.record.language, rules=self.rules
        )

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """What the cue rules say of the current version."""
        return find_violations(self.document, self.record.language, self.rules)

    @property
    def has_current_estimate(self) -> bool:
        """Whether the estimates are about version 0."""
        return self.record.estimated_sha256 == self.base.sha256


def load_review(
    configuration: Configuration, db: Database, review_id: int, known: OpenReview | None = None
) -> OpenReview:
    """Return a review as it is now.

    Args:
        configuration: The configuration.
        db: The database.
        review_id: The number of the review.
        known: The review as it was before, of which only later operations are read.

    Raises:
        ReviewNotFoundError: There is none, or its file or sidecar is gone.
        UnreadableSidecarError: Its sidecar cannot be read.
    """
    record = db.reviews.get(review_id)
    if record is None:
        raise ReviewNotFoundError("there is no such review", "Take its number from the list")
    file = db.files.get_by_id(record.file_id) if record.file_id is not None else None
    if file is None:
        raise ReviewNotFoundError(
            "the media file of this review is not in the database any more",
            "Bring the file back and scan its library: what was edited is kept",
        )
    library = library_for(configuration, file.path)
    if known is None or not _is_earlier(known, record):
        known = _read_version_0(db, record, file, library, known)
    added = tuple(db.operations.after(review_id, known.version))
    if not added and (record, file, library) == (known.record, known.file, known.library):
        return known  # What was computed of it stays.
    changes = tuple(decode_change(operation.change) for operation in added)
    approvals = known.approvals
    if record.approved_at is not None and (record != known.record or not approvals):
        approvals = tuple(db.approvals.of_review(review_id))
    return OpenReview(
        record=record,
        file=file,
        library=library,
        base=known.base,
        is_base_stored=known.is_base_stored,
        base_document=known.base_document,
        log=known.log + added,
        changes=known.changes + changes,
        document=apply_all(known.document, changes) if changes else known.document,
        approvals=approvals,
    )


def _is_earlier(known: OpenReview, record: ReviewRecord) -> bool:
    """Return whether a review is what another one was: operations are only ever added."""
    return (
        known.is_base_stored
        and known.record.id == record.id
        and known.base.sha256 == record.base_sha256
        and known.version <= record.version
    )


def _read_version_0(
    db: Database,
    record: ReviewRecord,
    file: FileRecord,
    library: LibrarySettings,
    known: OpenReview | None,
) -> OpenReview:
    stored = db.operations.base(record.id)
    if stored is None:
        sidecar = find_sidecar(db, file, record.language, record.kind, record.format)
        base = _read_base(library, sidecar, record.language, known)
    else:
        base = stored
    if known is not None and known.base is base:
        document = known.base_document
    else:
        document = decode_cues(base.cues)
    return OpenReview(
        record=record,
        file=file,
        library=library,
        base=base,
        is_base_stored=stored is not None,
        base_document=document,
        log=(),
        changes=(),
        document=document,
    )


def find_sidecar(
    db: Database,
    file: FileRecord,
    language: Language,
    kind: SubtitleKind,
    wanted_format: str | None = None,
) -> SidecarRecord:
    """Return a sidecar that we published and that is present, as far as is known.

    Args:
        db: The database.
        file: Its media file.
        language: Its language.
        kind: Its kind.
        wanted_format: The format to choose if there are several.

    Raises:
        ReviewNotFoundError: We published none, or it was removed.
    """
    sidecars = db.sidecars.of_media(file.path)
    chosen = choose_reviewed(sidecars, language, kind, wanted_format)
    if chosen is None:
        raise ReviewNotFoundError(
            f"there is no subtitle of ours in {language} for {display_path(file.path)}",
            "Have it made first: subtitled queue retry FILE",
        )
    return chosen


def _read_base(
    library: LibrarySettings,
    sidecar: SidecarRecord,
    language: Language,
    known: OpenReview | None,
) -> ReviewBase:
    """Read a sidecar as version 0. The one that is known is returned if the file is the same."""
    name = display_path(Path(sidecar.path.name))
    try:
        content = read_inside(sidecar.path, library)
        sha256 = hashlib.sha256(content).hexdigest()
        if (
            known is not None
            and (known.base.sha256, known.base.format) == (sha256, sidecar.format)
            and known.record.language == language
        ):
            return known.base
        cues = read_subtitle(content, sidecar.format, None, language).cues
    except FileNotFoundError:
        raise ReviewNotFoundError(
            f"the sidecar {name} is not there any more",
            "Have the file checked: subtitled queue retry FILE",
        ) from None
    except OSError as error:
        raise UnreadableSidecarError(
            f"the sidecar {name} cannot be read: {error.strerror}",
            "Let the daemon's user read it",
        ) from None
    except InputRejectedError as error:
        raise UnreadableSidecarError(f"{name}: {error.message}", error.hint) from None
    document = Document.from_cues(cues, language)
    return ReviewBase(
        format=sidecar.format,
        sha256=sha256,
        cues=encode_cues(document),
    )
