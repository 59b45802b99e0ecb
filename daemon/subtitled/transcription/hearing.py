"""One stretch of a track, heard by the engine that was chosen, or by the next that can."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from subtitled.costs.gate import Errand
from subtitled.engines.asking import asking
from subtitled.engines.ceiling import Overgrown, in_pieces, joined
from subtitled.engines.wire import Crashed
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
from subtitled.transcripts.fallback import Attempt, Course
from subtitled.transcripts.store import recipe

from .forced_alignment import Timing, timed
from .second_opinion import Look, better, look

if TYPE_CHECKING:
    from subtitled.pipeline.making import Making


class Hearing:
    """Words for stretches, by the first of some engines that can; several threads may ask.

    Each engine's words are kept under its own recipe. Where others count than those of the first
    engine, a :class:`~subtitled.transcripts.fallback.Course` under its recipe says whose, and why.
    """

    def __init__(
        self,
        making: Making,
        track: int,
        spoken: Language,
        into: Language | None,
        engines: tuple[str, ...],
        aligner: str | None,
        audio: Callable[[], Audio],
        duration: float,
    ) -> None:
        """``engines`` is the order of the route, ``aligner`` the engine that finds times for text;
        ``audio`` decodes the track if need be."""
        self._making = making
        self._store = making.shop.transcripts
        self._track = track
        self._spoken = spoken
        self._into = into
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
    def asked(self) -> str:
        """The engine that is asked first now: the chosen one, or the next if that is left alone."""
        return next((one for one in self._engines if not self._left_alone(one)), self._engines[0])

    def _left_alone(self, engine: str) -> str:
        """Why an engine that failed over and over is left alone just now; empty if it is not."""
        known = self._making.shop.breakers.of(engine)
        return f"it is left alone for now: {known.why}" if known.until > time.time() else ""

    def hear(self, stretch: Stretch) -> Transcript:
        """The words that count for a stretch, found or recognised now.

        An engine that refuses the stretch, or cannot work at all, makes room for the next; what
        may pass does not: the job is tried again later. Raises :class:`Problem` if none can.
        """
        place = (self._making.job.content, self._track, self.recipe, stretch)
        known, course = self._store.counting(*place), self._store.course(*place)
        settled = course is None or all(attempt.for_good for attempt in course.attempts)
        if known is not None and settled:
            return known
        attempts: list[Attempt] = []
        problems: list[Problem] = []
        for number, engine in enumerate(self._engines):
            try:
                words, times = self._by(engine, stretch)
            except (Rejected, Misconfigured) as problem:
                problems.append(problem)
                refused = isinstance(problem, Rejected)
                if isinstance(problem, Misconfigured):
                    self._unable[engine] = problem
                attempts.append(Attempt(engine, str(problem), for_good=refused))
                continue
            found = Course(engine, self._recipe(engine), tuple(attempts), times)
            found, words = self._reconsidered(found, words, stretch, self._engines[number + 1 :])
            if found.attempts or found.times or course is not None:
                self._store.keep_course(*place, found)
            return words
        # Somebody can do something about the one, and nobody about the other.
        raise next((one for one in problems if isinstance(one, Misconfigured)), problems[0])

    def _reconsidered(
        self, course: Course, words: Transcript, stretch: Stretch, others: tuple[str, ...]
    ) -> tuple[Course, Transcript]:
        """With a second opinion, where the library wants one and the words look wrong."""
        if not (self._making.job.library.second_opinion and others and stretch.speech):
            return course, words
        first = self._look(words, stretch)
        if not first.wrong:
            return course, words
        attempts = course.attempts
        for other in others:
            try:
                again, times = self._by(other, stretch)
            except Problem as problem:  # nobody waits for a second opinion
                refused = isinstance(problem, Rejected)
                attempts = (*attempts, Attempt(other, str(problem), for_good=refused))
                continue
            second = self._look(again, stretch)
            if better(first, second):
                left = Attempt(course.engine, f"looked wrong: {first}")
                return Course(other, self._recipe(other), (*attempts, left), times), again
            kept = Attempt(other, f"its second opinion was no better: {second}; first: {first}")
            return replace(course, attempts=(*attempts, kept)), words
        return replace(course, attempts=attempts), words

    def _look(self, words: Transcript, stretch: Stretch) -> Look:
        return look(words, stretch, self._into or self._spoken, self._duration, self._phrases())

    def _phrases(self) -> Phrases:
        return load_phrases(self._making.shop.configuration.settings.daemon.phrases)

    def _by(self, engine: str, stretch: Stretch) -> tuple[Transcript, str]:
        """The words of a stretch by one engine, and where their times come from if not from it."""
        place = (self._making.job.content, self._track, self._recipe(engine), stretch)
        known = self._store.stretch(*place)
        if known is not None:
            course = self._store.course(*place)
            return known, course.times if course and course.recipe == place[2] else ""
        if not stretch.speech:
            empty = Transcript(self._into or self._spoken, ())
            self._store.keep_stretch(*place, empty)
            return empty, ""
        if engine in self._unable:
            raise self._unable[engine]
        if (why := self._left_alone(engine)) and self.asked != engine:
            raise Misconfigured(why, f"Run: subtitled queue reset {engine}")
        able = self._making.shop.engines[engine].capabilities
        said = self._store.draft(*place) or self._in_pieces(engine, able, stretch)
        times = ""
        if not able.timed(said):
            self._store.keep_draft(*place, said)  # paid for; finding its times may take a while
            result = self._timed(said, stretch)
            said = replace(said, words=result.words, word_times=None)
            times = str(result)
        self._store.keep_stretch(*place, said)
        self._store.memo(*place).keep()
        return said, times

    def _in_pieces(self, engine: str, able: Capabilities, stretch: Stretch) -> Transcript:
        """What an engine says of a stretch that may be too long for it, as when it takes over."""
        if able.longest is None or stretch.interval.duration <= able.longest:
            return self._transcribed(engine, stretch)
        length = self._making.shop.configuration.settings.daemon.stretch
        pieces = stretches_for(
            *(able, stretch.speech, length, stretch.interval.end),
            *(stretch.quiet, stretch.interval.start),
        )
        said = [self._piece(engine, piece) for piece in pieces if piece.speech]
        return joined(said)

    def _piece(self, engine: str, stretch: Stretch) -> Transcript:
        place = (self._making.job.content, self._track, self._recipe(engine), stretch)
        said = self._store.draft(*place)
        if said is None:
            said = self._transcribed(engine, stretch)
            self._store.keep_draft(*place, said)
        return said

    def _transcribed(self, engine: str, stretch: Stretch) -> Transcript:
        """The one place at which speech is given to an engine to be written down."""
        making = self._making
        host = making.shop.engines[engine]
        memo = self._store.memo(making.job.content, self._track, self._recipe(engine), stretch)
        told = host.capabilities.takes_context
        terms = making.vocabulary.listened_for(self._spoken) if told else ()
        request = Request(stretch, self._spoken, self._into, terms, memo)
        audio, seconds = self.audio(), stretch.interval.duration

        def transcribe(request: Request) -> Transcript:
            try:
                return host.transcribe(audio, request)
            except Overgrown:
                raise
            except Crashed:
                # Once more in a new process: most crashes are for lack of memory, and pass.
                return host.transcribe(audio, request)

        errand = Errand(
            *(engine, host.capabilities, making.job.medium, making.job.library, "audio"),
            *(seconds, self._piece_of_work(engine, stretch)),
        )
        clock = making.shop.pace.now
        asked = asking(making.shop, engine, making.job.content, seconds)
        with making.shop.gate.sending(errand) as receipts, asked:
            begin = clock()
            words = in_pieces(transcribe, request)
            receipts += words.sent
        with self._lock:
            self._store.keep_terms(making.job.content, self._track, self._recipe(engine), terms)
        measured(making.shop.ledger.mailbox, engine, seconds, clock() - begin)
        return words

    def _piece_of_work(self, engine: str, stretch: Stretch) -> str:
        """A name for one piece of work: done again, it is the same."""
        where = f"{self._making.job.content}/{self._track}/{self._recipe(engine)}"
        return f"{where}/{stretch.interval.start:.3f}-{stretch.interval.end:.3f}"

    def _timed(self, said: Transcript, stretch: Stretch) -> Timing:
        engines = self._making.shop.engines
        align = engines[self._aligner].align if self._aligner is not None else None
        return timed(said, stretch, self.audio(), align, self._aligner or "")

    def audio(self) -> Audio:
        """The decoded track; one thread decodes it, the others wait."""
        with self._lock:
            return self._audio()

    def _recipe(self, engine: str) -> str:
        settings = self._making.shop.engines[engine].configured.settings
        return recipe(engine, settings.essence(), self._into)
