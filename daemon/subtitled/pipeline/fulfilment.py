"""One wish after the other is fulfilled: by the first path that gives a text in its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain

from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.context import JobContext
from subtitled.media.probe import MediaInfo
from subtitled.plugin import (
    Cue,
    InputRejectedError,
    Language,
    Subtitle,
    Transcript,
    TransientError,
    Word,
)
from subtitled.policy.requirements import Origin
from subtitled.routing.production_plan import FailedAttempt, PathSegment, TargetPlan
from subtitled.routing.table import Route, RouteKind
from subtitled.subtitles.chinese import convert_script
from subtitled.subtitles.language_id import find_language_mismatch
from subtitled.subtitles.rules import CueRules, select_cue_rules, with_overrides
from subtitled.subtitles.sdh import strip_sdh as what_is_spoken
from subtitled.subtitles.segmentation.bilingual import pair_cues, render_bilingual
from subtitled.subtitles.segmentation.line_breaking import break_lines
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.subtitles.segmentation.shots import snap_to_shots
from subtitled.subtitles.segmentation.word_repair import repair_words
from subtitled.transcription.track_analysis import TrackAnalyser
from subtitled.transcription.transcriber import SpeechTrack, Transcriber
from subtitled.translation.run import TranslationRun

from .existing_subtitles import SubtitleSource


@dataclass(frozen=True, slots=True)
class Produced:
    """What became of a wish: a subtitle and how it was made, or why not."""

    subtitle: Subtitle | None = None
    attempt: FailedAttempt | None = None
    refused: tuple[str, ...] = ()
    """Why the ways before it, or all, gave nothing."""
    silent: bool = False
    """Nothing could be recognised: that nobody speaks is no failure."""
    below: Subtitle | None = None
    """What is shown below it, in a subtitle with two languages."""
    below_attempt: FailedAttempt | None = None

    @property
    def how(self) -> str:
        """How it was made, for people."""
        return f"{self.attempt}" + (f"; below it {self.below_attempt}" if self.below else "")


@dataclass(slots=True)
class Producer:
    """All wishes of one job."""

    ctx: JobContext
    analyser: TrackAnalyser
    facts: MediaInfo
    main_track: int
    """The index of the chosen audio track."""
    _builders: dict[tuple[int, Language, Language | None], CueBuilder] = field(default_factory=dict)

    def produce(self, requirement: TargetPlan) -> Produced:
        """Try one way after the other. Raises what may pass, and what concerns them all."""
        upper = self._first_usable(requirement)
        if requirement.secondary is None:
            return upper
        lower = self._first_usable(requirement.secondary)
        if upper.subtitle is None or lower.subtitle is None:
            silent = "nothing that was said could be recognised"
            refused = (*upper.refused, *lower.refused)
            return Produced(refused=refused if refused else (silent,))
        return replace(upper, below=lower.subtitle, below_attempt=lower.attempt)

    def _first_usable(self, requirement: TargetPlan) -> Produced:
        refused: list[str] = []
        for attempt in requirement.paths:
            last = attempt is requirement.paths[-1]
            try:
                made = self._attempt(requirement, attempt)
            except InputRejectedError as error:
                if last and not refused:
                    raise
                refused.append(str(error))
                continue
            if isinstance(made, str):
                refused.append(made)
            elif not made.cues:
                return Produced(refused=tuple(refused), silent=True)
            elif (wrong := self._rejection_reason(made, requirement, attempt)) is not None:
                refused.append(wrong)
            else:
                return Produced(made, attempt, tuple(refused))
        return Produced(refused=tuple(refused))

    def _attempt(self, requirement: TargetPlan, attempt: FailedAttempt) -> Subtitle | str:
        """The subtitle in the wanted language, or why the source is no good."""
        if attempt.source.origin is Origin.AUDIO:
            made = self._from_audio(attempt)
        else:
            made = self._from_text(attempt)
        if isinstance(made, str):
            return made
        found = convert_script(made, requirement.language)
        return Subtitle(found.language, found.cues, requirement.kind, found.words, found.title)

    def _from_audio(self, attempt: FailedAttempt) -> Subtitle | str:
        source = attempt.source
        track = self.main_track if source.is_main else int(source.location)
        spoken = self.analyser.analyse(self.facts, track, main=source.is_main)
        if spoken is None:
            if source.is_main:
                return Subtitle(attempt.pivot, ())
            return f"no speech found in track {track}"
        if spoken != source.language:
            if not source.is_main:
                return f"track {track} is tagged {source.language}, but {spoken} is heard in it"
            raise TransientError(
                f"{spoken} is spoken, not {source.language} as its tag says",
                "It is decided anew at the next try",
            )
        subtitles = [
            cues.subtitle(_segment_target(part, attempt.pivot), route)
            for part, route, cues in self._spoken_parts(track, attempt.segments)
        ]
        return _merge_segments(attempt.pivot, subtitles)

    def words(self, parts: Sequence[PathSegment]) -> list[Word]:
        """What is said in the main track, each part in its own language, in the order of time."""
        said = [cues.words(route) for _, route, cues in self._spoken_parts(self.main_track, parts)]
        return sorted(chain.from_iterable(said), key=lambda word: word.start)

    def _from_text(self, attempt: FailedAttempt) -> Subtitle | str:
        source = attempt.source
        route = attempt.segments[0].route if attempt.segments else None
        existing = SubtitleSource(self.ctx, self.facts)
        read = self.ctx.steps.run(
            f"read {source.origin} {source.location}", partial(existing.digest, source)
        )
        cues = existing.cues(source, read)
        if route is not None:
            cues = what_is_spoken(cues)
        title = self.ctx.job.media.stem
        if (unfit := existing.rejection_reason(cues, source)) is not None:
            return unfit
        if route is None:
            return Subtitle(attempt.pivot, cues, title=title)
        builder = self._builder(self.main_track, source.language)
        return Subtitle(attempt.pivot, builder.translated(cues, attempt.pivot, route), title=title)

    def _spoken_parts(
        self, track: int, parts: Sequence[PathSegment]
    ) -> Iterator[tuple[PathSegment, Route, CueBuilder]]:
        """The parts that are spoken, with the route and the cues of each."""
        several = len(self.analyser.analysis(track).language_segments or ()) > 1
        for part in parts:
            key = (track, part.language, part.language if several else None)
            if key not in self._builders:
                self._builders[key] = self._builder(*key)
            if part.route is not None:
                yield part, part.route, self._builders[key]

    def _builder(self, track: int, language: Language, only: Language | None = None) -> CueBuilder:
        speech = SpeechTrack(self.facts, track, language, only)
        return CueBuilder(self.ctx, self.analyser, speech)

    def _rejection_reason(
        self, made: Subtitle, requirement: TargetPlan, attempt: FailedAttempt
    ) -> str | None:
        """Why a text may not be published under its name."""
        by_right = [
            part.language
            for part in attempt.segments
            if part.route is not None and part.route.kind is RouteKind.TRANSCRIBE
        ]
        also = [one for one in by_right if not one.satisfies(requirement.language)]
        found = find_language_mismatch([cue.text for cue in made.cues], requirement.language, also)
        if found is None:
            return None
        said = found.english_name if isinstance(found, Language) else found
        return f"what was {attempt} is not in {requirement.language.english_name}: it is {said}"


def _segment_target(segment: PathSegment, pivot: Language) -> Language:
    """What a part is to be made in: what is only written down stays in its language."""
    assert segment.route is not None
    return segment.language if segment.route.kind is RouteKind.TRANSCRIBE else pivot


def _merge_segments(language: Language, parts: Sequence[Subtitle]) -> Subtitle:
    """The parts of one medium as one subtitle, in the order of time."""
    if len(parts) == 1 and parts[0].language == language:
        return parts[0]
    cues = sorted(chain.from_iterable(part.cues for part in parts), key=lambda cue: cue.start)
    words: list[Word] = []
    if all(part.words for part in parts):
        words = sorted(chain.from_iterable(part.words for part in parts), key=lambda w: w.start)
    title = parts[0].title if parts else ""
    return Subtitle(language, tuple(_trim_overlaps(cues)), words=tuple(words), title=title)


def _trim_overlaps(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Cues that linger no longer than until the next one, which another part may have."""
    for number, cue in enumerate(cues):
        end = min(cue.end, cues[number + 1].start) if number + 1 < len(cues) else cue.end
        if end > cue.start:
            yield Cue(cue.start, end, cue.text)


