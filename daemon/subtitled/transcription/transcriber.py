"""The transcriber of a track, which works chunk by chunk in durable steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any, Protocol

from subtitled.jobcontext.context import JobContext
from subtitled.media.chunking import chunks_for_engine, longest_speech
from subtitled.media.probe import MediaInfo
from subtitled.plugin import (
    Audio,
    Chunk,
    EngineCapabilities,
    Language,
    TimeSpan,
    Transcript,
    TransientError,
)
from subtitled.plugin.speech_windows import CutSpan, chunk_speech, split_long_spans
from subtitled.transcripts.models import TrackAnalysis

from .believed_words import BelievedWords
from .chunk_progress import ChunkProgress
from .chunk_transcriber import ChunkTranscriber
from .engine_requester import TrackRequest
from .language_segments import chunk_by_language, clip_to
from .prefetcher import Prefetcher
from .speech_cuts import SpeechCutter, choose_chunks
from .viewed_parts import PART_SECONDS, PartOrder, cut_at_parts, cut_for_viewers


@dataclass(frozen=True, slots=True)
class SpeechTrack:
    """The speech of an audio track in one language.

    With ``only`` it is that of the parts in that language.
    """

    facts: MediaInfo
    index: int
    language: Language
    only: Language | None = None


class TrackSource(Protocol):
    """What tells where speech is in a track, and gives its sound."""

    def analysis(self, track: int) -> TrackAnalysis:
        """Return what is known of a track."""

    def audio(self, facts: MediaInfo, track: int) -> Audio:
        """Return the decoded track."""


OnText = Callable[[str, Callable[[], Transcript]], None]
"""Is called with the name of an engine when the words from the beginning of the track have become
more and others follow, and with a function that returns them. Any thread may call that."""


def _ignore_text(engine: str, find_words: Callable[[], Transcript]) -> None:
    return


class Transcriber:
    """Transcribes a track, and reuses what is stored."""

    def __init__(
        self,
        ctx: JobContext,
        analyser: TrackSource,
        track: SpeechTrack,
        on_text: OnText = _ignore_text,
    ) -> None:
        """Create it.

        Args:
            ctx: The job.
            analyser: Tells where speech is, and gives the sound.
            track: What is transcribed.
            on_text: Is told of the words in the language spoken while they become more.
        """
        self._on_text = on_text
        self._ctx = ctx
        self._analyser = analyser
        self._track = track
        self.analysis = analyser.analysis(track.index)
        self._believed = BelievedWords(ctx, track.index, self.analysis)
        self._known: dict[tuple[str, Language | None], Transcript] = {}

    def transcript(self, engine: str, translate_to: Language | None) -> Transcript:
        """Return the believed words of a track.

        Each chunk is a durable step. Chunks that the engine cannot transcribe go to the next engine
        in the library's order.

        Args:
            engine: The name of the engine.
            translate_to: The language into which the engine translates the speech, or None.

        Raises:
            SubtitledError: No engine could transcribe a chunk.
        """
        if (engine, translate_to) in self._known:
            return self._known[engine, translate_to]
        capabilities = self._ctx.services.engines[engine].capabilities
        variant, language = self.variant(engine, translate_to), translate_to or self._track.language
        chunks, steps = None, count(1)
        while chunks is None:
            chunks = self._transcribe_chunks(engine, translate_to, capabilities, steps)
        self._known[engine, translate_to] = self._believed.read_and_report(
            variant, language, chunks
        )
        return self._known[engine, translate_to]

    def _transcribe_chunks(
        self,
        engine: str,
        translate_to: Language | None,
        capabilities: EngineCapabilities,
        steps: Iterator[int],
    ) -> list[Chunk] | None:
        """Transcribe all chunks; return None if they were cut for viewers, and others follow.

        A job that goes on after a crash may find chunks that were cut since its first steps. So
        neither the names of the steps nor their results depend on the other chunks.
        """
        ctx = self._ctx
        chunks = self._chunks(capabilities, self.variant(engine, translate_to))
        what = f"translating to {translate_to}" if translate_to else "transcribing"
        total = len(chunks)
        progress = ChunkProgress(
            chunks, lambda number, share: ctx.progress_chunk(what, number, total, share)
        )
        transcriber = self._chunk_transcriber(engine, translate_to, progress.report)
        order = PartOrder(chunks, ctx.viewers.positions)
        variant, language = transcriber.variant, translate_to or self._track.language
        with Prefetcher(transcriber.transcribe, chunks, capabilities) as prefetcher:

            def transcribe_next() -> dict[str, Any]:
                if ctx.viewers.positions() and self._cut_for_viewers(
                    capabilities, variant, chunks, prefetcher.finish
                ):
                    return {"cut": True}
                numbers = order.next(prefetcher.reach)
                return prefetcher.result(*numbers) | {"start": order.start_of(numbers[0])}

            while order.has_more:
                ctx.steps.checkpoint(transcriber.first_available_engine)
                progress.begin(len(order.done))
                result = ctx.steps.run(f"{what}, part {next(steps)}", transcribe_next)
                if "cut" in result:
                    return None
                order.mark_done(result["start"])
                if translate_to is None and order.has_more and (leading := order.leading):
                    begun = chunks[:leading]
                    self._on_text(engine, partial(self._believed.read, variant, language, begun))
                if ctx.on_words is not None and order.take_news():
                    done = [chunks[one] for one in order.done]
                    ctx.on_words(partial(self._believed.read_and_report, variant, language, done))
        return chunks

    def _cut_for_viewers(
        self,
        capabilities: EngineCapabilities,
        variant: str,
        chunks: Sequence[Chunk],
        finish_running: Callable[[], None],
    ) -> bool:
        """Store shorter chunks for what is not transcribed yet; return whether there are any.

        Chunks that an engine has now are waited for first, and stay as they are.
        """
        if capabilities.whole_file:
            return False
        store, place = self._ctx.services.store, (self._ctx.job.fingerprint, self._track.index)
        longest = longest_speech(capabilities, math.inf)

        def is_stored(chunk: Chunk) -> bool:
            return store.effective_transcript(*place, variant, chunk) is not None

        def shorten(chunk: Chunk) -> list[Chunk]:
            speech = split_long_spans(chunk.speech, PART_SECONDS, self._cutter())
            span = chunk.span
            return chunk_speech(
                speech, PART_SECONDS, span.end, chunk.low_energy, longest, span.start
            )

        parts = cut_for_viewers(chunks, is_stored, shorten)
        if parts is not None:
            finish_running()
            parts = cut_for_viewers(chunks, is_stored, shorten)
        if parts is not None:
            store.save_parts(*place, variant, parts)
        return parts is not None

    def transcribe_part(self, engine: str, translate_to: Language | None, part: TimeSpan) -> None:
        """Transcribe a part of the track, and have it be a chunk of its own from now on.

        Args:
            engine: The name of the engine.
            translate_to: As for :meth:`transcript`.
            part: The part. It overlaps no other one.

        Raises:
            SubtitledError: No engine could transcribe it.
        """
        store, place = self._ctx.services.store, (self._ctx.job.fingerprint, self._track.index)
        transcriber = self._chunk_transcriber(engine, translate_to)
        transcriber.transcribe(self._chunk_of(part))
        stored = store.parts(*place, transcriber.variant)
        store.save_parts(*place, transcriber.variant, sorted({*stored, part}))

    def stored_parts(self, engine: str, translate_to: Language | None) -> Transcript:
        """Return the believed words of all parts that :meth:`transcribe_part` stored.

        Raises:
            TransientError: Those of a part are not in the store any more.
        """
        variant = self.variant(engine, translate_to)
        parts = self._ctx.services.store.parts(
            self._ctx.job.fingerprint, self._track.index, variant
        )
        chunks = [self._chunk_of(part) for part in parts]
        return self._believed.read_and_report(variant, translate_to or self._track.language, chunks)

    def _chunk_of(self, part: TimeSpan) -> Chunk:
        analysis = self.analysis
        speech, quiet = clip_to(analysis.speech, part), clip_to(analysis.quiet_speech, part)
        return Chunk(part, tuple(speech), tuple(quiet))

    def variant(self, engine: str, translate_to: Language | None) -> str:
        """Return the variant under which the words of :meth:`transcript` are stored."""
        return self._chunk_transcriber(engine, translate_to).variant

    def _chunk_transcriber(
        self,
        engine: str,
        translate_to: Language | None,
        on_progress: Callable[[float], None] = lambda time: None,
    ) -> ChunkTranscriber:
        track = self._track
        routing = replace(self._ctx.routes, media_seconds=track.facts.duration)
        earlier = self.analysis.list_earlier_languages(track.language)
        request = TrackRequest(
            track=track.index,
            spoken=track.language,
            translate_to=translate_to,
            engines=routing.fallback_chain(engine, track.language, translate_to),
            aligner=routing.aligner,
            duration=self.analysis.duration,
            earlier_languages=() if translate_to else earlier,
            reading=str(track.language) if translate_to and earlier else "",
            on_progress=on_progress,
        )
        return ChunkTranscriber(
            self._ctx, request, lambda: self._analyser.audio(track.facts, track.index)
        )

    def _chunks(self, capabilities: EngineCapabilities, variant: str) -> list[Chunk]:
        """Cut the track for an engine, in the chunks that are stored or where it is quiet."""
        analysis, job, store = self.analysis, self._ctx.job, self._ctx.services.store
        length = self._ctx.services.config.settings.daemon.chunk_duration
        place = (job.fingerprint, self._track.index)
        parts = () if capabilities.whole_file else store.parts(*place, variant)

        def cut(cut_span: CutSpan | None) -> list[Chunk]:
            def cut_segment(
                speech: Sequence[TimeSpan], total: float, quiet: Sequence[TimeSpan]
            ) -> list[Chunk]:
                return cut_at_parts(parts, speech, total, quiet, cut_part)

            def cut_part(
                speech: Sequence[TimeSpan], end: float, quiet: Sequence[TimeSpan], begin: float
            ) -> list[Chunk]:
                if cut_span is not None:
                    longest = longest_speech(capabilities, length)
                    speech = split_long_spans(speech, longest, cut_span)
                return chunks_for_engine(capabilities, speech, length, end, quiet, begin)

            return chunk_by_language(
                analysis.language_segments,
                analysis.speech,
                analysis.duration,
                analysis.quiet_speech,
                self._track.only,
                cut_segment,
            )

        def is_stored(chunk: Chunk) -> bool:
            return store.effective_transcript(*place, variant, chunk) is not None

        return choose_chunks(cut, self._cutter(), analysis.speech, is_stored)

    def _cutter(self) -> SpeechCutter:
        return SpeechCutter(
            self._ctx.services.store, self._ctx.job.fingerprint, self._track.index, self._audio
        )

    def _audio(self) -> Audio:
        """Return the decoded track, unless only stored words are wanted."""
        if self._ctx.job.uses_stored_words_only:
            raise TransientError("the words are not in the transcript store")
        return self._analyser.audio(self._track.facts, self._track.index)
