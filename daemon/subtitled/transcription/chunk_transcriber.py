"""One chunk of a track, transcribed by the engine that was chosen, or by the next that can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from subtitled.costs.gate import Errand
from subtitled.engines.ceiling import Overgrown, in_pieces, joined
from subtitled.engines.wire import Crashed
from subtitled.jobcontext.context import JobContext
from subtitled.media.stretches import stretches_for
from subtitled.plugin import (
    Audio,
    Capabilities,
    Language,
    Misconfigured,
    Problem,
    Rejected,
    Request,
    Stretch,
    Transcript,
)
from subtitled.routing.cost_estimate import measured
from subtitled.subtitles.guards import Phrases, load_phrases
from subtitled.transcripts.fallback import FailedAttempt, FallbackRecord
from subtitled.transcripts.store import recipe

from .forced_alignment import Timing, timed
from .second_opinion import Look, better, look


class ChunkTranscriber:
    """Words for chunks, by the first of some engines that can; several threads may call it.

    Each engine's words are kept under its own recipe. Where others count than those of the first
    engine, a :class:`~subtitled.transcripts.fallback.FallbackRecord` under its recipe says whose,
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
        """``engines`` is the order of the route, ``aligner`` the engine that finds times for text;
        ``audio`` decodes the track if need be."""
        self._ctx = ctx
        self._services = ctx.services
        self._store = ctx.services.store
        self._content = ctx.job.fingerprint
        self._track = track
        self._spoken = spoken
        self._translate_to = translate_to
        self._engines = engines
        self._aligner = aligner
        self._audio = audio
        self._duration = duration
        self._lock = threading.Lock()
        self._unable: dict[str, Misconfigured] = {}

    @property
    def recipe(self) -> str:
        """That of the engine that was chosen."""
        return self._recipe(self._engines[0])

    @property
    def first_available_engine(self) -> str:
        """The engine that is called first now: the chosen one, or the next if its circuit is
        open."""
        return next((one for one in self._engines if not self._circuit_open(one)), self._engines[0])

    def _circuit_open(self, engine: str) -> str:
        """Why an engine that failed over and over is left alone just now; empty if it is not."""
        known = self._services.breakers.of(engine)
        return f"it is left alone for now: {known.why}" if known.until > time.time() else ""

    def transcribe(self, chunk: Stretch) -> Transcript:
        """The words that count for a chunk, found or transcribed now.

        An engine that refuses the chunk, or cannot work at all, makes room for the next; what
        may pass does not: the job is tried again later. Raises :class:`Problem` if none can.
        """
        place = (self._content, self._track, self.recipe, chunk)
        known, record = self._store.counting(*place), self._store.course(*place)
        settled = record is None or all(attempt.for_good for attempt in record.attempts)
        if known is not None and settled:
            return known
        attempts: list[FailedAttempt] = []
        problems: list[Problem] = []
        for number, engine in enumerate(self._engines):
            try:
                words, times = self._transcribe_with(engine, chunk)
            except (Rejected, Misconfigured) as problem:
                problems.append(problem)
                refused = isinstance(problem, Rejected)
                if isinstance(problem, Misconfigured):
                    self._unable[engine] = problem
                attempts.append(FailedAttempt(engine, str(problem), for_good=refused))
                continue
            found = FallbackRecord(engine, self._recipe(engine), tuple(attempts), times)
            others = self._engines[number + 1 :]
            found, words = self._with_second_opinion(found, words, chunk, others)
            if found.attempts or found.times or record is not None:
                self._store.keep_course(*place, found)
            return words
        # Somebody can do something about the one, and nobody about the other.
        raise next((one for one in problems if isinstance(one, Misconfigured)), problems[0])

    def _with_second_opinion(
        self, record: FallbackRecord, words: Transcript, chunk: Stretch, others: tuple[str, ...]
    ) -> tuple[FallbackRecord, Transcript]:
        """With a second opinion, where the library wants one and the words look wrong."""
        if not (self._ctx.job.library.second_opinion and others and chunk.speech):
            return record, words
        first = self._assess(words, chunk)
        if not first.wrong:
            return record, words
        attempts = record.attempts
        for other in others:
            try:
                again, times = self._transcribe_with(other, chunk)
            except Problem as problem:  # nobody waits for a second opinion
                refused = isinstance(problem, Rejected)
                attempts = (*attempts, FailedAttempt(other, str(problem), for_good=refused))
                continue
            second = self._assess(again, chunk)
            if better(first, second):
                left = FailedAttempt(record.engine, f"looked wrong: {first}")
                counts = FallbackRecord(other, self._recipe(other), (*attempts, left), times)
                return counts, again
            kept = FailedAttempt(
                other, f"its second opinion was no better: {second}; first: {first}"
            )
            return replace(record, attempts=(*attempts, kept)), words
        return replace(record, attempts=attempts), words

    def _assess(self, words: Transcript, chunk: Stretch) -> Look:
        language = self._translate_to or self._spoken
        return look(words, chunk, language, self._duration, self._phrases())

    def _phrases(self) -> Phrases:
        return load_phrases(self._services.config.settings.daemon.phrases)

    def _transcribe_with(self, engine: str, chunk: Stretch) -> tuple[Transcript, str]:
        """The words of a chunk by one engine, and where their times come from if not from it."""
        place = (self._content, self._track, self._recipe(engine), chunk)
        known = self._store.stretch(*place)
        if known is not None:
            record = self._store.course(*place)
            return known, record.times if record and record.recipe == place[2] else ""
        if not chunk.speech:
            empty = Transcript(self._translate_to or self._spoken, ())
            self._store.keep_stretch(*place, empty)
            return empty, ""
        if engine in self._unable:
            raise self._unable[engine]
        if (why := self._circuit_open(engine)) and self.first_available_engine != engine:
            raise Misconfigured(why, f"Run: subtitled queue reset {engine}")
        able = self._services.engines[engine].capabilities
        said = self._store.draft(*place) or self._transcribe_splitting(engine, able, chunk)
        times = ""
        if not able.timed(said):
            self._store.keep_draft(*place, said)  # paid for; finding its times may take a while
            result = self._align(said, chunk)
            said = replace(said, words=result.words, word_times=None)
            times = str(result)
        self._store.keep_stretch(*place, said)
        self._store.memo(*place).keep()
        return said, times

    def _transcribe_splitting(self, engine: str, able: Capabilities, chunk: Stretch) -> Transcript:
        """What an engine says of a chunk that may be too long for it, as when it takes over."""
        if able.longest is None or chunk.interval.duration <= able.longest:
            return self._call(engine, chunk)
        length = self._services.config.settings.daemon.stretch
        pieces = stretches_for(
            able, chunk.speech, length, chunk.interval.end, chunk.quiet, chunk.interval.start
        )
        said = [self._piece(engine, piece) for piece in pieces if piece.speech]
        return joined(said)

    def _piece(self, engine: str, piece: Stretch) -> Transcript:
        place = (self._content, self._track, self._recipe(engine), piece)
        said = self._store.draft(*place)
        if said is None:
            said = self._call(engine, piece)
            self._store.keep_draft(*place, said)
        return said

    def _call(self, engine: str, chunk: Stretch) -> Transcript:
        """The one place at which speech is given to an engine to be transcribed."""
        ctx, services = self._ctx, self._services
        place = (self._content, self._track, self._recipe(engine))
        host = services.engines[engine]
        memo = self._store.memo(*place, chunk)
        told = host.capabilities.takes_context
        terms = ctx.glossary.listened_for(self._spoken) if told else ()
        request = Request(chunk, self._spoken, self._translate_to, terms, memo)
        audio, seconds = self.audio(), chunk.interval.duration

        def transcribe(request: Request) -> Transcript:
            try:
                return host.transcribe(audio, request)
            except Overgrown:
                raise
            except Crashed:
                # Once more in a new process: most crashes are for lack of memory, and pass.
                return host.transcribe(audio, request)

        errand = Errand(
            component=engine,
            able=host.capabilities,
            medium=ctx.job.media,
            library=ctx.job.library,
            kind="audio",
            amount=seconds,
            key=self._idempotency_key(engine, chunk),
        )
        clock = services.clock.now
        called = services.call_engine(engine, self._content, seconds)
        with services.egress_gate.sending(errand) as receipts, called:
            begin = clock()
            words = in_pieces(transcribe, request)
            receipts += words.sent
        with self._lock:
            self._store.keep_terms(*place, terms)
        measured(services.db.mailbox, engine, seconds, clock() - begin)
        return words

    def _idempotency_key(self, engine: str, chunk: Stretch) -> str:
        """A name for one piece of work: done again, it is the same."""
        where = f"{self._content}/{self._track}/{self._recipe(engine)}"
        return f"{where}/{chunk.interval.start:.3f}-{chunk.interval.end:.3f}"

    def _align(self, said: Transcript, chunk: Stretch) -> Timing:
        engines = self._services.engines
        align = engines[self._aligner].align if self._aligner is not None else None
        return timed(said, chunk, self.audio(), align, self._aligner or "")

    def audio(self) -> Audio:
        """The decoded track; one thread decodes it, the others wait."""
        with self._lock:
            return self._audio()

    def _recipe(self, engine: str) -> str:
        settings = self._services.engines[engine].configured.settings
        return recipe(engine, settings.essence(), self._translate_to)
