"""The stored words of a track, without what engines made up, and with the ends of the voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from subtitled.jobcontext.context import JobContext
from subtitled.plugin import Chunk, Language, Transcript, TransientError
from subtitled.subtitles.hallucination import (
    FilterContext,
    RemovedText,
    filter_hallucinations,
    load_phrases,
)
from subtitled.subtitles.segmentation.removed_silence import confine_to_speech
from subtitled.transcripts.assembly import assemble_chunks
from subtitled.transcripts.models import TrackAnalysis

from .lost_speech import describe_lost_speech, find_lost_speech
from .voice_ends import end_with_voice


class BelievedWords:
    """Reads the words of a track that are believed. The stored ones stay as they are."""

    def __init__(self, ctx: JobContext, track: int, analysis: TrackAnalysis) -> None:
        """Create it.

        Args:
            ctx: The job.
            track: The index of the audio track.
            analysis: Where speech is in it.
        """
        self._ctx = ctx
        self._track = track
        self._analysis = analysis

    def read(self, variant: str, language: Language, chunks: Sequence[Chunk]) -> Transcript:
        """Return the believed words of some chunks. Any thread may call it.

        Args:
            variant: The variant under which the words are stored.
            language: The language of the text.
            chunks: The chunks, in order.

        Raises:
            TransientError: The words of a chunk are not in the store.
        """
        return self._believe(variant, language, chunks)[0]

    def read_and_report(
        self, variant: str, language: Language, chunks: Sequence[Chunk]
    ) -> Transcript:
        """Do as :meth:`read`, and store what was removed, for people to look at."""
        transcript, removed = self._believe(variant, language, chunks)
        self._ctx.services.store.save_removals(
            self._ctx.job.fingerprint, self._track, variant, removed, chunks
        )
        return transcript

    def _believe(
        self, variant: str, language: Language, chunks: Sequence[Chunk]
    ) -> tuple[Transcript, tuple[RemovedText, ...]]:
        job, services, analysis = self._ctx.job, self._ctx.services, self._analysis
        whole = assemble_chunks(services.store, job.fingerprint, self._track, variant, chunks)
        if whole is None:
            raise TransientError(
                "a part of the transcript is missing from the state folder",
                "It is transcribed again at the next try",
            )
        words = tuple(confine_to_speech(whole.words, analysis.speech, language))
        whole = replace(whole, words=words)
        gone: tuple[RemovedText, ...] = ()
        if job.library.hallucination_filter:
            phrases = load_phrases(services.config.settings.daemon.hallucination_phrases)
            context = FilterContext(
                language=language,
                duration=analysis.duration,
                phrases=phrases,
                hotwords=self._told_hotwords(variant, chunks),
            )
            words, gone = filter_hallucinations(
                whole, context, analysis.speech, analysis.quiet_speech
            )
        lost = find_lost_speech(
            [span for chunk in chunks for span in chunk.speech],
            [span for chunk in chunks for span in chunk.low_energy],
            whole.words,
        )
        believed = replace(whole, words=tuple(end_with_voice(words, analysis.speech)))
        return believed, (*gone, *describe_lost_speech(lost))

    def _told_hotwords(self, variant: str, chunks: Sequence[Chunk]) -> tuple[str, ...]:
        """Return the hotwords that the engines whose words count were told."""
        store, track_key = self._ctx.services.store, (self._ctx.job.fingerprint, self._track)
        fallbacks = (store.fallback(*track_key, variant, chunk) for chunk in chunks)
        variants = {variant} | {fallback.variant for fallback in fallbacks if fallback}
        by_variant = store.hotwords(*track_key)
        return tuple(
            dict.fromkeys(word for name in sorted(variants) for word in by_variant.get(name, ()))
        )
