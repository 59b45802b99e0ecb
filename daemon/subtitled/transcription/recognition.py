"""The words of a medium, recognised stretch by stretch, each a durable step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from subtitled.media.probe import MediaFacts
from subtitled.media.stretches import stretches_for
from subtitled.plugin import Capabilities, Language, Stretch, Temporary, Transcript, Word
from subtitled.routing.table import routes_for
from subtitled.subtitles.guards import Removal, guard, load_phrases

from .hearing import Hearing
from .runs import cut_by_language

if TYPE_CHECKING:
    from subtitled.pipeline.making import Making

AHEAD = 2
"""How many stretches are begun before their steps, for each that an engine takes at once: one that
takes long holds up no other, and while text is given its times the engine has more to work on."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What is said in one track of a medium in the language ``spoken``: all that is said there or,
    with ``only``, what is said in the parts in that language."""

    making: Making
    facts: MediaFacts
    track: int
    spoken: Language
    only: Language | None = None


class Recognition:
    """What a voice says, in words. What was once recognised is found, not paid for again."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._making = voice.making
        self.listened = voice.making.listening.listened(voice.track)
        self._known: dict[tuple[str, Language | None], Transcript] = {}

    def transcript(self, engine: str, into: Language | None) -> Transcript:
        """All stretches by one engine, each a durable step that finds stored words at no cost.

        What it cannot do is done by those that follow it in the library's order.
        """
        if (engine, into) in self._known:
            return self._known[engine, into]
        making, shop = self._making, self._making.shop
        able = shop.engines[engine].capabilities
        hearing = self._hearing(engine, into)
        stretches = self._stretches(able)
        what = f"translating to {into}" if into else "transcribing"
        total = len(stretches)
        with Ahead(hearing.hear, stretches, able) as ahead:
            for number in range(total):
                making.steps.breathe(hearing.asked)
                making.tell_stretch(what, number, total)
                making.steps.run(f"{what} {number + 1}/{total}", partial(ahead.result, number))
        content = making.job.content
        whole = shop.transcripts.whole(content, self._voice.track, hearing.recipe, stretches)
        if whole is None:
            raise Temporary(
                "a part of the transcript is gone from the state folder",
                "It is recognised again at the next try",
            )
        self._known[engine, into] = self._guarded(
            whole, hearing.recipe, into or self._voice.spoken, stretches
        )
        return self._known[engine, into]

    def _hearing(self, engine: str, into: Language | None) -> Hearing:
        making, voice = self._making, self._voice
        routes = routes_for(making.shop.configuration, making.job.library, voice.facts.duration)
        return Hearing(
            making,
            voice.track,
            voice.spoken,
            into,
            routes.chain(engine, voice.spoken, into),
            routes.aligner,
            lambda: making.listening.audio(voice.facts, voice.track),
            self.listened.duration,
        )

    def _stretches(self, able: Capabilities) -> list[Stretch]:
        listened = self.listened
        length = self._making.shop.configuration.settings.daemon.stretch
        return cut_by_language(
            *(listened.runs, listened.speech, listened.duration, listened.quiet, self._voice.only),
            lambda speech, total, quiet: stretches_for(able, speech, length, total, quiet),
        )

    def _guarded(
        self, whole: Transcript, recipe: str, language: Language, stretches: Sequence[Stretch]
    ) -> Transcript:
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
            making.job.content, self._voice.track, recipe, gone, stretches
        )
        return replace(whole, words=words)


class Ahead:
    """Stretches that are worked on in threads before their steps come, which only wait for them.

    So the order of the steps is that of the stretches, whatever is done first; and each result is
    in the store as soon as it is there. An engine that takes one at a time is asked in the step
    itself. Steps that an earlier life did begin nothing.
    """

    def __init__(
        self,
        hear: Callable[[Stretch], Transcript],
        stretches: Sequence[Stretch],
        able: Capabilities,
    ) -> None:
        self._hear = hear
        self._stretches = stretches
        self._reach = able.at_once * AHEAD
        self._begun: dict[int, Future[Transcript]] = {}
        self._pool: ThreadPoolExecutor | None = None
        if able.at_once > 1 and len(stretches) > 1:
            workers = able.at_once if able.word_times else self._reach
            self._pool = ThreadPoolExecutor(workers, "stretch")

    def __enter__(self) -> Ahead:
        return self

    def __exit__(self, *raised: object) -> None:
        # What is in flight is stored when it comes, for the next try; what is not begun is not.
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def result(self, number: int) -> dict[str, Any]:
        """The result of one step, small; the words are in the store."""
        if self._pool is None:
            return {"words": len(self._hear(self._stretches[number]).words)}
        for one in range(number, min(number + self._reach, len(self._stretches))):
            if one not in self._begun:
                self._begun[one] = self._pool.submit(self._hear, self._stretches[one])
        return {"words": len(self._begun.pop(number).result().words)}
