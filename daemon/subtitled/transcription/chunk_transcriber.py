"""One chunk of a track, transcribed by the engine that was chosen, or by the next that can."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from subtitled.costs.egress_gate import OutboundRequest
from subtitled.engines.limits import MemoryLimitExceededError, concat, transcribe_splitting
from subtitled.engines.protocol import EngineCrashedError
from subtitled.jobcontext.context import JobContext
from subtitled.media.chunking import chunks_for_engine
from subtitled.plugin import (
    Audio,
    Checkpoint,
    Chunk,
    EngineCapabilities,
    InputRejectedError,
    Language,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled.routing.cost_estimate import record_speed
from subtitled.subtitles.hallucination import HallucinationPhrases, load_phrases
from subtitled.transcripts.models import FailedAttempt, FallbackRecord
from subtitled.transcripts.store import variant_key

from .forced_alignment import AlignmentResult, align_transcript
from .lost_speech import find_lost_speech
from .quality import QualityReport, assess, is_better

_log = logging.getLogger(__name__)


class ChunkTranscriber:
    """Words for chunks, by the first of some engines that can; several threads may call it.

    Each engine's words are kept under its own recipe. Where others count than those of the first
    engine, a :class:`~subtitled.transcripts.models.FallbackRecord` under its recipe says whose,
    and why.
    """

    def __init__(
        self,
        ctx: JobContext,
        track: int,
        spoken: Language,
        translate_to: Language | None,
        *,
        engines: tuple[str, ...],
        aligner: str | None,
        audio: Callable[[], Audio],
        duration: float,
    ) -> None:
        """``engines`` is the order state_of the route, ``aligner`` the engine that finds times for
        text; ``audio`` decodes the track if need be."""
        self._ctx = ctx
        self._services = ctx.services
        self._store = ctx.services.store
        self._fingerprint = ctx.job.fingerprint
        self._track = track
        self._spoken = spoken
        self._translate_to = translate_to
        self._engines = engines
        self._aligner = aligner
        self._audio = audio
        self._duration = duration
        self._lock = threading.Lock()
        self._unable: dict[str, SetupError] = {}

    @property
    def variant(self) -> str:
        """That of the engine that was chosen."""
        return self._variant(self._engines[0])

    @property
    def first_available_engine(self) -> str:
        """The engine that is called first now: the chosen one, or the next if its circuit is
        open."""
        return next(
            (engine for engine in self._engines if not self._circuit_open(engine)), self._engines[0]
        )

    def _circuit_open(self, engine: str) -> str:
        """Why an engine that failed over and over is left alone just now; empty if it is not."""
        known = self._services.breakers.state_of(engine)
        return (
            f"its circuit breaker is open: {known.reason}" if known.open_until > time.time() else ""
        )

    def transcribe(self, chunk: Chunk) -> Transcript:
        """The words that count for a chunk, found or transcribed now.

        An engine that refuses the chunk, or cannot work at all, makes room for the next; what
        may pass does not: the job is tried again later. Raises :class:`SubtitledError` if none can.
        """
        place = (self._fingerprint, self._track, self.variant, chunk)
        known, record = self._store.effective_transcript(*place), self._store.fallback(*place)
        settled = record is None or all(attempt.is_permanent for attempt in record.attempts)
        if known is not None and settled:
            return known
        attempts: list[FailedAttempt] = []
        problems: list[SubtitledError] = []
        for number, engine in enumerate(self._engines):
            try:
                words, times = self._transcribe_with(engine, chunk)
            except (InputRejectedError, SetupError) as error:
                problems.append(error)
                refused = isinstance(error, InputRejectedError)
                if isinstance(error, SetupError):
                    self._unable[engine] = error
                attempts.append(FailedAttempt(engine, str(error), is_permanent=refused))
                continue
            found = FallbackRecord(engine, self._variant(engine), tuple(attempts), times)
            others = self._engines[number + 1 :]
            found, words = self._with_second_opinion(found, words, chunk, others)
            if found.attempts or found.timing_note or record is not None:
                self._store.save_fallback(*place, found)
            return words
        # Somebody can do something about the one, and nobody about the other.
        raise next(
            (problem for problem in problems if isinstance(problem, SetupError)), problems[0]
        )

    def _with_second_opinion(
        self, record: FallbackRecord, words: Transcript, chunk: Chunk, others: tuple[str, ...]
    ) -> tuple[FallbackRecord, Transcript]:
        """With a second opinion, where the library wants one and the words look wrong."""
        if not (self._ctx.job.library.second_opinion and others and chunk.speech):
            return record, words
        first = self._assess(words, chunk, self._hotwords_of(record.variant))
        if not first.has_issues:
            return record, words
        attempts = record.attempts
        for other in others:
            try:
                again, times = self._transcribe_with(other, chunk)
            except SubtitledError as error:  # nobody waits for a second opinion
                refused = isinstance(error, InputRejectedError)
                attempts = (*attempts, FailedAttempt(other, str(error), is_permanent=refused))
                continue
            second = self._assess(again, chunk, self._hotwords_of(self._variant(other)))
            if is_better(first, second):
                left = FailedAttempt(record.engine, f"looked wrong: {first}")
                counts = FallbackRecord(other, self._variant(other), (*attempts, left), times)
                return counts, again
            kept = FailedAttempt(
                other, f"its second opinion was no better: {second}; first: {first}"
            )
            return replace(record, attempts=(*attempts, kept)), words
        return replace(record, attempts=attempts), words

    def _assess(
        self,
        words: Transcript,
        chunk: Chunk,
        hotwords: Sequence[str],
        lost: Sequence[TimeSpan] = (),
    ) -> QualityReport:
        language = self._translate_to or self._spoken
        return assess(
            words, chunk, language, self._duration, self._phrases(), hotwords=hotwords, lost=lost
        )

    def _hotwords_of(self, variant: str) -> tuple[str, ...]:
        """Return the hotwords that the engine of a variant was told."""
        return self._store.hotwords(self._fingerprint, self._track).get(variant, ())

    def _phrases(self) -> HallucinationPhrases:
        return load_phrases(self._services.config.settings.daemon.hallucination_phrases)

    def _transcribe_with(self, engine: str, chunk: Chunk) -> tuple[Transcript, str]:
        """The words of a chunk by one engine, and where their times come from if not from it."""
        place = (self._fingerprint, self._track, self._variant(engine), chunk)
        known = self._store.chunk_transcript(*place)
        if known is not None:
            record = self._store.fallback(*place)
            return known, record.timing_note if record and record.variant == place[2] else ""
        if not chunk.speech:
            empty = Transcript(self._translate_to or self._spoken, ())
            self._store.save_chunk(*place, empty)
            return empty, ""
        if engine in self._unable:
            raise self._unable[engine]
        if (reason := self._circuit_open(engine)) and self.first_available_engine != engine:
            raise SetupError(reason, f"Run: subtitled queue reset {engine}")
        capabilities = self._services.engines[engine].capabilities
        said = self._store.untimed_draft(*place) or self._transcribe_splitting(
            engine, capabilities, chunk
        )
        times = ""
        if not capabilities.has_word_timestamps(said):
            self._store.save_draft(*place, said)  # paid for; finding its times may take a while
            result = self._align(said, chunk)
            said = replace(said, words=result.words, word_timestamps=None)
            times = str(result)
        self._store.save_chunk(*place, said)
        checkpoint = self._store.checkpoint(*place)
        checkpoint.save()
        _without_hotwords(checkpoint).save()
        return said, times

    def _transcribe_splitting(
        self, engine: str, capabilities: EngineCapabilities, chunk: Chunk
    ) -> Transcript:
        """What an engine says of a chunk that may be too long for it, as when it takes over."""
        if (
            capabilities.max_chunk_seconds is None
            or chunk.span.duration <= capabilities.max_chunk_seconds
        ):
            return self._call(engine, chunk)
        length = self._services.config.settings.daemon.chunk_duration
        pieces = chunks_for_engine(
            capabilities, chunk.speech, length, chunk.span.end, chunk.low_energy, chunk.span.start
        )
        said = [self._piece(engine, piece) for piece in pieces if piece.speech]
        return concat(said)

    def _piece(self, engine: str, piece: Chunk) -> Transcript:
        place = (self._fingerprint, self._track, self._variant(engine), piece)
        said = self._store.untimed_draft(*place)
        if said is None:
            said = self._call(engine, piece)
            self._store.save_draft(*place, said)
        return said

    def _call(self, engine: str, chunk: Chunk) -> Transcript:
        """Return what an engine makes of a chunk. Hotwords must not cost words.

        Where a transcript made with hotwords looks wrong, the engine is asked again without any,
        and the better transcript is kept.
        """
        capabilities = self._services.engines[engine].capabilities
        hotwords: tuple[str, ...] = ()
        if capabilities.supports_hotwords:
            hotwords = self._ctx.glossary.hotwords_for(self._spoken)
        transcript = self._request(engine, chunk, hotwords)
        if hotwords and not capabilities.checks_hotwords:
            transcript = self._checked_without_hotwords(engine, chunk, transcript, hotwords)
        with self._lock:
            self._store.save_hotwords(
                self._fingerprint, self._track, self._variant(engine), hotwords
            )
        return transcript

    def _checked_without_hotwords(
        self, engine: str, chunk: Chunk, transcript: Transcript, hotwords: tuple[str, ...]
    ) -> Transcript:
        first = self._assess(transcript, chunk, hotwords, self._lost(engine, transcript, chunk))
        if not first.has_issues:
            return transcript
        _log.info(
            "%s: asked again without hotwords for %s to %s s: %s",
            engine,
            round(chunk.span.start, 1),
            round(chunk.span.end, 1),
            first,
        )
        try:
            plain = self._request(engine, chunk, ())
        except SubtitledError as error:
            # The first transcript is there and may be right.
            _log.info("%s: no transcript without hotwords: %s", engine, error)
            return transcript
        second = self._assess(plain, chunk, (), self._lost(engine, plain, chunk))
        chosen = plain if is_better(first, second) else transcript
        return replace(chosen, usage=(*transcript.usage, *plain.usage))

    def _lost(self, engine: str, transcript: Transcript, chunk: Chunk) -> list[TimeSpan]:
        capabilities = self._services.engines[engine].capabilities
        if not capabilities.has_word_timestamps(transcript):
            return []
        return find_lost_speech(chunk.speech, chunk.low_energy, transcript.words)

    def _request(self, engine: str, chunk: Chunk, hotwords: tuple[str, ...]) -> Transcript:
        """Give speech to an engine. This is the one place at which that happens."""
        ctx, services = self._ctx, self._services
        place = (self._fingerprint, self._track, self._variant(engine))
        host = services.engines[engine]
        checkpoint = self._store.checkpoint(*place, chunk)
        key = self._idempotency_key(engine, chunk)
        if not hotwords and host.capabilities.supports_hotwords:
            checkpoint = _without_hotwords(checkpoint)
            key += "/without-hotwords"
        request = TranscriptionRequest(
            chunk, self._spoken, self._translate_to, hotwords, checkpoint
        )
        audio, seconds = self.audio(), chunk.span.duration

        def transcribe(request: TranscriptionRequest) -> Transcript:
            try:
                return host.transcribe(audio, request)
            except MemoryLimitExceededError:
                raise
            except EngineCrashedError:
                # Once more in a new process: most crashes are for lack of memory, and pass.
                return host.transcribe(audio, request)

        outbound = OutboundRequest(
            component=engine,
            capabilities=host.capabilities,
            media=ctx.job.media,
            library=ctx.job.library,
            kind="audio",
            amount=seconds,
            key=key,
        )
        clock = services.clock.now
        called = services.call_engine(engine, self._fingerprint, seconds)
        with services.egress_gate.authorise(outbound) as receipts, called:
            begin = clock()
            transcript = transcribe_splitting(transcribe, request)
            receipts += transcript.usage
        record_speed(services.db.kv, engine, seconds, clock() - begin)
        return transcript

    def _idempotency_key(self, engine: str, chunk: Chunk) -> str:
        """A name for one piece of work: done again, it is the same."""
        where = f"{self._fingerprint}/{self._track}/{self._variant(engine)}"
        return f"{where}/{chunk.span.start:.3f}-{chunk.span.end:.3f}"

    def _align(self, said: Transcript, chunk: Chunk) -> AlignmentResult:
        engines = self._services.engines
        align = engines[self._aligner].align if self._aligner is not None else None
        return align_transcript(said, chunk, self.audio(), align, self._aligner or "")

    def audio(self) -> Audio:
        """The decoded track; one thread decodes it, the others wait."""
        with self._lock:
            return self._audio()

    def _variant(self, engine: str) -> str:
        settings = self._services.engines[engine].configured.settings
        return variant_key(engine, settings.result_fields(), self._translate_to)


def _without_hotwords(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint of a second request about the same chunk."""
    return Checkpoint(checkpoint.path.with_suffix(".without-hotwords.json"))
