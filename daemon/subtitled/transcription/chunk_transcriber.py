"""One chunk of a track, transcribed by the engine that was chosen, or by the next that can."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from subtitled.jobcontext.context import JobContext
from subtitled.plugin import (
    Audio,
    Chunk,
    InputRejectedError,
    SetupError,
    SubtitledError,
    Transcript,
    TransientError,
)
from subtitled.transcripts.models import FailedAttempt, FallbackRecord

from .engine_requester import EngineRequester, TrackRequest
from .quality import is_better
from .second_transcription import choose_transcript, is_first_transcript


class ChunkTranscriber:
    """Transcribes chunks by the first engine of a chain that can. Threads may share it.

    The words of each engine are stored under its own variant. If those of another engine than the
    first count, a :class:`~subtitled.transcripts.models.FallbackRecord` says which and why.
    """

    def __init__(self, ctx: JobContext, request: TrackRequest, audio: Callable[[], Audio]) -> None:
        """Create a transcriber.

        Args:
            ctx: The job.
            request: What is wanted.
            audio: Returns the decoded track, decoding it if necessary.
        """
        self._ctx = ctx
        self._services = ctx.services
        self._store = ctx.services.store
        self._track_request = request
        self._track_key = (ctx.job.fingerprint, request.track)
        self._requester = EngineRequester(ctx, request, audio)
        self._unable: dict[str, SetupError] = {}

    @property
    def variant(self) -> str:
        """The variant of the preferred engine."""
        return self._requester.variant(self._track_request.engines[0])

    @property
    def first_available_engine(self) -> str:
        """The engine to call first: the preferred one, or the next if its circuit is open."""
        return next(
            (engine for engine in self._track_request.engines if not self._circuit_open(engine)),
            self._track_request.engines[0],
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
        place = (*self._track_key, self.variant, chunk)
        stored, record = self._store.effective_transcript(*place), self._store.fallback(*place)
        is_settled = record is None or all(attempt.is_permanent for attempt in record.attempts)
        if is_settled and stored is not None and self._track_request.is_answered_by(stored):
            return stored
        attempts: list[FailedAttempt] = []
        errors: list[SubtitledError] = []
        for number, engine in enumerate(self._track_request.engines):
            try:
                words, times = self._transcribe_with(engine, chunk)
            except (InputRejectedError, SetupError) as error:
                errors.append(error)
                is_refusal = isinstance(error, InputRejectedError)
                if isinstance(error, SetupError):
                    self._unable[engine] = error
                attempts.append(FailedAttempt(engine, str(error), is_permanent=is_refusal))
                continue
            record_now = FallbackRecord(
                engine, self._requester.variant(engine), tuple(attempts), times
            )
            others = self._track_request.engines[number + 1 :]
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
        first = self._requester.assess(words, chunk, self._hotwords_of(record.variant))
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
            second = self._requester.assess(
                second_words, chunk, self._hotwords_of(self._requester.variant(other))
            )
            if is_better(first, second):
                rejected = FailedAttempt(record.engine, f"looked wrong: {first}")
                chosen = FallbackRecord(
                    other, self._requester.variant(other), (*attempts, rejected), times
                )
                return chosen, second_words
            not_better = FailedAttempt(
                other, f"its second opinion was no better: {second}; first: {first}"
            )
            return replace(record, attempts=(*attempts, not_better)), words
        return replace(record, attempts=attempts), words

    def _hotwords_of(self, variant: str) -> tuple[str, ...]:
        """Return the hotwords that the engine of a variant was told."""
        return self._store.hotwords(*self._track_key).get(variant, ())

    def _transcribe_with(self, engine: str, chunk: Chunk) -> tuple[Transcript, str]:
        """Return an engine's words for a chunk, and the source of their times if it is another."""
        place = (*self._track_key, self._requester.variant(engine), chunk)
        stored = self._store.chunk_transcript(*place)
        if stored is not None and self._track_request.is_answered_by(stored):
            record = self._store.fallback(*place)
            return stored, record.timing_note if record and record.variant == place[2] else ""
        if not chunk.speech:
            empty = Transcript(language=self._track_request.text_language, words=())
            self._store.save_chunk(*place, empty)
            return empty, ""
        if self._ctx.job.uses_stored_words_only:
            raise TransientError("the words are not in the transcript store")
        if engine in self._unable:
            raise self._unable[engine]
        if (reason := self._circuit_open(engine)) and self.first_available_engine != engine:
            raise SetupError(reason, f"Run: subtitled engine reset {engine}")
        capabilities = self._services.engines[engine].capabilities
        transcript = self._store.untimed_draft(*place)
        if transcript is None or not self._track_request.is_answered_by(transcript):
            transcript = self._requester.transcribe(engine, chunk)
        times = ""
        if not capabilities.has_word_timestamps(transcript):
            # The text may have been paid for, and aligning may take a while.
            self._store.save_draft(*place, transcript)
            result = self._requester.align(transcript, chunk)
            transcript = replace(transcript, words=result.words, word_timestamps=None)
            times = str(result)
        if stored is not None and is_first_transcript(
            stored, self._track_request.earlier_languages
        ):
            language = self._track_request.text_language
            transcript = replace(choose_transcript(stored, transcript, language), language=language)
        self._store.save_chunk(*place, transcript)
        self._requester.clear_checkpoints(engine, chunk)
        return transcript, times
