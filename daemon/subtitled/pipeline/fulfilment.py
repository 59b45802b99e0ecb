"""Producing each wanted subtitle by the first production path that gives text in its language."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain

from subtitled.jobcontext.context import JobContext
from subtitled.media.probe import MediaInfo
from subtitled.plugin import (
    Cue,
    InputRejectedError,
    Language,
    Subtitle,
    TransientError,
    Word,
)
from subtitled.plugin.paths import display_path
from subtitled.policy.approved_source import ApprovedSource
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.policy.requirements import Origin
from subtitled.routing.production_plan import JobPlan, PathSegment, ProductionPath, TargetPlan
from subtitled.routing.table import Route, RouteKind
from subtitled.subtitles.chinese import convert_script
from subtitled.subtitles.language_id import find_language_mismatch
from subtitled.subtitles.sdh import strip_sdh
from subtitled.transcription.track_analysis import MAX_CORRECTIONS, TrackAnalyser
from subtitled.transcription.transcriber import SpeechTrack

from .cue_builder import CueBuilder
from .early_translation import EarlyTranslation, is_language_certain, is_translated_speech_text
from .existing_subtitles import SubtitleSource
from .produced import Produced, translates_speech
from .quality_evidence import TextOrigin, TextSource
from .source_correction import read_approved_cues

MAX_NEW_PLANS = MAX_CORRECTIONS + 1
"""How often a job is planned again because its main track turns out to be in another language: the
tag was wrong, then the sound was, as often as the text may correct it."""


class MainLanguageError(TransientError):
    """Raised if the main track turns out to be in another language than it was planned for.

    The plan followed its tag, or the sound was taken for a language that the text is not in. The
    language is stored by now, so the job can be planned again.
    """


@dataclass(slots=True, kw_only=True)
class Producer:
    """Produces the subtitles of one job."""

    ctx: JobContext
    analyser: TrackAnalyser
    facts: MediaInfo
    main_track: int
    """The index of the chosen audio track."""
    approved_source: ApprovedSource | None = None
    """What a person approved of the speech of that track."""
    silent_tracks: set[int] = field(default_factory=set)
    """The tracks that turned out to have no speech."""
    translated_speech: set[str] = field(default_factory=set)
    """The targets that were published and for which an engine translated speech."""
    _builders: dict[tuple[int, Language, Language | None], CueBuilder] = field(default_factory=dict)
    _early: EarlyTranslation = field(init=False)

    def __post_init__(self) -> None:
        job = self.ctx.job
        self._early = EarlyTranslation(lambda: job.is_cancelled() or job.must_make_room())

    @contextlib.contextmanager
    def translating_early(self, plan: JobPlan, done: Collection[str]) -> Iterator[None]:
        """Have scenes of the main track translated while others of it are transcribed.

        Args:
            plan: What is produced. Where a person approved the speech, nothing is translated early.
            done: The targets of it that were made before.
        """
        targets = () if plan.approved_source else plan.targets
        wanted = [one for one in targets if not one.is_upgrade and str(one) not in done]
        for target in (*wanted, *filter(None, (one.secondary for one in wanted))):
            if target.paths and self._may_translate_early(path := target.paths[0]):
                for part, route, builder in self._spoken_parts(self.main_track, path.segments):
                    builder.translate_early(_segment_target(part, path.pivot), route)
        try:
            yield
        finally:
            self._early.drop()

    def _may_translate_early(self, path: ProductionPath) -> bool:
        if not is_translated_speech_text(path):
            return False
        return is_language_certain(path, self.analyser.analysis(self.main_track), self.ctx.job)

    def produce(self, requirement: TargetPlan) -> Produced:
        """Try the production paths of a requirement in order.

        Raises:
            TransientError: Something that may work later.
            SetupError: Something that concerns every path.
            InputRejectedError: The only path was refused.
            MainLanguageError: The plan is for another spoken language.
        """
        upper = self._first_usable(requirement)
        if requirement.secondary is None:
            return upper
        lower = self._first_usable(requirement.secondary)
        if upper.subtitle is None or lower.subtitle is None:
            silent = "no speech could be recognised"
            refused = (*upper.refused, *lower.refused)
            return Produced(refused=refused if refused else (silent,))
        return replace(
            upper,
            below=lower.subtitle,
            below_path=lower.path,
            below_approved_text=lower.approved_text,
            below_reading=lower.reading,
        )

    def _first_usable(self, requirement: TargetPlan) -> Produced:
        refused: list[str] = []
        for path in requirement.paths:
            last = path is requirement.paths[-1]
            try:
                subtitle = self._produce_by(requirement, path)
            except InputRejectedError as error:
                if last and not refused:
                    raise
                refused.append(str(error))
                continue
            if isinstance(subtitle, str):
                refused.append(subtitle)
            elif not subtitle.cues:
                return Produced(refused=tuple(refused), silent=True)
            elif (reason := self._rejection_reason(subtitle, requirement, path)) is not None:
                refused.append(reason)
            else:
                return Produced(
                    subtitle=subtitle,
                    path=path,
                    refused=tuple(refused),
                    approved_text=self._approved_text_of(path),
                    reading=self._reading_of(path),
                )
        return Produced(refused=tuple(refused))

    def _reading_of(self, path: ProductionPath) -> str:
        """Return what corrections made of the speech that an engine translated for a path."""
        if not path.source.is_main or not translates_speech(path):
            return ""
        return self.analyser.analysis(self.main_track).reading

    def _approved_text_of(self, path: ProductionPath) -> str:
        """Return which approved text a path used; empty if it used none."""
        source, approved = path.source, self.approved_source
        if approved is None:
            return ""
        if source.origin is not Origin.AUDIO:
            return approved.mark if source.location == approved.name else ""
        is_translated = any(
            part.route is not None and part.route.kind is RouteKind.TRANSLATE_TEXT
            for part in path.segments
        )
        return approved.mark if source.is_main and is_translated else ""

    def _approved_cues(self, track: int, language: Language) -> tuple[Cue, ...]:
        """Return what a person approved of the speech of a track; empty if nobody did.

        Raises:
            TransientError: The approved file is another one meanwhile.
        """
        approved = self.approved_source
        if approved is None or track != self.main_track or language != approved.language:
            return ()
        folder = self.ctx.job.output_folder or self.ctx.job.media.parent
        cues = read_approved_cues(folder, approved)
        if cues is None:
            raise TransientError(
                f"{display_path(folder / approved.name)} was changed while it was translated",
                "It is read again at the next try",
            )
        return cues

    def _produce_by(self, requirement: TargetPlan, path: ProductionPath) -> Subtitle | str:
        """Return the subtitle, or why the source cannot be used."""
        if path.source.origin is Origin.AUDIO:
            subtitle = self._from_audio(path)
        else:
            subtitle = self._from_text(path)
        if isinstance(subtitle, str):
            return subtitle
        converted = convert_script(subtitle, requirement.language)
        return Subtitle(
            language=converted.language,
            cues=converted.cues,
            kind=requirement.kind,
            words=converted.words,
            title=converted.title,
        )

    def _from_audio(self, path: ProductionPath) -> Subtitle | str:
        source = path.source
        track = self.main_track if source.is_main else int(source.location)
        spoken = self.analyser.analyse(self.facts, track, main=source.is_main)
        if spoken is None:
            self.silent_tracks.add(track)
            if source.is_main:
                return Subtitle(language=path.pivot, cues=())
            return f"no speech found in track {track}"
        if spoken != source.language:
            if not source.is_main:
                return f"track {track} is tagged {source.language}, but {spoken} is spoken in it"
            raise MainLanguageError(
                f"{spoken} is spoken, not {source.language} as its tag says",
                "It is planned again at the next try",
            )
        if source.is_main:
            self._compare_text_with_sound(track, path.segments)
        subtitles = [
            cues.subtitle(_segment_target(part, path.pivot), route)
            for part, route, cues in self._spoken_parts(track, path.segments)
        ]
        return _merge_segments(path.pivot, subtitles)

    def _compare_text_with_sound(self, track: int, parts: Sequence[PathSegment]) -> None:
        """Raise an error if the text of a part is in another language than its sound was taken for.

        Raises:
            MainLanguageError: The part is transcribed again in that language.
        """
        for part, route, builder in self._spoken_parts(track, parts):
            if route.kind is RouteKind.TRANSLATE_SPEECH:
                continue  # Its text is in another language by intention.
            builder.words(route)
            find = partial(builder.written_language, route)
            if self.analyser.correct_language(track, part.language, find):
                # Those of the written language know only the parts that were in it before.
                self._builders.clear()
                raise MainLanguageError(
                    f"what was written as {part.language.english_name} is in another language",
                    "It is transcribed again at the next try",
                )

    def text_source(self, produced: Produced) -> TextSource:
        """Return what quality estimation has to know of how a text was made."""
        subtitle, path = produced.subtitle, produced.path
        assert subtitle is not None and path is not None
        routes = [part.route for part in path.segments if part.route is not None]
        is_translation = any(route.kind is not RouteKind.TRANSCRIBE for route in routes)
        library = self.ctx.job.library
        return TextSource(
            fingerprint=self.ctx.job.fingerprint,
            language=subtitle.language,
            origins=tuple(self._origins(path)),
            rules=cue_rules_for(library, subtitle.language, translation=is_translation),
            glossary=self.ctx.glossary if is_translation else None,
        )

    def _origins(self, path: ProductionPath) -> Iterator[TextOrigin]:
        source = path.source
        if source.origin is not Origin.AUDIO:
            builder = self._builder(self.main_track, source.language)
            routes = [part.route for part in path.segments if part.route is not None]
            for route in routes:
                translation = builder.translation_variant(path.pivot, route)
                yield TextOrigin(self.main_track, "", translation)
            return
        track = self.main_track if source.is_main else int(source.location)
        for part, route, builder in self._spoken_parts(track, path.segments):
            yield builder.origin(_segment_target(part, path.pivot), route)

    def words(self, parts: Sequence[PathSegment]) -> list[Word]:
        """Return the speech of the main track, each part in its own language, in order of time."""
        words = [cues.words(route) for _, route, cues in self._spoken_parts(self.main_track, parts)]
        return sorted(chain.from_iterable(words), key=lambda word: word.start)

    def _from_text(self, path: ProductionPath) -> Subtitle | str:
        source = path.source
        route = path.segments[0].route if path.segments else None
        existing = SubtitleSource(self.ctx, self.facts)
        digest = self.ctx.steps.run(
            f"read {source.origin} {source.location}", partial(existing.digest, source)
        )
        cues = existing.cues(source, digest)
        if route is not None:
            cues = strip_sdh(cues)
        title = self.ctx.job.media.stem
        if (reason := existing.rejection_reason(cues, source)) is not None:
            return reason
        if route is None:
            return Subtitle(language=path.pivot, cues=cues, title=title)
        builder = self._builder(self.main_track, source.language)
        return Subtitle(
            language=path.pivot, cues=builder.translated(cues, path.pivot, route), title=title
        )

    def _spoken_parts(
        self, track: int, parts: Sequence[PathSegment]
    ) -> Iterator[tuple[PathSegment, Route, CueBuilder]]:
        """Yield the spoken parts, with their routes and cue builders."""
        several = len(self.analyser.analysis(track).language_segments or ()) > 1
        for part in parts:
            key = (track, part.language, part.language if several else None)
            if key not in self._builders:
                self._builders[key] = self._builder(*key)
            if part.route is not None:
                yield part, part.route, self._builders[key]

    def _builder(self, track: int, language: Language, only: Language | None = None) -> CueBuilder:
        speech = SpeechTrack(self.facts, track, language, only)
        find_approved = partial(self._approved_cues, track, language)
        return CueBuilder(self.ctx, self.analyser, speech, self._early, find_approved)

    def _rejection_reason(
        self, made: Subtitle, requirement: TargetPlan, path: ProductionPath
    ) -> str | None:
        """Return why a text must not be published under its language, or None."""
        transcribed = [
            part.language
            for part in path.segments
            if part.route is not None and part.route.kind is RouteKind.TRANSCRIBE
        ]
        other_languages = [
            language for language in transcribed if not language.satisfies(requirement.language)
        ]
        mismatch = find_language_mismatch(
            [cue.text for cue in made.cues], requirement.language, other_languages
        )
        if mismatch is None:
            return None
        actual = mismatch.english_name if isinstance(mismatch, Language) else mismatch
        return f"what was {path} is not in {requirement.language.english_name}: it is {actual}"


def _segment_target(segment: PathSegment, pivot: Language) -> Language:
    """Return the language in which a part is produced. A transcription keeps its language."""
    assert segment.route is not None
    return segment.language if segment.route.kind is RouteKind.TRANSCRIBE else pivot


def _merge_segments(language: Language, parts: Sequence[Subtitle]) -> Subtitle:
    """Join the parts of a media file into one subtitle."""
    if len(parts) == 1 and parts[0].language == language:
        return parts[0]
    cues = sorted(chain.from_iterable(part.cues for part in parts), key=lambda cue: cue.start)
    words: list[Word] = []
    if all(part.words for part in parts):
        words = sorted(chain.from_iterable(part.words for part in parts), key=lambda w: w.start)
    title = parts[0].title if parts else ""
    return Subtitle(
        language=language, cues=tuple(_trim_overlaps(cues)), words=tuple(words), title=title
    )


def _trim_overlaps(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Yield cues that end at the latest when the next one starts, which may be of another part."""
    for number, cue in enumerate(cues):
        end = min(cue.end, cues[number + 1].start) if number + 1 < len(cues) else cue.end
        if end > cue.start:
            yield Cue(cue.start, end, cue.text)
