"""The cues of each wanted language, from words that were recognised or translated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, partial

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Cue, Language, Subtitle, Transcript, Word
from subtitled.routing.table import Means, Way, routes_for
from subtitled.subtitles.layout.bilingual import paired, render_both
from subtitled.subtitles.layout.lines import break_lines
from subtitled.subtitles.layout.repair import repair
from subtitled.subtitles.layout.segmentation import segment
from subtitled.subtitles.layout.shots import snap
from subtitled.subtitles.limits import Limits, limits_for, overridden
from subtitled.transcription.recognition import Recognition, Voice
from subtitled.translation.translating import Translating


class Texts:
    """The cues of each wanted language, from transcripts that are made stretch by stretch, or from
    a text in the voice's language that somebody else made."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice
        self._making = voice.making

    @cached_property
    def _recognition(self) -> Recognition:
        """Not before it is needed: a text that is there already needs no listening."""
        return Recognition(self._voice)

    @property
    def _duration(self) -> float:
        return self._recognition.listened.duration

    def subtitle(self, target: Language, way: Way) -> Subtitle:
        """The cues in one language, with the words they were made of where there are any."""
        cues, title = self.cues(target, way), self._making.job.medium.stem
        if way.means is Means.TEXT:
            return Subtitle(target, cues, title=title)
        into = target if way.means is Means.SPEECH else None
        words = tuple(repair(self.words(way, into), self._duration))
        return Subtitle(target, cues, words=words, title=title)

    def words(self, way: Way, into: Language | None = None) -> tuple[Word, ...]:
        """What is said, as far as it is believed; or what an engine makes of it in a language."""
        return self._recognition.transcript(way.engine, into).words

    def cues(self, target: Language, way: Way) -> tuple[Cue, ...]:
        """The cues in one language."""
        if way.means is Means.TEXT:
            heard = self._recognition.transcript(way.engine, None)
            return self._translated(heard, target, way)
        words = self.words(way, target if way.means is Means.SPEECH else None)
        return self._cues(words, target, way.means is not Means.TRANSCRIBE)

    def _cues(
        self, words: Sequence[Word], language: Language, translation: bool
    ) -> tuple[Cue, ...]:
        limits = self._limits(language, translation)
        cues = segment(words, language, limits, self._duration)
        making = self._making
        shots = making.shop.transcripts.shots(making.job.content)
        if shots is None or not making.job.library.shots:
            return cues
        return snap(cues, shots.cuts, shots.frame_rate, language, limits, self._duration)

    def _limits(self, language: Language, translation: bool) -> Limits:
        return _limits(self._making.job.library, language, translation)

    def translated(self, original: Sequence[Cue], target: Language, way: Way) -> tuple[Cue, ...]:
        """Cues that somebody made in another language, at their own times."""
        limits = self._limits(target, True)
        texts = self._translating(target, way).lines(original, limits)
        return tuple(
            Cue(cue.start, cue.end, break_lines(texts[number], target, limits))
            for number, cue in enumerate(original)
        )

    def _translated(self, heard: Transcript, target: Language, way: Way) -> tuple[Cue, ...]:
        """The cues of a translation: whole sentences, laid out anew in the target's limits."""
        limits = self._limits(target, True)
        words = self._translating(target, way).words(heard.words, limits, self._duration)
        return self._cues(words, target, True)

    def _translating(self, target: Language, way: Way) -> Translating:
        making, voice = self._making, self._voice
        known = routes_for(making.shop.configuration, making.job.library)
        chain = dict.fromkeys((way.translator, *known.translators_for(voice.spoken, target)))
        terms = partial(making.vocabulary.pairs, voice.spoken, target)
        return Translating(making, voice.track, voice.spoken, target, tuple(chain), terms=terms)


def together(upper: Subtitle, lower: Subtitle, fmt: str, library: LibrarySettings) -> bytes:
    """The bytes of a subtitle in two languages."""
    languages = (upper.language, lower.language)
    limits = (_limits(library, languages[0], True), _limits(library, languages[1], True))
    both = paired(upper.cues, lower.cues, languages, limits)
    return render_both(both, languages, fmt, upper.title)


def _limits(library: LibrarySettings, language: Language, translation: bool) -> Limits:
    cues = library.cues
    limits = limits_for(
        language, translation=translation, profile=cues.profile, audience=cues.audience
    )
    return overridden(limits, cues.overrides)
