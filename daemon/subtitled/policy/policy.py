"""The policy: which subtitles a media file requires, of which sources, and why not others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import UNDETERMINED, Language, SubtitleKind
from subtitled.subtitles.segmentation.bilingual import BILINGUAL_FORMATS

from .coverage import REMOVED_BY_USER, ExistingSubtitle, SubtitleQuery, find_satisfying
from .requirements import (
    NO_OTHER_SOURCES,
    NOBODY_SPEAKS,
    SUMMARY,
    AnswerStatus,
    AvailableSources,
    CanMake,
    Decision,
    Nothing,
    Origin,
    Removed,
    Requirement,
    Source,
    SummaryRequirement,
    Unsatisfiable,
    evaluate_summary,
    no_route,
)
from .source_finder import SourceFinder
from .wanted import Wanted, list_wanted_pairs, list_wanted_subtitles, resolve_original

MAX_FOREIGN_SHARE = 0.4
"""The largest share of foreign speech.

Above it the media file counts as bilingual, without foreign parts.
"""


def decide(
    library: LibrarySettings,
    existing: Sequence[ExistingSubtitle],
    tagged: Language,
    spoken: Language | None,
    can_make: CanMake,
    material: AvailableSources = NO_OTHER_SOURCES,
) -> Decision:
    """Decide what a media file requires.

    While the spoken language is unknown, the track's tag is taken as a guess. The guess may show
    that everything exists, but never that a requirement is impossible.

    Args:
        library: The settings of the library.
        existing: The subtitles that the media file has.
        tagged: The language tag of the main audio track.
        spoken: The spoken language, or None while it is unknown.
        can_make: The available routes.
        material: The sources besides the main audio track.
    """
    policy = _Policy(
        library=library,
        existing=tuple(existing),
        tagged_language=tagged,
        spoken=spoken,
        can_make=can_make,
        available=material,
    )
    requirements: list[Requirement] = []
    summaries: list[SummaryRequirement] = []
    results: list[tuple[Wanted, Requirement | SummaryRequirement | Unsatisfiable | str]] = [
        (Wanted(language, kind), policy.evaluate(language, kind))
        for language, kind in list_wanted_subtitles(library, policy.likely_language)
    ]
    results += (
        (
            Wanted(upper, SubtitleKind.FULL, is_bilingual=True, secondary=lower),
            policy.evaluate_bilingual(upper, lower),
        )
        for upper, lower in list_wanted_pairs(library, policy.likely_language)
    )
    files = library.summaries.files
    results += (
        (Wanted(language, SUMMARY), evaluate_summary(language, files, spoken, can_make, material))
        for language in resolve_original(library.summaries.languages, policy.likely_language)
    )
    for _, result in results:
        if isinstance(result, Requirement):
            requirements.append(result)
        elif isinstance(result, SummaryRequirement):
            summaries.append(result)
    answers = tuple(wanted.answer(result) for wanted, result in results)
    needs_analysis = any(policy.needs_analysis(requirement) for requirement in requirements) or (
        bool(summaries) and spoken is None
    )
    news = []
    if needs_analysis and material.language_news:
        news.append(f"the spoken language is looked for again: {material.language_news}")
    return Decision(
        requirements=tuple(requirements),
        unsatisfiable=tuple(
            f"{answer}: {answer.reason}"
            for answer in answers
            if answer.status is AnswerStatus.IMPOSSIBLE
        ),
        reasons=(*(f"{answer}: {answer.reason}" for answer in answers), *news),
        answers=answers,
        needs_analysis=needs_analysis,
        summaries=tuple(summaries),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Policy:
    library: LibrarySettings
    existing: tuple[ExistingSubtitle, ...]
    tagged_language: Language
    spoken: Language | None
    can_make: CanMake
    available: AvailableSources

    @property
    def _sources(self) -> SourceFinder:
        return SourceFinder(self.library, self.likely_language, self.can_make, self.available)

    @property
    def likely_language(self) -> Language | None:
        return self.spoken or (self.tagged_language if self.tagged_language.is_known else None)

    def evaluate(
        self, language: Language | None, kind: SubtitleKind
    ) -> Requirement | Unsatisfiable | str:
        """Return the requirement for one subtitle, or why it is impossible or not needed."""
        main = self._main_source
        if language is None and self.available.is_silent:
            return NOBODY_SPEAKS
        if language is None:
            reason = "to be made; the spoken language is not known yet"
            return Requirement(
                language=None,
                formats=self.library.formats,
                reason=reason,
                kind=kind,
                sources=(main,),
            )
        missing = self._missing_formats(language, kind)
        if isinstance(missing, str):
            return missing
        if kind is SubtitleKind.FORCED:
            return self._foreign_parts(language, missing, main)
        sources = list(self._sources.all_sources(language))
        if self.available.is_silent:
            sources = [source for source in sources if source[0].origin is not Origin.AUDIO]
            if not sources:
                return NOBODY_SPEAKS
        if not sources and self.spoken is not None:
            return no_route(self.spoken)
        if sources:
            reason = f"to be made as {', '.join(missing)}, {sources[0][1]}"
        elif self.likely_language is None:
            reason = "to be made if possible; the spoken language is not known yet"
        else:
            reason = (
                f"to be made only if {language.english_name} is spoken: no configured engine or "
                f"translator makes it from {self.likely_language}"
            )
        return Requirement(
            language=language,
            formats=missing,
            reason=reason,
            kind=kind,
            sources=tuple(source_and_how[0] for source_and_how in sources) or (main,),
        )

    def evaluate_bilingual(
        self, upper: Language | None, lower: Language | None
    ) -> Requirement | Unsatisfiable | str:
        """Return the requirement for a bilingual subtitle, or why there is none.

        It may be impossible, or not needed.

        Each of the two languages is made, or taken from a human subtitle.
        """
        formats = tuple(fmt for fmt in self.library.formats if fmt in BILINGUAL_FORMATS)
        if not formats:
            return Unsatisfiable(f"{', '.join(self.library.formats)} cannot show two languages")
        if (upper is None or lower is None) and self.available.is_silent:
            return NOBODY_SPEAKS
        if upper is None or lower is None:
            unknown = "to be made; the spoken language is not known yet"
            above, below = (
                Requirement(
                    language=language,
                    formats=formats,
                    reason=unknown,
                    sources=self._sources.for_bilingual(language) or (self._main_source,),
                )
                for language in (upper, lower)
            )
            return replace(above, secondary=below)
        if upper.satisfies(lower) or lower.satisfies(upper):
            return "both are the same language"
        missing = self._missing_formats(upper, SubtitleKind.FULL, lower, formats)
        if isinstance(missing, str):
            return missing
        sides = []
        for language in (upper, lower):
            sources = self._sources.for_bilingual(language)
            if self.available.is_silent:
                sources = tuple(s for s in sources if s.origin is not Origin.AUDIO)
                if not sources:
                    return NOBODY_SPEAKS
            if not sources and self.spoken is not None:
                return Unsatisfiable(f"no configured engine makes {language} from {self.spoken}")
            sides.append(
                Requirement(
                    language=language,
                    formats=missing,
                    reason="",
                    sources=sources or (self._main_source,),
                )
            )
        reason = f"to be made as {', '.join(missing)}, in one file"
        return replace(sides[0], reason=reason, secondary=sides[1])

    @property
    def _main_source(self) -> Source:
        return Source(Origin.AUDIO, "", self.likely_language or UNDETERMINED)

    def _missing_formats(
        self,
        language: Language,
        kind: SubtitleKind,
        secondary: Language | None = None,
        formats: tuple[str, ...] = (),
    ) -> tuple[str, ...] | str:
        """Return the formats that are missing, or why none is."""
        rules = self.library.counts_as_existing
        served = {
            fmt: find_satisfying(
                self.existing,
                SubtitleQuery(language=language, format=fmt, kind=kind, secondary=secondary),
                self.likely_language,
                rules,
            )
            for fmt in formats or self.library.formats
        }
        missing = tuple(fmt for fmt, match in served.items() if match is None)
        if missing:
            return missing
        match = next(match for match in served.values() if match is not None)
        if match.origin == REMOVED_BY_USER:
            return Removed(f"{match.location} was removed by a user")
        return f"covered by {_describe_existing(match)}"

    def needs_analysis(self, requirement: Requirement) -> bool:
        """Return whether a requirement depends on what is not known yet of the main track."""
        if requirement.secondary is not None and self.needs_analysis(requirement.secondary):
            return True
        if self.available.is_silent:
            return False
        if requirement.kind is SubtitleKind.FORCED and self.available.foreign_speech is None:
            return True
        return self.spoken is None and (
            requirement.language is None or requirement.sources[0].is_main
        )

    def _foreign_parts(
        self, language: Language, missing: tuple[str, ...], main: Source
    ) -> Requirement | Unsatisfiable | str:
        foreign = self.available.foreign_speech
        if self.available.is_silent:
            return NOBODY_SPEAKS
        if not self.available.can_detect_language:
            return Unsatisfiable("no configured engine identifies languages")
        if self.spoken is None or foreign is None:
            reason = f"to be made as {', '.join(missing)} if there are foreign parts"
            return Requirement(
                language=language,
                formats=missing,
                reason=reason,
                kind=SubtitleKind.FORCED,
                sources=(main,),
            )
        other_languages = [other for other in foreign.languages if not other.satisfies(language)]
        if not other_languages:
            return Nothing("no speech is in another language")
        if foreign.share > MAX_FOREIGN_SHARE:
            return Nothing(
                f"{foreign.share:.0%} is in other languages, so no part counts as foreign"
            )
        methods = [self.can_make(other, language) for other in other_languages]
        if None in methods:
            unsupported = other_languages[methods.index(None)]
            return Unsatisfiable(f"no configured engine or translator makes it from {unsupported}")
        names = ", ".join(other_languages)
        reason = f"to be made as {', '.join(missing)}: parts in {names}, {methods[0]}"
        return Requirement(
            language=language,
            formats=missing,
            reason=reason,
            kind=SubtitleKind.FORCED,
            sources=(main,),
        )


def _describe_existing(existing: ExistingSubtitle) -> str:
    owner = existing.origin
    if existing.is_ours:
        owner = "ours"
    elif existing.is_edited:
        owner = "ours, approved" if existing.is_approved else "ours, edited"
    return (
        f"{existing.location} ({owner})"
        if existing.origin == "sidecar"
        else (f"an {existing.origin} one, track {existing.location}")
    )
