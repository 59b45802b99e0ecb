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
    """Transcribes chunks by the first engine of a chain that can. Threads may share it.

    The words of each engine are stored under its own variant. If those of another engine than the
    first count, a :class:`~subtitled.transcripts.models.FallbackRecord` says which and why.
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
        """Create a transcriber.

        Args:
            ctx: The job.
            track: The index of the audio track.
            spoken: The language of the chunks.
            translate_to: The language into which the engine translates, or None.
            engines: The chain of engines, the preferred one first.
            aligner: The engine that aligns words without times, or None.
            audio: Returns the decoded track, decoding it if necessary.
            duration: The duration of the track in seconds.
        """
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
        """The variant of the preferred engine."""
        return self._variant(self._engines[0])

    @property
    def first_available_engine(self) -> str:
        """The engine to call first: the preferred one, or the next if its circuit is open."""
        return next(
            (engine for engine in self._engines if not self._circuit_open(engine)), self._engines[0]
        )

    def _circuit_open(self, engine: str) -> str:
        """Return why an engine's circuit is open; empty if it is closed."""
        state = self._services.breakers.state_of(engine)
        return (
            f"its circuit breaker is open: {state.reason}" if state.open_until > time.time() else ""
        )

    def transcribe(self, chunk: Chunk) -> Transcript:
        """Return the words that count for a chunk, stored or transcribed now.

        The next engine is called if one refuses the chunk or cannot work at all. After a transient
        error it is not: the job is tried again later.

        Raises:
            SubtitledError: No engine could transcribe it.
        """
        place = (self._fingerprint, self._track, self.variant, chunk)
        stored, record = self._store.effective_transcript(*place), self._store.fallback(*place)
        is_settled = record is None or all(attempt.is_permanent for attempt in record.attempts)
        if stored is not None and is_settled:
            return stored
        attempts: list[FailedAttempt] = []
        errors: list[SubtitledError] = []
        for number, engine in enumerate(self._engines):
            try:
                words, times = self._transcribe_with(engine, chunk)
            except (InputRejectedError, SetupError) as error:
                errors.append(error)
                is_refusal = isinstance(error, InputRejectedError)
                if isinstance(error, SetupError):
                    self._unable[engine] = error
                attempts.append(FailedAttempt(engine, str(error), is_permanent=is_refusal))
                continue
            record_now = FallbackRecord(engine, self._variant(engine), tuple(attempts), times)
            others = self._engines[number + 1 :]
            record_now, words = self._with_second_opinion(record_now, words, chunk, others)
            if record_now.attempts or record_now.timing_note or record is not None:
                self._store.save_fallback(*place, record_now)
            return words
        # The user can do something about a SetupError.
        raise next((problem for problem in errors if isinstance(problem, SetupError)), errors[0])

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
                second_words, times = self._transcribe_with(other, chunk)
            except SubtitledError as error:  # A second opinion is optional.
                is_refusal = isinstance(error, InputRejectedError)
                attempts = (*attempts, FailedAttempt(other, str(error), is_permanent=is_refusal))
                continue
            second = self._assess(second_words, chunk, self._hotwords_of(self._variant(other)))
            if is_better(first, second):
                rejected = FailedAttempt(record.engine, f"looked wrong: {first}")
                chosen = FallbackRecord(other, self._variant(other), (*attempts, rejected), times)
                return chosen, second_words
            not_better = FailedAttempt(
                other, f"its second opinion was no better: {second}; first: {first}"
            )
            return replace(record, attempts=(*attempts, not_better)), words
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
        """Return an engine's words for a chunk, and the source of their times if it is another."""
        place = (self._fingerprint, self._track, self._variant(engine), chunk)
        stored = self._store.chunk_transcript(*place)
        if stored is not None:
            record = self._store.fallback(*place)
            return stored, record.timing_note if record and record.variant == place[2] else ""
        if not chunk.speech:
            empty = Transcript(self._translate_to or self._spoken, ())
            self._store.save_chunk(*place, empty)
            return empty, ""
        if engine in self._unable:
            raise self._unable[engine]
        if (reason := self._circuit_open(engine)) and self.first_available_engine != engine:
            raise SetupError(reason, f"Run: subtitled engine reset {engine}")
        capabilities = self._services.engines[engine].capabilities
        transcript = self._store.untimed_draft(*place) or self._transcribe_splitting(
            engine, capabilities, chunk
        )
        times = ""
        if not capabilities.has_word_timestamps(transcript):
            # The text may have been paid for, and aligning may take a while.
            self._store.save_draft(*place, transcript)
            result = self._align(transcript, chunk)
            transcript = replace(transcript, words=result.words, word_timestamps=None)
            times = str(result)
        self._store.save_chunk(*place, transcript)
        checkpoint = self._store.checkpoint(*place)
        checkpoint.save()
        _without_hotwords(checkpoint).save()
        return transcript, times

    def _transcribe_splitting(
        self, engine: str, capabilities: EngineCapabilities, chunk: Chunk
    ) -> Transcript:
        """Transcribe a chunk that may be longer than the engine takes."""
        if (
            capabilities.max_chunk_seconds is None
            or chunk.span.duration <= capabilities.max_chunk_seconds
        ):
            return self._call(engine, chunk)
        length = self._services.config.settings.daemon.chunk_duration
        pieces = chunks_for_engine(
            capabilities, chunk.speech, length, chunk.span.end, chunk.low_energy, chunk.span.start
        )
        transcripts = [self._piece(engine, piece) for piece in pieces if piece.speech]
        return concat(transcripts)

    def _piece(self, engine: str, piece: Chunk) -> Transcript:
        place = (self._fingerprint, self._track, self._variant(engine), piece)
        transcript = self._store.untimed_draft(*place)
        if transcript is None:
            transcript = self._call(engine, piece)
            self._store.save_draft(*place, transcript)
        return transcript

    def _call(self, engine: str, chunk: Chunk) -> Transcript:
        """Transcribe a chunk, and do it again without hotwords if the result looks wrong.

        The better of the two transcripts is returned.
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
            # The first transcript may be right.
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
        """Send audio to an engine. No other place does."""
        ctx, services = self._ctx, self._services
        place = (self._fingerprint, self._track, self._variant(engine))
        client = services.engines[engine]
        checkpoint = self._store.checkpoint(*place, chunk)
        key = self._idempotency_key(engine, chunk)
        if not hotwords and client.capabilities.supports_hotwords:
            checkpoint = _without_hotwords(checkpoint)
            key += "/without-hotwords"
        request = TranscriptionRequest(
            chunk, self._spoken, self._translate_to, hotwords, checkpoint
        )
        audio, seconds = self.audio(), chunk.span.duration

        def transcribe(request: TranscriptionRequest) -> Transcript:
            try:
                return client.transcribe(audio, request)
            except MemoryLimitExceededError:
                raise
            except EngineCrashedError:
                # Most crashes are for lack of memory, so try once more in a new process.
                return client.transcribe(audio, request)

        outbound = OutboundRequest(
            component=engine,
            capabilities=client.capabilities,
            media=ctx.job.media,
            library=ctx.job.library,
            kind="audio",
            amount=seconds,
            key=key,
        )
        clock = services.clock.now
        guard = services.call_engine(engine, self._fingerprint, seconds)
        with services.egress_gate.authorise(outbound) as receipts, guard:
            begin = clock()
            transcript = transcribe_splitting(transcribe, request)
            receipts += transcript.usage
        record_speed(services.db.kv, engine, seconds, clock() - begin)
        return transcript

    def _idempotency_key(self, engine: str, chunk: Chunk) -> str:
        """Return a key for this chunk, which is the same at the next try."""
        where = f"{self._fingerprint}/{self._track}/{self._variant(engine)}"
        return f"{where}/{chunk.span.start:.3f}-{chunk.span.end:.3f}"

    def _align(self, said: Transcript, chunk: Chunk) -> AlignmentResult:
        engines = self._services.engines
        align = engines[self._aligner].align if self._aligner is not None else None
        return align_transcript(said, chunk, self.audio(), align, self._aligner or "")

    def audio(self) -> Audio:
        """Return the decoded track. One thread decodes it, the others wait."""
        with self._lock:
            return self._audio()

    def _variant(self, engine: str) -> str:
        settings = self._services.engines[engine].configured.settings
        return variant_key(engine, settings.result_fields(), self._translate_to)


def _without_hotwords(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint of a second request about the same chunk."""
    return Checkpoint(checkpoint.path.with_suffix(".without-hotwords.json"))
