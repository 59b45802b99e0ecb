"""Translations whose source a person corrected: which these are, and what is made of them again.

An approved text in the language spoken corrects the transcript that it was made of. Every
translation says in its signature which approved text it was made from. So it is known, without any
further record, which translations were made from another text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.sidecars import SidecarRepository
from subtitled.library.archive import read_archived
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind
from subtitled.policy.approved_source import ApprovedSource
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.routing.table import RoutingTable
from subtitled.subtitles.formats import TIMED_FORMATS, read_subtitle
from subtitled.subtitles.publish import compute_sha256
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.variants import component_variant
from subtitled.translation.corrected_words import digest_text

from .locks import read_sidecar
from .translation_requests import read_request

_FROM_SPEECH = re.compile(r"transcribed by [^,]+(?:, from the approved text \w+)?$")
_TRANSLATED_SPEECH = re.compile(r"transcribed by [^,]+, translated by ")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRequests:
    """What people did that decides whether a translation is made again."""

    requested_at: float = 0.0
    """When somebody asked for the changed lines to be translated again, in seconds since 1970."""
    begun: frozenset[tuple[Language, SubtitleKind]] = field(default=frozenset())
    """The subtitles that somebody edits. They are not made again meanwhile."""

    @classmethod
    def read(cls, db: Database, media: Path, fingerprint: str | None) -> CorrectionRequests:
        """Return what the database has of a media file."""
        request = read_request(db.kv, fingerprint)
        return cls(
            requested_at=0.0 if request is None else request.at,
            begun=frozenset(db.reviews.edited_subtitles(media)),
        )


NO_REQUESTS = CorrectionRequests()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenTrack:
    """The main audio track, as far as it is known."""

    fingerprint: str
    spoken: Language
    has_transcript: bool
    """Whether the words of the engine that would be asked are stored."""

    @classmethod
    def find(
        cls,
        place: tuple[str | None, int],
        analysis: TrackAnalysis | None,
        configuration: Configuration,
        routing: RoutingTable,
        transcripts: TranscriptStore,
    ) -> SpokenTrack | None:
        """Return the track if one language is spoken in it, which is known.

        Args:
            place: The fingerprint of the media file and the index of the track.
            analysis: The analysis of the track.
            configuration: The configuration.
            routing: The engines of the library.
            transcripts: The store of transcripts.
        """
        fingerprint, index = place
        if analysis is None or analysis.language is None or fingerprint is None:
            return None
        if len({segment.language for segment in analysis.language_segments or ()}) > 1:
            return None
        names = routing.engine_order(analysis.language).names
        variants = [component_variant(configuration.engines[name], None) for name in names[:1]]
        stored = transcripts.variants(fingerprint, index)
        return cls(
            fingerprint=fingerprint,
            spoken=analysis.language,
            has_transcript=any(variant in stored for variant in variants),
        )


def find_approved_source(
    existing: Sequence[ExistingSubtitle],
    folder: Path,
    track: SpokenTrack | None,
    sidecars: SidecarRepository,
    archive: Path,
) -> ApprovedSource | None:
    """Return what a person approved of the speech of the main track, or None.

    It counts if it was made of the transcript that is stored.

    Args:
        existing: The subtitles of the media file.
        folder: Where its sidecars lie.
        track: The main track; None if it is not known what is spoken in it.
        sidecars: The repository of sidecars.
        archive: The folder with what was replaced.
    """
    if track is None or not track.has_transcript:
        return None
    spoken = track.spoken
    approved = [
        item
        for item in existing
        if item.is_approved
        and item.origin == SIDECAR
        and item.kind is SubtitleKind.FULL
        and item.secondary is None
        and item.format in TIMED_FORMATS
        and item.language is not None
        and item.language.satisfies(spoken)
    ]
    approved.sort(key=lambda item: TIMED_FORMATS.index(item.format))
    if not approved:
        return None
    item = approved[0]
    signature = sidecars.approval(folder / item.location, track.fingerprint)
    if (
        signature is None
        or signature.approved is None
        or not _FROM_SPEECH.match(signature.variant)
        or signature.fingerprint != track.fingerprint
    ):
        return None
    digest = _digest_of(read_sidecar(folder / item.location), item.format, spoken)
    if digest is None:
        return None
    machine = read_archived(archive, signature.machine_sha256, item.format)
    return ApprovedSource(
        name_bytes=ApprovedSource.encode_name(item.location),
        format=item.format,
        language=spoken,
        sha256=signature.sha256,
        digest=digest,
        at=signature.approved.at,
        is_corrected=_digest_of(machine, item.format, spoken) != digest,
    )


def read_approved_cues(folder: Path, source: ApprovedSource) -> tuple[Cue, ...] | None:
    """Return the cues of an approved source; None if its file is another one meanwhile."""
    path = folder / source.name
    content = read_sidecar(path)
    if content is None or compute_sha256(path) != source.sha256:
        return None
    return tuple(read_subtitle(content, source.format, None, source.language).cues)


def mark_translations(
    existing: Sequence[ExistingSubtitle],
    folder: Path,
    source: ApprovedSource,
    sidecars: SidecarRepository,
    requests: CorrectionRequests,
    *,
    is_automatic: bool,
) -> tuple[ExistingSubtitle, ...]:
    """Return the subtitles with marks: whose source was corrected, and which are made again.

    What a person approved or edited is only marked.

    Args:
        existing: The subtitles of the media file.
        folder: Where its sidecars lie.
        source: The approved text in the language spoken.
        sidecars: The repository of sidecars.
        requests: What people asked for, and what they edit.
        is_automatic: Whether the library wants the changed lines translated again by itself.
    """
    is_wanted = is_automatic or requests.requested_at > source.at
    marked = []
    for item in existing:
        if item.location == source.name:
            marked.append(replace(item, corrects_speech=True))
        elif source.is_corrected and _is_of_another_text(item, folder, source, sidecars):
            is_edited_now = (item.language, item.kind) in requests.begun
            is_superseded = item.is_ours and is_wanted and not is_edited_now
            marked.append(replace(item, is_source_corrected=True, is_superseded=is_superseded))
        else:
            marked.append(item)
    return tuple(marked)


def _is_of_another_text(
    item: ExistingSubtitle, folder: Path, source: ApprovedSource, sidecars: SidecarRepository
) -> bool:
    """Return whether a subtitle was translated from what the approved text corrected."""
    if item.origin != SIDECAR or item.kind is not SubtitleKind.FULL or item.is_outdated:
        return False
    if not (item.is_ours or item.is_edited):
        return False
    path = folder / item.location
    record = sidecars.get(path)
    variant = record.variant if record is not None else ""
    is_made_of_it = (
        _TRANSLATED_SPEECH.search(variant) is not None
        or f"from {source.name} (" in variant
        or (item.secondary is not None and "transcribed by " in variant)
    )
    if not is_made_of_it or source.mark in variant:
        return False
    if item.is_approved:
        signature = sidecars.approval(path)
        return signature is None or signature.approved is None or signature.approved.at < source.at
    if item.is_edited:
        try:
            return path.stat().st_mtime < source.at
        except OSError:
            return False
    return True


def _digest_of(content: bytes | None, fmt: str, language: Language) -> str | None:
    if content is None:
        return None
    try:
        return digest_text(read_subtitle(content, fmt, None, language).cues, language)
    except InputRejectedError:
        return None
