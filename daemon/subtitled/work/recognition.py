"""The words of a medium, recognised stretch by stretch, each a durable step."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from subtitled.media.probe import MediaFacts
from subtitled.media.stretches import cut_into_stretches
from subtitled.plugin import Language, Request, Stretch, Temporary, Transcript, Word
from subtitled.subtitles.estimate import laid_over
from subtitled.subtitles.guards import Removal, guard, load_phrases

from .asking import asking
from .ceiling import Overgrown, in_pieces
from .gate import Errand
from .reckoning import measured
from .runs import cut_by_language
from .transcripts import recipe
from .wire import Crashed

if TYPE_CHECKING:
    from .making import Making


class Recognition:
    """What one track says, in words. What was once recognised is found, not paid for again.

    With ``only``, what it says in the parts in that language.
    """

    def __init__(
        self,
        making: Making,
        facts: MediaFacts,
        track: int,
        spoken: Language,
        only: Language | None = None,
    ) -> None:
        self._making = making
        self._facts = facts
        self._track = track
        self._spoken = spoken
        self.listened = making.listened(track)
        length = making.shop.configuration.settings.daemon.stretch
        listened = self.listened
        self._stretches = cut_by_language(
            *(listened.runs, listened.speech, listened.duration, listened.quiet, only),
            lambda speech, total, quiet: cut_into_stretches(speech, length, total, quiet),
        )
        self._known: dict[tuple[str, Language | None], Transcript] = {}

    def transcript(self, engine: str, into: Language | None) -> Transcript:
        """All stretches by one engine, each a durable step that finds stored words at no cost."""
        if (engine, into) in self._known:
            return self._known[engine, into]
        making, shop = self._making, self._making.shop
        host = shop.engines[engine]
        configured = host.configured
        name = recipe(engine, configured.settings.model_dump(mode="json"), into)
        what = f"translating to {into}" if into else "transcribing"
        total = len(self._stretches)
        for number, stretch in enumerate(self._stretches):
            making.steps.breathe(engine)
            making.tell_stretch(what, number, total)
            making.steps.run(
                f"{what} {number + 1}/{total}",
                partial(self._recognise, engine, name, stretch, into),
            )
        content = making.job.content
        whole = shop.transcripts.whole(content, self._track, name, self._stretches)
        if whole is None:
            raise Temporary(
                "a part of the transcript is gone from the state folder",
                "It is recognised again at the next try",
            )
        self._known[engine, into] = self._guarded(whole, name, into or self._spoken)
        return self._known[engine, into]

    def _guarded(self, whole: Transcript, recipe: str, language: Language) -> Transcript:
        """Without what is not to be believed. What is stored stays; what was left out is kept."""
        making, listened = self._making, self.listened
        words: tuple[Word, ...] = whole.words
        gone: tuple[Removal, ...] = ()
        if making.job.library.guards:
            phrases = load_phrases(making.shop.configuration.settings.daemon.phrases)
            words, gone = guard(
                whole, language, listened.speech, listened.duration, phrases, quiet=listened.quiet
            )
        making.shop.transcripts.keep_removals(
            making.job.content, self._track, recipe, gone, self._stretches
        )
        return replace(whole, words=words)

    def _recognise(
        self, engine: str, recipe: str, stretch: Stretch, into: Language | None
    ) -> dict[str, Any]:
        making, store = self._making, self._making.shop.transcripts
        content = making.job.content
        words = store.stretch(content, self._track, recipe, stretch)
        if words is None:
            audio = making.audio(self._facts, self._track)
            host = making.shop.engines[engine]
            told = host.capabilities.takes_context
            terms = making.vocabulary.listened_for(self._spoken) if told else ()
            request = Request(stretch, self._spoken, into, terms)

            def transcribe(request: Request) -> Transcript:
                try:
                    return host.transcribe(audio, request)
                except Overgrown:
                    raise
                except Crashed:
                    # Once more in a new process: most crashes are for lack of memory, and pass.
                    return host.transcribe(audio, request)

            seconds = stretch.interval.duration
            errand = Errand(
                *(engine, host.capabilities, making.job.medium, making.job.library, "audio"),
                *(seconds, self._piece(recipe, stretch)),
            )
            clock = making.shop.pace.now
            asked = asking(making.shop, engine, content, seconds)
            with making.shop.gate.sending(errand) as receipts, asked:
                begin = clock()
                words = in_pieces(transcribe, request)
                receipts += words.sent
            measured(making.shop.ledger.mailbox, engine, seconds, clock() - begin)
            if not host.capabilities.timed(words):
                words = replace(words, words=laid_over(words.words, stretch.speech, words.language))
            store.keep_terms(content, self._track, recipe, terms)
            store.keep_stretch(content, self._track, recipe, stretch, words)
        return {"words": len(words.words)}

    def _piece(self, recipe: str, stretch: Stretch) -> str:
        """A name for one piece of work: done again, it is the same."""
        interval = stretch.interval
        where = f"{self._making.job.content}/{self._track}/{recipe}"
        return f"{where}/{interval.start:.3f}-{interval.end:.3f}"
