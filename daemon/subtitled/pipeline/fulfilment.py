"""One wish after the other is fulfilled: by the first path that gives a text in its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain

from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.context import JobContext
from subtitled.library.wishes import Origin
from subtitled.media.probe import MediaFacts
from subtitled.plugin import Cue, Language, Rejected, Subtitle, Temporary, Transcript, Word
from subtitled.routing.production_plan import Attempt, Part, Planned
from subtitled.routing.table import Means, Way
from subtitled.subtitles.chinese import subtitle_in
from subtitled.subtitles.identification import objection
from subtitled.subtitles.layout.bilingual import paired, render_both
from subtitled.subtitles.layout.lines import break_lines
from subtitled.subtitles.layout.repair import repair
from subtitled.subtitles.layout.segmentation import segment
from subtitled.subtitles.layout.shots import snap
from subtitled.subtitles.limits import Limits, limits_for, overridden
from subtitled.subtitles.sdh import spoken as what_is_spoken
from subtitled.transcription.track_analysis import TrackAnalyser
from subtitled.transcription.transcriber import SpeechTrack, Transcriber
from subtitled.translation.run import TranslationRun

from .existing_subtitles import SubtitleSource


@dataclass(frozen=True, slots=True)
class Produced:
    """What became of a wish: a subtitle and how it was made, or why not."""

    subtitle: Subtitle | None = None
    attempt: Attempt | None = None
    refused: tuple[str, ...] = ()
    """Why the ways before it, or all, gave nothing."""
    silent: bool = False
    """Nothing could be recognised: that nobody speaks is no failure."""
    below: Subtitle | None = None
    """What is shown below it, in a subtitle with two languages."""
    below_attempt: Attempt | None = None

    @property
    def how(self) -> str:
        """How it was made, for people."""
        return f"{self.attempt}" + (f"; below it {self.below_attempt}" if self.below else "")


@dataclass(slots=True)
class Producer:
    """All wishes of one job."""

    ctx: JobContext
    analyser: TrackAnalyser
    facts: MediaFacts
    main_track: int
    """The index of the chosen audio track."""
    _builders: dict[tuple[int, Language, Language | None], CueBuilder] = field(default_factory=dict)

    def produce(self, wish: Planned) -> Produced:
        """Try one way after the other. Raises what may pass, and what concerns them all."""
        upper = self._first_usable(wish)
        if wish.below is None:
            return upper
        lower = self._first_usable(wish.below)
        if upper.subtitle is None or lower.subtitle is None:
            silent = "nothing that was said could be recognised"
            refused = (*upper.refused, *lower.refused)
            return Produced(refused=refused if refused else (silent,))
        return replace(upper, below=lower.subtitle, below_attempt=lower.attempt)

    def _first_usable(self, wish: Planned) -> Produced:
        refused: list[str] = []
        for attempt in wish.attempts:
            last = attempt is wish.attempts[-1]
            try:
                made = self._attempt(wish, attempt)
            except Rejected as problem:
                if last and not refused:
                    raise
                refused.append(str(problem))
                continue
            if isinstance(made, str):
                refused.append(made)
            elif not made.cues:
                return Produced(refused=tuple(refused), silent=True)
            elif (wrong := self._rejection_reason(made, wish, attempt)) is not None:
                refused.append(wrong)
            else:
                return Produced(made, attempt, tuple(refused))
        return Produced(refused=tuple(refused))

    def _attempt(self, wish: Planned, attempt: Attempt) -> Subtitle | str:
        """The subtitle in the wanted language, or why the source is no good."""
        if attempt.source.origin is Origin.AUDIO:
            made = self._from_audio(attempt)
        else:
            made = self._from_text(attempt)
        if isinstance(made, str):
            return made
        found = subtitle_in(made, wish.language)
        return Subtitle(found.language, found.cues, wish.kind, found.words, found.title)

    def _from_audio(self, attempt: Attempt) -> Subtitle | str:
        source = attempt.source
        track = self.main_track if source.is_main else int(source.where)
        spoken = self.analyser.analyse(self.facts, track, main=source.is_main)
        if spoken is None:
            if source.is_main:
                return Subtitle(attempt.through, ())
            return f"nobody speaks in track {track}"
        if spoken != source.language:
            if not source.is_main:
                return f"track {track} is tagged {source.language}, but {spoken} is heard in it"
            raise Temporary(
                f"{spoken} is spoken, not {source.language} as its tag says",
                "It is decided anew at the next try",
            )
        subtitles = [
            cues.subtitle(_target(part, attempt.through), way)
            for part, way, cues in self._spoken_parts(track, attempt.parts)
        ]
        return _together(attempt.through, subtitles)

    def words(self, parts: Sequence[Part]) -> list[Word]:
        """What is said in the main track, each part in its own language, in the order of time."""
        said = [cues.words(way) for _, way, cues in self._spoken_parts(self.main_track, parts)]
        return sorted(chain.from_iterable(said), key=lambda word: word.start)

    def _from_text(self, attempt: Attempt) -> Subtitle | str:
        source = attempt.source
        way = attempt.parts[0].way if attempt.parts else None
        existing = SubtitleSource(self.ctx, self.facts)
        read = self.ctx.steps.run(
            f"read {source.origin} {source.where}", partial(existing.digest, source)
        )
        cues = existing.cues(source, read)
        if way is not None:
            cues = what_is_spoken(cues)
        title = self.ctx.job.media.stem
        if (unfit := existing.rejection_reason(cues, source)) is not None:
            return unfit
        if way is None:
            return Subtitle(attempt.through, cues, title=title)
        builder = self._builder(self.main_track, source.language)
        return Subtitle(
            attempt.through, builder.translated(cues, attempt.through, way), title=title
        )

    def _spoken_parts(
        self, track: int, parts: Sequence[Part]
    ) -> Iterator[tuple[Part, Way, CueBuilder]]:
        """The parts that are spoken, with the route and the cues of each."""
        several = len(self.analyser.analysis(track).runs or ()) > 1
        for part in parts:
            key = (track, part.language, part.language if several else None)
            if key not in self._builders:
                self._builders[key] = self._builder(*key)
            if part.way is not None:
                yield part, part.way, self._builders[key]

    def _builder(self, track: int, language: Language, only: Language | None = None) -> CueBuilder:
        speech = SpeechTrack(self.facts, track, language, only)
        return CueBuilder(self.ctx, self.analyser, speech)

    def _rejection_reason(self, made: Subtitle, wish: Planned, attempt: Attempt) -> str | None:
        """Why a text may not be published under its name."""
        by_right = [
            part.language
            for part in attempt.parts
            if part.way is not None and part.way.means is Means.TRANSCRIBE
        ]
        also = [one for one in by_right if not one.serves(wish.language)]
        found = objection([cue.text for cue in made.cues], wish.language, also)
        if found is None:
            return None
        said = found.english_name if isinstance(found, Language) else found
        return f"what was {attempt} is not in {wish.language.english_name}: it is {said}"


def _target(part: Part, through: Language) -> Language:
    """What a part is to be made in: what is only written down stays in its language."""
    assert part.way is not None
    return part.language if part.way.means is Means.TRANSCRIBE else through


def _together(language: Language, parts: Sequence[Subtitle]) -> Subtitle:
    """The parts of one medium as one subtitle, in the order of time."""
    if len(parts) == 1 and parts[0].language == language:
        return parts[0]
    cues = sorted(chain.from_iterable(part.cues for part in parts), key=lambda cue: cue.start)
    words: list[Word] = []
    if all(part.words for part in parts):
        words = sorted(chain.from_iterable(part.words for part in parts), key=lambda w: w.start)
    title = parts[0].title if parts else ""
    return Subtitle(language, tuple(_apart(cues)), words=tuple(words), title=title)


def _apart(cues: Sequence[Cue]) -> Iterator[Cue]:
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

    def subtitle(self, target: Language, way: Way) -> Subtitle:
        """The cues in one language, with the words they were made of where there are any."""
        cues, title = self.cues(target, way), self._ctx.job.media.stem
        if way.means is Means.TEXT:
            return Subtitle(target, cues, title=title)
        into = target if way.means is Means.SPEECH else None
        words = tuple(repair(self.words(way, into), self._duration))
        return Subtitle(target, cues, words=words, title=title)

    def words(self, way: Way, translate_to: Language | None = None) -> tuple[Word, ...]:
        """What is said, as far as it is believed; or what an engine makes of it in a language."""
        return self._transcriber.transcript(way.engine, translate_to).words

    def cues(self, target: Language, way: Way) -> tuple[Cue, ...]:
        """The cues in one language."""
        if way.means is Means.TEXT:
            heard = self._transcriber.transcript(way.engine, None)
            return self._translated(heard, target, way)
        words = self.words(way, target if way.means is Means.SPEECH else None)
        return self._segmented(words, target, way.means is not Means.TRANSCRIBE)

    def _segmented(
        self, words: Sequence[Word], language: Language, translation: bool
    ) -> tuple[Cue, ...]:
        limits = self._limits(language, translation)
        cues = segment(words, language, limits, self._duration)
        job = self._ctx.job
        shots = self._ctx.services.store.shots(job.fingerprint)
        if shots is None or not job.library.shots:
            return cues
        return snap(cues, shots.cuts, shots.frame_rate, language, limits, self._duration)

    def _limits(self, language: Language, translation: bool) -> Limits:
        return _limits(self._ctx.job.library, language, translation)

    def translated(self, original: Sequence[Cue], target: Language, way: Way) -> tuple[Cue, ...]:
        """Cues that somebody made in another language, at their own times."""
        limits = self._limits(target, True)
        texts = self._translation(target, way).lines(original, limits)
        return tuple(
            Cue(cue.start, cue.end, break_lines(texts[number], target, limits))
            for number, cue in enumerate(original)
        )

    def _translated(self, heard: Transcript, target: Language, way: Way) -> tuple[Cue, ...]:
        """The cues of a translation: whole sentences, laid out anew in the target's limits."""
        limits = self._limits(target, True)
        words = self._translation(target, way).words(heard.words, limits, self._duration)
        return self._segmented(words, target, True)

    def _translation(self, target: Language, way: Way) -> TranslationRun:
        ctx, track = self._ctx, self._track
        known = ctx.routes.translators_for(track.language, target)
        translators = dict.fromkeys((way.translator, *known))
        terms = partial(ctx.glossary.pairs, track.language, target)
        return TranslationRun(
            ctx, track.index, track.language, target, tuple(translators), terms=terms
        )


def render_bilingual(upper: Subtitle, lower: Subtitle, fmt: str, library: LibrarySettings) -> bytes:
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
