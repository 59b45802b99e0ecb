"""Approved subtitles in the language spoken, each with what engines made of the same speech."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileRecord
from subtitled.db.sidecars import SidecarRecord
from subtitled.jobcontext.services import open_transcript_store
from subtitled.pipeline.locks import SidecarIdentity
from subtitled.plugin import Cue, InputRejectedError, Language, SubtitleKind, Transcript
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.formats import TIMED_FORMATS, read_subtitle
from subtitled.subtitles.hallucination import (
    FilterContext,
    HallucinationPhrases,
    filter_hallucinations,
    load_phrases,
)
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import repair_words, restore_spaces
from subtitled.transcripts.assembly import list_stored_chunks
from subtitled.transcripts.models import TrackAnalysis

from ..inspection import library_for
from ..sidecar_reading import read_inside

_TRANSLATED = re.compile(r"(?:^|, )translated (?:by|from) ")
_TRANSCRIBED = re.compile(r"transcribed by (\S+?)(?:,|$)")


class LeftOut(StrEnum):
    """Why an approved subtitle says nothing about engines."""

    NOT_APPROVED = "not there, edited or unlocked since it was approved"
    OTHER_KIND = "forced, or for the deaf and hard of hearing"
    BILINGUAL = "in two languages"
    TRANSLATION = "not in the language spoken"
    UNREADABLE = "it or its transcripts cannot be read"
    NO_TRANSCRIPT = "no transcript of its speech is stored"


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineText:
    """What one engine understood, as it would be published."""

    track: int
    variant: str
    """The name of the engine in the configuration, with a hash of its settings."""
    engine: str
    """The engine and its model, as it names itself."""
    text: str
    seconds: float
    """Seconds of the media file in which it was asked."""
    cues: frozenset[int]
    """The indices of the approved cues in those seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedReference:
    """An approved subtitle with the texts of engines for the same speech."""

    language: Language
    cues: tuple[Cue, ...]
    """In order of time."""
    started_from: str | None
    """The engine, by its name in the configuration, whose text the person corrected."""
    texts: tuple[EngineText, ...]