class CueBuilder:
    """The cues of each wanted language, from transcripts that are made chunk by chunk, or from
    a text in the track's language that somebody else made."""

    def __init__(self, ctx: JobContext, analyser: TrackAnalyser, track: SpeechTrack) -> None:
        self._ctx = ctx
        self._analyser = analyser
        self._track = track

    @cached_property
    def _transcriber(self) -> Transcriber:
        """Not before it is needed: a text that is there already needs no analysis."""
        return Transcriber(self._ctx, self._analyser, self._track)

    @property
    def _duration(self) -> float:
        return self._transcriber.analysis.duration

    def subtitle(self, target: Language, route: Route) -> Subtitle:
        """The cues in one language, with the words they were made of where there are any."""
        cues, title = self.cues(target, route), self._ctx.job.media.stem
        if route.kind is RouteKind.TRANSLATE_TEXT:
            return Subtitle(target, cues, title=title)
        into = target if route.kind is RouteKind.TRANSLATE_SPEECH else None
        words = tuple(repair_words(self.words(route, into), self._duration))
        return Subtitle(target, cues, words=words, title=title)

    def words(self, route: Route, translate_to: Language | None = None) -> tuple[Word, ...]:
        """What is said, as far as it is believed; or what an engine makes of it in a language."""
        return self._transcriber.transcript(route.engine, translate_to).words

    def cues(self, target: Language, route: Route) -> tuple[Cue, ...]:
        """The cues in one language."""
        if route.kind is RouteKind.TRANSLATE_TEXT:
            heard = self._transcriber.transcript(route.engine, None)
            return self._translated(heard, target, route)
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
        return _cue_rules_for(self._ctx.job.library, language, translation)

    def translated(
        self, original: Sequence[Cue], target: Language, route: Route
    ) -> tuple[Cue, ...]:
        """Cues that somebody made in another language, at their own times."""
        limits = self._limits(target, True)
        texts = self._translation(target, route).lines(original, limits)
        return tuple(
            Cue(cue.start, cue.end, break_lines(texts[number], target, limits))
            for number, cue in enumerate(original)
        )

    def _translated(self, heard: Transcript, target: Language, route: Route) -> tuple[Cue, ...]:
        """The cues of a translation: whole sentences, laid out anew in the target's limits."""
        limits = self._limits(target, True)
        words = self._translation(target, route).words(heard.words, limits, self._duration)
        return self._segmented(words, target, True)

    def _translation(self, target: Language, route: Route) -> TranslationRun:
        ctx, track = self._ctx, self._track
        known = ctx.routes.translators_for(track.language, target)
        translators = dict.fromkeys((route.translator, *known))
        terms = partial(ctx.glossary.glossary_pairs, track.language, target)
        return TranslationRun(
            ctx, track.index, track.language, target, tuple(translators), terms=terms
        )


def pair_and_render(upper: Subtitle, lower: Subtitle, fmt: str, library: LibrarySettings) -> bytes:
    """The bytes of a subtitle in two languages."""
    languages = (upper.language, lower.language)
    limits = (
        _cue_rules_for(library, languages[0], True),
        _cue_rules_for(library, languages[1], True),
    )
    both = pair_cues(upper.cues, lower.cues, languages, limits)
    return render_bilingual(both, languages, fmt, upper.title)


def _cue_rules_for(library: LibrarySettings, language: Language, translation: bool) -> CueRules:
    cues = library.cues
    limits = select_cue_rules(
        language, translation=translation, profile=cues.profile, audience=cues.audience
    )
    return with_overrides(limits, cues.overrides)
