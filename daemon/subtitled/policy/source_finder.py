"""The sources that a subtitle can be made from: audio tracks and human subtitles, best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.chinese import can_convert_script

from .coverage import EMBEDDED, SIDECAR, ExistingSubtitle
from .requirements import AvailableSources, CanMake, Origin, Source


@dataclass(frozen=True, slots=True)
class SourceFinder:
    """Finds and orders the sources of a media file, as its library wants them."""

    library: LibrarySettings
    likely_language: Language | None
    """The spoken language, or the tag of the main audio track while it is unknown."""
    can_make: CanMake
    """The available routes from speech."""
    available: AvailableSources

    def all_sources(self, language: Language) -> Iterator[tuple[Source, str]]:
        """Yield all sources of a language, the best first, each with how it is used.

        A text that needs only another script counts as one in the language.
        """
        original = self.likely_language is not None and self.likely_language.satisfies(language)
        texts = (
            list(self._subtitle_sources(language)) if "text" in self.library.sources.order else []
        )
        yield from (route for route in texts if can_convert_script(route[0].language, language))
        for step in self.library.sources.order:
            match step:
                case "audio" if original:
                    yield from self._main_audio_sources(language)
                case "audio":
                    yield from self._other_track_sources(language)
                case "text":
                    yield from (
                        route
                        for route in texts
                        if not can_convert_script(route[0].language, language)
                    )
                case "speech" if not original:
                    yield from self._main_audio_sources(language)

    def for_bilingual(self, language: Language | None) -> tuple[Source, ...]:
        """Return the sources of one language of a bilingual subtitle, human subtitles first."""
        if language is None:
            return ()
        same_language = []
        for text in self.available.subtitles:
            source_language = text.language_given(self.likely_language)
            if source_language and source_language.satisfies(language) and _is_usable_source(text):
                order = (text.kind is SubtitleKind.SDH, text.origin != SIDECAR)
                same_language.append(
                    (order, Source(Origin(text.origin), text.location, source_language))
                )
        same_language.sort(key=lambda ranked: ranked[0])
        return (
            *(source for _, source in same_language),
            *(source_and_how[0] for source_and_how in self.all_sources(language)),
        )

    def _main_audio_sources(self, language: Language) -> Iterator[tuple[Source, str]]:
        how = self.can_make(self.likely_language, language) if self.likely_language else None
        if how is not None and self.likely_language is not None:
            yield Source(Origin.AUDIO, "", self.likely_language), how

    def _other_track_sources(self, language: Language) -> Iterator[tuple[Source, str]]:
        for index, tag in self.available.tracks:
            how = self.can_make(tag, language) if tag.satisfies(language) else None
            if how is not None:
                yield Source(Origin.AUDIO, str(index), tag), f"{how}, from track {index}"

    def _subtitle_sources(self, language: Language) -> Iterator[tuple[Source, str]]:
        """Yield human subtitles, full ones before those for the hard of hearing."""
        pivots = (
            *((self.likely_language,) if self.likely_language else ()),
            *self.library.sources.pivot_languages,
        )
        ranked = []
        for text in self.available.subtitles:
            source_language = text.language_given(self.likely_language)
            if (
                source_language is None
                or source_language.satisfies(language)
                or not _is_usable_source(text)
                or self._is_used_as_speech(text, language)
            ):
                continue
            is_same_language = can_convert_script(source_language, language)
            rank = next(
                (n for n, pivot in enumerate(pivots) if source_language.satisfies(pivot)), None
            )
            how = self.available.can_translate(source_language, language)
            if how is not None and (is_same_language or rank is not None):
                order = (rank or 0, text.kind is SubtitleKind.SDH, text.origin != SIDECAR)
                ranked.append(
                    (order, Source(Origin(text.origin), text.location, source_language), how)
                )
        for _, source, how in sorted(ranked, key=lambda entry: entry[0]):
            yield source, f"{how} from {_describe_source(source)}"

    def _is_used_as_speech(self, text: ExistingSubtitle, language: Language) -> bool:
        """Return whether an approved text corrects the words of the speech, which are translated.

        Its own cues would all be translated again, and the words only where they were corrected.
        """
        return (
            text.corrects_speech
            and "speech" in self.library.sources.order
            and next(self._main_audio_sources(language), None) is not None
        )


def _is_usable_source(text: ExistingSubtitle) -> bool:
    """Return whether a subtitle is a full human text. Ours are made from what we know already."""
    return (
        text.is_text
        and not text.source_problem
        and not text.is_ours
        and not text.is_outdated
        and text.kind is not SubtitleKind.FORCED
        and text.secondary is None
        and text.origin in (SIDECAR, EMBEDDED)
    )


def _describe_source(source: Source) -> str:
    where = f"stream {source.location}" if source.origin is Origin.EMBEDDED else source.location
    return f"{where} ({source.language})"
