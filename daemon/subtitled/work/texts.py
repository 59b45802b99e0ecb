"""The words and cues of each wanted language, recognised and translated stretch by stretch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from subtitled.media.probe import MediaFacts
from subtitled.media.stretches import cut_into_stretches
from subtitled.plugin import (
    Cue,
    Language,
    Request,
    Stretch,
    Subtitle,
    Temporary,
    Transcript,
    Word,
)
from subtitled.subtitles.estimate import laid_over
from subtitled.subtitles.guards import Removal, guard, load_phrases
from subtitled.subtitles.limits import Limits, limits_for, overridden
from subtitled.subtitles.lines import break_lines
from subtitled.subtitles.repair import repair
from subtitled.subtitles.segmentation import segment
from subtitled.subtitles.shots import snap

from .routes import Means, Way
from .transcripts import recipe
from .translation import batches, translate, with_texts
from .wire import Crashed

if TYPE_CHECKING:
    from .making import Making


class Texts:
    """The cues of each wanted language, from transcripts that are made stretch by stretch."""

    def __init__(self, making: Making, facts: MediaFacts, track: int, spoken: Language) -> None:
        self._making = making
        self._facts = facts
        self._track = track
        self._spoken = spoken
        self._listened = making.listened(track)
        length = making.shop.configuration.settings.daemon.stretch
        listened = self._listened
        self._stretches = cut_into_stretches(
            listened.speech, length, listened.duration, listened.quiet
        )
        self._known: dict[tuple[str, Language | None], Transcript] = {}

    def subtitle(self, target: Language, way: Way) -> Subtitle:
        """The cues in one language, with the words they were made of where there are any."""
        cues, title = self.cues(target, way), self._making.job.medium.stem
        if way.means is Means.TEXT:
            return Subtitle(target, cues, title=title)
        into = target if way.means is Means.SPEECH else None
        heard = self._transcript(way.engine, into).words
        words = tuple(repair(heard, self._listened.duration))
        return Subtitle(target, cues, words=words, title=title)

    def cues(self, target: Language, way: Way) -> tuple[Cue, ...]:
        """The cues in one language."""
        if way.means is Means.TEXT:
            original = self._cues(self._transcript(way.engine, None), self._spoken, False)
            return self._translated(original, target, way)
        into = target if way.means is Means.SPEECH else None
        words = self._transcript(way.engine, into)
        return self._cues(words, target, way.means is not Means.TRANSCRIBE)

    def _cues(self, words: Transcript, language: Language, translation: bool) -> tuple[Cue, ...]:
        limits = self._limits(language, translation)
        cues = segment(words.words, language, limits, self._listened.duration)
        making = self._making
        shots = making.shop.transcripts.shots(making.job.content)
        if shots is None or not making.job.library.shots:
            return cues
        return snap(cues, shots.cuts, shots.frame_rate, language, limits, self._listened.duration)

    def _limits(self, language: Language, translation: bool) -> Limits:
        cues = self._making.job.library.cues
        limits = limits_for(
            language, translation=translation, profile=cues.profile, audience=cues.audience
        )
        return overridden(limits, cues.overrides)

    def _transcript(self, engine: str, into: Language | None) -> Transcript:
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
            making.steps.breathe()
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
        making, listened = self._making, self._listened
        words: tuple[Word, ...] = whole.words
        gone: tuple[Removal, ...] = ()
        if making.job.library.guards:
            phrases = load_phrases(making.shop.configuration.settings.daemon.phrases)
            words, gone = guard(
                whole, language, listened.speech, listened.duration, phrases, quiet=listened.quiet
            )
        making.shop.transcripts.keep_removals(making.job.content, self._track, recipe, gone)
        return replace(whole, words=words)

    def _recognise(
        self, engine: str, recipe: str, stretch: Stretch, into: Language | None
    ) -> dict[str, Any]:
        making, store = self._making, self._making.shop.transcripts
        content = making.job.content
        words = store.stretch(content, self._track, recipe, stretch)
        if words is None:
            audio = making.audio(self._facts, self._track)
            request = Request(stretch, self._spoken, into)
            host = making.shop.engines[engine]
            try:
                words = host.transcribe(audio, request)
            except Crashed:
                # Once more in a new process: most crashes are for lack of memory, and pass.
                words = host.transcribe(audio, request)
            if not host.capabilities.word_times:
                words = replace(words, words=laid_over(words.words, stretch.speech, words.language))
            store.keep_stretch(content, self._track, recipe, stretch, words)
        return {"words": len(words.words)}

    def _translated(self, original: Sequence[Cue], target: Language, way: Way) -> tuple[Cue, ...]:
        configured = self._making.shop.configuration.translators[way.translator]
        translator = configured.make()
        able = configured.component.capabilities(configured.settings)
        limits = self._limits(target, True)
        texts: dict[int, str] = {}
        for lines in batches(original, able.batch):
            self._making.steps.breathe()
            answer = self._making.steps.run(
                f"translate to {target} from line {lines[0].id}",
                partial(translate, way.translator, translator, lines, self._spoken, target),
            )
            texts |= dict(answer)
        return tuple(with_texts(original, texts, lambda text: break_lines(text, target, limits)))
