"""Building cues in one language from the transcript of a track, or from an existing text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from itertools import chain

from subtitled.config.library_settings import ORIGINAL
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import UNDETERMINED, Cue, Language, Subtitle, Transcript, Word
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.routing.table import Route, RouteKind
from subtitled.subtitles.markup import restore_markup, strip_tags
from subtitled.subtitles.rules import CueRules
from subtitled.subtitles.segmentation.line_breaking import break_lines
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.subtitles.segmentation.shots import snap_to_shots
from subtitled.subtitles.segmentation.word_repair import repair_words
from subtitled.transcription.second_transcription import find_written_language
from subtitled.transcription.track_analysis import TrackAnalyser
from subtitled.transcription.transcriber import SpeechTrack, Transcriber
from subtitled.translation.run import TranslationRequest, TranslationRun

from .early_translation import EarlyTranslation, SpokenText
from .quality_evidence import TextOrigin


class CueBuilder:
    """Builds cues from transcripts, or from a human text in the language of the track."""

    def __init__(
        self,
        ctx: JobContext,
        analyser: TrackAnalyser,
        track: SpeechTrack,
        early: EarlyTranslation,
        find_approved: Callable[[], tuple[Cue, ...]] = tuple,
    ) -> None:
        """Create it.

        Args:
            ctx: The job.
            analyser: Tells what is known of the track.
            track: The speech that the cues are of.
            early: What is translated while the track is transcribed.
            find_approved: Returns what a person approved of the speech.
        """
        self._early = early
        self._find_approved = find_approved
        self._ctx = ctx
        self._analyser = analyser
        self._track = track

    @cached_property
    def _transcriber(self) -> Transcriber:
        """Created when needed, because an existing text needs no analysis."""
        return Transcriber(self._ctx, self._analyser, self._track, self._follow)

    def _follow(self, engine: str, find_words: Callable[[], Transcript]) -> None:
        self._early.follow(self._text_of(engine), find_words)

    def _text_of(self, engine: str) -> SpokenText:
        return SpokenText(self._track.index, self._track.language, engine)

    @property
    def _duration(self) -> float:
        return self._transcriber.analysis.duration

    def subtitle(self, target: Language, route: Route) -> Subtitle:
        """Return a subtitle in one language, with its words if it was made of words."""
        cues, title = self.cues(target, route), self._ctx.job.media.stem
        if route.kind is RouteKind.TRANSLATE_TEXT:
            return Subtitle(language=target, cues=cues, title=title)
        into = target if route.kind is RouteKind.TRANSLATE_SPEECH else None
        words = tuple(repair_words(self.words(route, into), self._duration))
        return Subtitle(language=target, cues=cues, words=words, title=title)

    def origin(self, target: Language, route: Route) -> TextOrigin:
        """Return where the words of a subtitle are stored, and the notes on its translation."""
        into = target if route.kind is RouteKind.TRANSLATE_SPEECH else None
        return TextOrigin(
            self._track.index,
            self._transcriber.variant(route.engine, into),
            self.translation_variant(target, route),
        )

    def translation_variant(self, target: Language, route: Route) -> str:
        """Return the variant of a translation; empty if the route translates no text."""
        is_translated = route.kind is RouteKind.TRANSLATE_TEXT
        return self._translation(target, route).variant if is_translated else ""

    def words(self, route: Route, translate_to: Language | None = None) -> tuple[Word, ...]:
        """Return the believed words of the speech, or an engine's translation of it."""
        return self._transcriber.transcript(route.engine, translate_to).words

    def written_language(self, route: Route) -> Language | None:
        """Return the language of the text, if the speech was transcribed in another one.

        A variety that its words tell, such as ``pt-BR``, counts unless the library names another.
        """
        routes, track = self._ctx.routes, self._track
        tags = (one.language for one in track.facts.audio_tracks if one.index == track.index)
        written = find_written_language(
            self._transcriber.transcript(route.engine, None),
            track.language,
            lambda language: bool(routes.engine_order(language).engines),
            next(tags, UNDETERMINED),
        )
        if written is None or written.primary != track.language.primary:
            return written
        library = self._ctx.job.library
        codes = (*library.languages, *library.forced, *chain(*library.bilingual))
        named = (Language(code) for code in codes if code != ORIGINAL)
        same = [one for one in named if one.primary == written.primary]
        return written if all(written.satisfies(one) for one in same) else None

    def cues(self, target: Language, route: Route) -> tuple[Cue, ...]:
        """Return the cues in one language."""
        if route.kind is RouteKind.TRANSLATE_TEXT:
            transcript = self._transcriber.transcript(route.engine, None)
            return self._translated(transcript, target, route)
        words = self.words(route, target if route.kind is RouteKind.TRANSLATE_SPEECH else None)
        return self._segmented(words, target, route.kind is not RouteKind.TRANSCRIBE)

    def _segmented(
        self, words: Sequence[Word], language: Language, translation: bool
    ) -> tuple[Cue, ...]:
        limits = self._limits(language, translation)
        cues = segment_words(words, language, limits, self._duration)
        job = self._ctx.job
        shots = self._ctx.services.store.shot_cuts(job.fingerprint)
        if shots is None or not job.library.snap_to_shots:
            return cues
        return snap_to_shots(cues, shots.cuts, shots.frame_rate, language, limits, self._duration)

    def _limits(self, language: Language, translation: bool) -> CueRules:
        return cue_rules_for(self._ctx.job.library, language, translation=translation)

    def translated(
        self, original: Sequence[Cue], target: Language, route: Route
    ) -> tuple[Cue, ...]:
        """Return human cues translated at their own times."""
        limits = self._limits(target, True)
        # Translators get words only. Italics, bold type and colours are put back afterwards.
        spoken = [Cue(cue.start, cue.end, strip_tags(cue.text)) for cue in original]
        texts = self._translation(target, route).lines(spoken, limits)
        return tuple(
            Cue(
                cue.start,
                cue.end,
                restore_markup(cue.text, break_lines(texts[number], target, limits)),
            )
            for number, cue in enumerate(original)
        )

    def _translated(
        self, transcript: Transcript, target: Language, route: Route
    ) -> tuple[Cue, ...]:
        """Return the cues of a translation, within the limits of the target language.

        Sentences are kept whole.
        """
        self._early.finish()  # It and the steps do not write into one cache at a time.
        limits = self._limits(target, True)
        run = self._translation(target, route, self._find_approved())
        words = run.words(transcript.words, limits, self._duration)
        return self._segmented(words, target, True)

    def translate_early(self, target: Language, route: Route) -> None:
        """Have the scenes translated that are transcribed, while the others are.

        Only a translator on another machine is asked: one on this would take the processor from
        the engine.
        """
        text = self._text_of(route.engine)
        if self._early.has(text, target):
            return
        run, limits = self._translation(target, route, count=1), self._limits(target, True)
        if not run.is_local:
            ahead = partial(run.translate_ahead, limits=limits, duration=self._duration)
            self._early.add(text, target, ahead)

    def _translation(
        self,
        target: Language,
        route: Route,
        approved: tuple[Cue, ...] = (),
        count: int | None = None,
    ) -> TranslationRun:
        """Create a translation by the first ``count`` translators, or by all."""
        ctx, track = self._ctx, self._track
        known_translators = ctx.routes.translators_for(track.language, target)
        translators = dict.fromkeys((route.translator, *known_translators))
        terms = partial(ctx.glossary.glossary_pairs, track.language, target)
        request = TranslationRequest(
            track=track.index,
            source=track.language,
            target=target,
            translators=tuple(translators)[:count],
            terms=terms,
            description=ctx.description,
            approved=approved,
        )
        return TranslationRun(ctx, request)