class ReferenceReader:
    """Reads approved subtitles, and the stored transcripts of the same speech."""

    def __init__(self, configuration: Configuration, db: Database) -> None:
        self._configuration = configuration
        self._db = db
        self._store = open_transcript_store(resolve_state_dir(configuration.settings))

    def of_file(
        self, file: FileRecord, language: Language | None
    ) -> Iterator[ApprovedReference | LeftOut]:
        """Yield the approved subtitles of a media file, or why they say nothing.

        Args:
            file: The media file.
            language: One language only; None for all.
        """
        approved: dict[SidecarIdentity, list[tuple[SidecarRecord, Signature]]] = {}
        records = self._db.sidecars.of_media(file.path)
        for record in records:
            signature = self._db.sidecars.approval(record.path)
            if signature is not None and record.format in TIMED_FORMATS:
                identity = SidecarIdentity.of_record(record)
                approved.setdefault(identity, []).append((record, signature))
        if not approved:
            yield LeftOut.NOT_APPROVED
        for identity, formats in approved.items():
            if language is None or _is_same(identity.language, language):
                formats.sort(key=lambda item: TIMED_FORMATS.index(item[0].format))
                library = library_for(self._configuration, file.path)
                try:
                    yield self._read(library, identity, formats[0])
                except (OSError, InputRejectedError):
                    yield LeftOut.UNREADABLE

    def _read(
        self,
        library: LibrarySettings,
        identity: SidecarIdentity,
        sidecar: tuple[SidecarRecord, Signature],
    ) -> ApprovedReference | LeftOut:
        """Return an approved subtitle with the texts of engines, or why it says nothing.

        Raises:
            OSError: The sidecar or a transcript cannot be read.
            InputRejectedError: The sidecar is no subtitle.
        """
        record, signature = sidecar
        if identity.secondary is not None:
            return LeftOut.BILINGUAL
        if identity.kind is not SubtitleKind.FULL:
            return LeftOut.OTHER_KIND
        if _TRANSLATED.search(signature.variant):
            return LeftOut.TRANSLATION
        # The transcripts are those of the media file that was approved, not of one that
        # replaced it since.
        fingerprint = signature.fingerprint
        tracks = self._tracks_in(fingerprint, identity.language)
        if not tracks:
            known_tracks = self._store.tracks(fingerprint)
            return LeftOut.TRANSLATION if known_tracks else LeftOut.NO_TRANSCRIPT
        content = read_inside(record.path, library)
        result = read_subtitle(content, record.format, None, identity.language)
        cues = tuple(sorted(result.cues, key=lambda cue: (cue.start, cue.end)))
        texts = tuple(
            text
            for track, analysis in tracks
            for text in self._texts(fingerprint, track, analysis, identity.language, library, cues)
        )
        if not texts:
            return LeftOut.NO_TRANSCRIPT
        named = _TRANSCRIBED.match(signature.variant)
        return ApprovedReference(
            language=identity.language,
            cues=cues,
            started_from=named[1] if named else None,
            texts=texts,
        )

    def _tracks_in(self, fingerprint: str, language: Language) -> list[tuple[int, TrackAnalysis]]:
        """Return the tracks in which a language is spoken, as far as it was detected."""
        tracks = []
        for track in self._store.tracks(fingerprint):
            analysis = self._store.analysis(fingerprint, track)
            if analysis is not None and _is_same(analysis.language, language):
                tracks.append((track, analysis))
        return tracks

    def _texts(
        self,
        fingerprint: str,
        track: int,
        analysis: TrackAnalysis,
        language: Language,
        library: LibrarySettings,
        cues: Sequence[Cue],
    ) -> Iterator[EngineText]:
        for variant in self._store.variants(fingerprint, track):
            chunks = [
                (span, part)
                for span, part in list_stored_chunks(
                    self._store, fingerprint, track, variant, is_effective=False
                )
                if _is_same(part.language, language)
                and _is_spoken(analysis, (span.start + span.end) / 2, language)
            ]
            if not chunks:
                continue
            whole = Transcript(
                language=language,
                words=tuple(word for _, part in chunks for word in part.words),
                segment_scores=tuple(one for _, part in chunks for one in part.segment_scores),
            )
            hotwords = self._store.hotwords(fingerprint, track).get(variant, ())
            yield EngineText(
                track=track,
                variant=variant,
                engine=chunks[-1][1].engine or variant.rpartition("-")[0],
                text=self._publishable_text(whole, analysis, library, hotwords),
                seconds=sum(span.duration for span, _ in chunks),
                cues=frozenset(
                    index
                    for index, cue in enumerate(cues)
                    if any(span.start <= (cue.start + cue.end) / 2 < span.end for span, _ in chunks)
                ),
            )

    def _publishable_text(
        self,
        whole: Transcript,
        analysis: TrackAnalysis,
        library: LibrarySettings,
        hotwords: Sequence[str],
    ) -> str:
        """Return the text that the daemon would publish of a transcript."""
        words = whole.words
        if library.hallucination_filter:
            context = FilterContext(
                language=whole.language,
                duration=analysis.duration,
                phrases=self._phrases,
                hotwords=hotwords,
            )
            words, _ = filter_hallucinations(whole, context, analysis.speech, analysis.quiet_speech)
        repaired = repair_words(words, analysis.duration)
        if not is_spaceless(whole.language):
            repaired = restore_spaces(repaired)
        return convert_texts(["".join(word.text for word in repaired)], whole.language)[0]

    @cached_property
    def _phrases(self) -> HallucinationPhrases:
        return load_phrases(self._configuration.settings.daemon.hallucination_phrases)


def _is_same(one: Language | None, other: Language) -> bool:
    return one is not None and one.primary.satisfies(other.primary)


def _is_spoken(analysis: TrackAnalysis, at: float, language: Language) -> bool:
    """Return whether a language is spoken at a time, as far as changes were looked for."""
    return all(
        _is_same(segment.language, language)
        for segment in analysis.language_segments or ()
        if segment.span.start <= at < segment.span.end
    )
