"""The store of transcripts by fingerprint: what was transcribed once is never transcribed again.

A folder per fingerprint holds what each track says. A renamed or moved media file, a new language,
format or style therefore needs no decoding and no transcription::

    transcripts/ab/ab12.../shot_cuts.json                        where the picture cuts
    transcripts/ab/ab12.../selection.json                        which tracks count, if not all
    transcripts/ab/ab12.../1/analysis.json                       speech and language of track 1
    transcripts/ab/ab12.../1/speech_cuts.json                    where long speech is cut
    transcripts/ab/ab12.../1/reuse.json                          whose transcript it took over
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.json            the words of one chunk
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.fallback.json   which engine failed
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.draft.json      a text that has no times yet
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.checkpoint.json what the engine has to remember
    transcripts/ab/ab12.../1/whisper-3f2a.../hallucinations.json   what was left out, and why
    transcripts/ab/ab12.../1/whisper-3f2a.../hotwords.json         the hotwords the engine was told
    transcripts/ab/ab12.../1/whisper-3f2a.../parts.json            how it was cut for viewers
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from subtitled.engines.protocol import TRANSCRIPT
from subtitled.plugin import Checkpoint, Chunk, TimeSpan, Transcript
from subtitled.plugin.files import write_atomic
from subtitled.subtitles.hallucination import RemovedText

from .migration import migrate_fingerprint
from .models import (
    DECODER_VERSION,
    FallbackRecord,
    Selection,
    ShotCuts,
    TrackAnalysis,
    TranscriptReuse,
)

MAX_REMEMBERED_FINGERPRINTS = 10_000
"""Fingerprints of which a store remembers that their folders are converted."""

T = TypeVar("T")
_FALLBACK: TypeAdapter[FallbackRecord] = TypeAdapter(FallbackRecord)
_ANALYSIS: TypeAdapter[TrackAnalysis] = TypeAdapter(TrackAnalysis)
_REUSE: TypeAdapter[TranscriptReuse] = TypeAdapter(TranscriptReuse)
_SELECTION: TypeAdapter[Selection] = TypeAdapter(Selection)
_SHOT_CUTS: TypeAdapter[ShotCuts] = TypeAdapter(ShotCuts)
_TERMS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_CUTS: TypeAdapter[dict[str, tuple[float, ...]]] = TypeAdapter(dict[str, tuple[float, ...]])
_PARTS: TypeAdapter[tuple[TimeSpan, ...]] = TypeAdapter(tuple[TimeSpan, ...])
_REMOVED: TypeAdapter[tuple[RemovedText, ...]] = TypeAdapter(tuple[RemovedText, ...])


class TranscriptStore:
    """The transcripts in one folder. Several processes may read and write it.

    ``track`` is always ffprobe's absolute index. Methods that read return None for what is not
    stored and for damaged files.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._migrated: dict[str, None] = {}
        """Fingerprints whose folders are converted, oldest first."""
        self._migration_lock = threading.Lock()

    def analysis(self, fingerprint: str, track: int) -> TrackAnalysis | None:
        """Return the analysis of a track."""
        return _read_json(self._track_path(fingerprint, track) / "analysis.json", _ANALYSIS)

    def save_analysis(self, fingerprint: str, track: int, analysis: TrackAnalysis) -> None:
        """Store the analysis of a track."""
        target = self._track_path(fingerprint, track) / "analysis.json"
        write_atomic(target, _ANALYSIS.dump_json(analysis, indent=1))

    def selection(self, fingerprint: str) -> Selection:
        """Return which tracks and channels were listened to."""
        stored = _read_json(self._content_path(fingerprint) / "selection.json", _SELECTION)
        return stored or Selection()

    def change_selection(self, fingerprint: str, selection: Selection) -> None:
        """Store which tracks and channels count, and delete what was found in others."""
        for track in self.tracks(fingerprint):
            shutil.rmtree(self._track_path(fingerprint, track), ignore_errors=True)
        target = self._content_path(fingerprint) / "selection.json"
        write_atomic(target, _SELECTION.dump_json(selection))

    def clear_silent_analyses(self, fingerprint: str) -> None:
        """Delete the analyses of tracks without speech, so that they are made again."""
        for track in self.tracks(fingerprint):
            stored = self.analysis(fingerprint, track)
            if stored is not None and not stored.speech:
                (self._track_path(fingerprint, track) / "analysis.json").unlink(missing_ok=True)

    def forget_languages(self, fingerprint: str, *, is_evident_too: bool = False) -> None:
        """Forget the spoken languages of tracks, so that they are looked for again.

        Args:
            fingerprint: The media file.
            is_evident_too: Whether also those that an engine identified, a tag tells or a caller
                stated, and not only those that are unknown or assumed.
        """
        for track in self.tracks(fingerprint):
            stored = self.analysis(fingerprint, track)
            if stored is not None and (is_evident_too or not stored.is_language_evident):
                self.save_analysis(fingerprint, track, stored.without_language())

    def silent_tracks(self, fingerprint: str) -> frozenset[int]:
        """Return the tracks that were listened to, alone or in a set, and have no speech."""
        silent = set[int]()
        for track in self.tracks(fingerprint):
            stored = self.analysis(fingerprint, track)
            if stored is None or stored.speech or stored.decoder_version < DECODER_VERSION:
                continue
            silent |= {track, *(share.track for share in stored.channel_shares)}
        return frozenset(silent)

    def has_outdated_silence(self, fingerprint: str) -> bool:
        """Return whether no speech was found in a way of decoding that missed some."""
        analyses = [self.analysis(fingerprint, track) for track in self.tracks(fingerprint)]
        return any(
            analysis is not None
            and not analysis.speech
            and analysis.decoder_version < DECODER_VERSION
            for analysis in analyses
        )

    def reuse(self, fingerprint: str, track: int) -> TranscriptReuse | None:
        """Return what a track reused; None if no other fingerprint was compared with it."""
        return _read_json(self._track_path(fingerprint, track) / "reuse.json", _REUSE)

    def reused_from(self, fingerprint: str) -> set[str]:
        """Return the fingerprints whose transcripts this one reused."""
        reuses = [self.reuse(fingerprint, track) for track in self.tracks(fingerprint)]
        return {
            reuse.source_fingerprint
            for reuse in reuses
            if reuse is not None and not reuse.rejection_reason
        }

    def save_reuse(self, fingerprint: str, track: int, retimed: TranscriptReuse) -> None:
        """Store what was compared and reused for a track."""
        target = self._track_path(fingerprint, track) / "reuse.json"
        write_atomic(target, _REUSE.dump_json(retimed, indent=1))

    def tracks(self, fingerprint: str) -> list[int]:
        """Return the tracks of which anything is stored."""
        folder = self._content_path(fingerprint)
        return sorted(int(path.name) for path in _subfolders(folder) if path.name.isdecimal())

    def variants(self, fingerprint: str, track: int) -> list[str]:
        """Return the variants of which any chunk of a track is stored."""
        return sorted(
            path.name for path in _subfolders(self._track_path(fingerprint, track)) if path.is_dir()
        )

    def stored_spans(self, fingerprint: str, track: int, variant: str) -> list[tuple[int, int]]:
        """Return start and end in milliseconds of each chunk in order, the longest first."""
        spans = {
            (int(begin), -int(end))
            for path in _subfolders(self._track_path(fingerprint, track) / variant)
            for name in [path.name.removesuffix(".json").removesuffix(".fallback")]
            for begin, _, end in [name.partition("-")]
            if begin.isdecimal() and end.isdecimal()
        }
        return [(begin, -end) for begin, end in sorted(spans)]

    def chunk_transcript(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk
    ) -> Transcript | None:
        """Return the words of a chunk in one variant."""
        return _read_json(self._chunk_path(fingerprint, track, variant, chunk), TRANSCRIPT)

    def save_chunk(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk, words: Transcript
    ) -> None:
        """Store the transcript of a chunk, and delete its untimed draft."""
        write_atomic(
            self._chunk_path(fingerprint, track, variant, chunk),
            TRANSCRIPT.dump_json(words, indent=1),
        )
        self._chunk_path(fingerprint, track, variant, chunk, ".draft").unlink(missing_ok=True)

    def untimed_draft(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk
    ) -> Transcript | None:
        """Return what an engine said in a chunk before its words were aligned."""
        return _read_json(
            self._chunk_path(fingerprint, track, variant, chunk, ".draft"), TRANSCRIPT
        )

    def save_draft(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk, words: Transcript
    ) -> None:
        """Store what an engine said in a chunk before its words are aligned."""
        target = self._chunk_path(fingerprint, track, variant, chunk, ".draft")
        write_atomic(target, TRANSCRIPT.dump_json(words, indent=1))

    def checkpoint(self, fingerprint: str, track: int, variant: str, chunk: Chunk) -> Checkpoint:
        """Return the place where an engine can store the progress of a chunk."""
        return Checkpoint(self._chunk_path(fingerprint, track, variant, chunk, ".checkpoint"))

    def fallback(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk
    ) -> FallbackRecord | None:
        """Return how a chunk got its words; None if from the preferred engine alone, or not yet."""
        return _read_json(
            self._chunk_path(fingerprint, track, variant, chunk, ".fallback"), _FALLBACK
        )

    def save_fallback(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk, fallback: FallbackRecord
    ) -> None:
        """Store which engine's words count for a chunk."""
        target = self._chunk_path(fingerprint, track, variant, chunk, ".fallback")
        write_atomic(target, _FALLBACK.dump_json(fallback, indent=1))

    def fallbacks(self, fingerprint: str, track: int) -> list[tuple[TimeSpan, FallbackRecord]]:
        """Return the chunks of a track that have a fallback record, in order of time."""
        fallbacks = []
        for path in self._track_path(fingerprint, track).glob("*/*.fallback.json"):
            begin, _, end = path.name.removesuffix(".fallback.json").partition("-")
            fallback = _read_json(path, _FALLBACK)
            if fallback is not None and begin.isdecimal() and end.isdecimal():
                fallbacks.append((TimeSpan(int(begin) / 1000, int(end) / 1000), fallback))
        return sorted(fallbacks, key=lambda item: (item[0], item[1].variant))

    def effective_transcript(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk
    ) -> Transcript | None:
        """Return the words that count for a chunk: the variant's, or those of its fallback."""
        name = self._chunk_path(fingerprint, track, variant, chunk).stem
        return self.effective_by_name(fingerprint, track, variant, name)

    def effective_by_name(
        self, fingerprint: str, track: int, variant: str, name: str, is_effective: bool = True
    ) -> Transcript | None:
        """Return the words of a chunk by its name, ``START-END`` in milliseconds.

        ``is_effective`` takes the words of a fallback for those of the variant.
        """
        folder = self._track_path(fingerprint, track)
        path = folder / variant / f"{name}.fallback.json"
        fallback = _read_json(path, _FALLBACK) if is_effective else None
        return _read_json(
            folder / (fallback.variant if fallback else variant) / f"{name}.json", TRANSCRIPT
        )

    def speech_cuts(self, fingerprint: str, track: int) -> dict[str, tuple[float, ...]]:
        """Return the times at which speech without a pause is cut, by span and limit."""
        return _read_json(self._track_path(fingerprint, track) / "speech_cuts.json", _CUTS) or {}

    def save_speech_cuts(
        self, fingerprint: str, track: int, cuts: dict[str, tuple[float, ...]]
    ) -> None:
        """Store the times at which speech without a pause is cut."""
        target = self._track_path(fingerprint, track) / "speech_cuts.json"
        write_atomic(target, _CUTS.dump_json(cuts, indent=1))

    def parts(self, fingerprint: str, track: int, variant: str) -> tuple[TimeSpan, ...]:
        """Return the spans that are chunks of their own, in order, as somebody watched the film."""
        return _read_json(self._parts_path(fingerprint, track, variant), _PARTS) or ()

    def save_parts(
        self, fingerprint: str, track: int, variant: str, parts: Sequence[TimeSpan]
    ) -> None:
        """Store the spans that are chunks of their own."""
        target = self._parts_path(fingerprint, track, variant)
        write_atomic(target, _PARTS.dump_json(tuple(parts), indent=1))

    def hotwords(self, fingerprint: str, track: int) -> dict[str, tuple[str, ...]]:
        """Return the hotwords that the engine of each variant was last told."""
        by_variant = {}
        for path in sorted(self._track_path(fingerprint, track).glob("*/hotwords.json")):
            by_variant[path.parent.name] = _read_json(path, _TERMS) or ()
        return by_variant

    def save_hotwords(
        self, fingerprint: str, track: int, variant: str, terms: tuple[str, ...]
    ) -> None:
        """Store the hotwords of a variant. They are no part of it: its words outlive them."""
        path = self._track_path(fingerprint, track) / variant / "hotwords.json"
        if (_read_json(path, _TERMS) or ()) != terms:
            write_atomic(path, _TERMS.dump_json(terms))

    def clear_transcripts(self, fingerprint: str) -> None:
        """Delete all transcripts of a fingerprint. Its analyses stay."""
        for track in self.tracks(fingerprint):
            for variant in self.variants(fingerprint, track):
                shutil.rmtree(self._track_path(fingerprint, track) / variant)

    def removals(self, fingerprint: str, track: int) -> dict[str, tuple[RemovedText, ...]]:
        """Return what was removed from the transcripts of a track, by variant."""
        by_variant = {}
        for path in sorted(self._track_path(fingerprint, track).glob("*/hallucinations.json")):
            by_variant[path.parent.name] = _read_json(path, _REMOVED) or ()
        return by_variant

    def save_removals(
        self,
        fingerprint: str,
        track: int,
        variant: str,
        removals: tuple[RemovedText, ...],
        chunks: Sequence[Chunk],
    ) -> None:
        """Replace the removals in some chunks.

        Those in other chunks stay, and so do the transcripts.
        """
        path = self._track_path(fingerprint, track) / variant / "hallucinations.json"
        before = _read_json(path, _REMOVED) or ()
        kept_removals = (
            item for item in before if not any(_lies_in(chunk, item) for chunk in chunks)
        )
        after = tuple(sorted({*kept_removals, *removals}, key=lambda removal: removal.start))
        if before != after:
            write_atomic(path, _REMOVED.dump_json(after, indent=1))

    def shot_cuts(self, fingerprint: str) -> ShotCuts | None:
        """Return the shot cuts, or None if they were not detected."""
        return _read_json(self._content_path(fingerprint) / "shot_cuts.json", _SHOT_CUTS)

    def save_shot_cuts(self, fingerprint: str, shots: ShotCuts) -> None:
        """Store the shot cuts of a media file."""
        target = self._content_path(fingerprint) / "shot_cuts.json"
        write_atomic(target, _SHOT_CUTS.dump_json(shots, indent=1))

    def track_folder(self, fingerprint: str, track: int) -> Path:
        """Return the folder of a track, in which translations and summaries are stored too."""
        return self._track_path(fingerprint, track)

    def content_folder(self, fingerprint: str) -> Path:
        """Return the folder of a fingerprint."""
        return self._content_path(fingerprint)

    def _content_path(self, fingerprint: str) -> Path:
        """Return the folder of a fingerprint, converted if an older version wrote it."""
        folder = self.folder / fingerprint[:2] / fingerprint
        with self._migration_lock:
            if fingerprint not in self._migrated:
                migrate_fingerprint(folder)
                self._migrated[fingerprint] = None
                if len(self._migrated) > MAX_REMEMBERED_FINGERPRINTS:
                    del self._migrated[next(iter(self._migrated))]
        return folder

    def _track_path(self, fingerprint: str, track: int) -> Path:
        return self._content_path(fingerprint) / str(track)

    def _parts_path(self, fingerprint: str, track: int, variant: str) -> Path:
        return self._track_path(fingerprint, track) / variant / "parts.json"

    def _chunk_path(
        self, fingerprint: str, track: int, variant: str, chunk: Chunk, kind: str = ""
    ) -> Path:
        start, end = (round(t * 1000) for t in (chunk.span.start, chunk.span.end))
        return self._track_path(fingerprint, track) / variant / f"{start}-{end}{kind}.json"


def _lies_in(chunk: Chunk, removal: RemovedText) -> bool:
    return chunk.span.start <= removal.start < chunk.span.end


def _subfolders(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read_json(path: Path, adapter: TypeAdapter[T]) -> T | None:
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        # A damaged file is as good as missing and is written again.
        return None
