"""The terms of the policy: sources, requirements and decisions.

Also the requirements for summaries.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from subtitled.config.library_settings import ORIGINAL
from subtitled.plugin import Language, SubtitleKind

from .coverage import EMBEDDED, REMOVED_BY_USER, SIDECAR, ExistingSubtitle

CanMake = Callable[[Language, Language], str | None]
"""Returns how text in the second language is made from speech or text in the first, or None."""


class Origin(StrEnum):
    """Where the text of a subtitle comes from."""

    AUDIO = "audio"
    EMBEDDED = EMBEDDED
    SIDECAR = SIDECAR


@dataclass(frozen=True, slots=True)
class Source:
    """A source of a subtitle: an audio track, or a human subtitle."""

    origin: Origin
    location: str
    """The index of the track, the name of the sidecar, or an empty text for the main audio
    track.
    """
    language: Language
    """The language as far as it is known, else ``und``."""

    @property
    def is_main(self) -> bool:
        """Whether it is the audio track that was chosen for the media file."""
        return self.origin is Origin.AUDIO and not self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One subtitle to be made, in the formats that are missing."""

    language: Language | None
    """None for the spoken language while that is unknown."""
    formats: tuple[str, ...]
    reason: str
    kind: SubtitleKind = SubtitleKind.FULL
    sources: tuple[Source, ...] = ()
    """The sources it can be made from, the best first.

    The next is used where one proves unusable.
    """
    secondary: Requirement | None = None
    """The second language of a bilingual subtitle."""


@dataclass(frozen=True, slots=True)
class SummaryRequirement:
    """A summary to be made in one language, as the files that are missing."""

    language: Language | None
    """None for the spoken language while that is unknown."""
    files: tuple[str, ...]
    """The endings of their names."""
    reason: str


class Unsatisfiable(str):
    """Why a requirement is impossible."""

    __slots__ = ()


class Removed(str):
    """Why a subtitle is not made: a person removed the one that there was."""

    __slots__ = ()


class Nothing(str):
    """Why there is nothing to write: nothing that it would have is said in the media file."""

    __slots__ = ()


NOBODY_SPEAKS = Nothing("no speech found: there is nothing to write")


class AnswerStatus(StrEnum):
    """What became of one subtitle or summary that a library wants."""

    MET = "met"
    """It exists."""
    NOTHING = "nothing-to-write"
    """Nothing that it would have is said in the media file."""
    MISSING = "missing"
    """It is to be made."""
    IMPOSSIBLE = "impossible"
    REMOVED = "removed"
    """A person removed it, and it is not made again."""


SUMMARY = "summary"
"""The kind of an answer about a summary, beside those of :class:`SubtitleKind`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The decision about one subtitle or summary that a library wants."""

    language: Language | None
    """None for the spoken language while that is unknown."""
    kind: str
    """The value of a :class:`SubtitleKind`, or :data:`SUMMARY`."""
    status: AnswerStatus
    reason: str
    is_bilingual: bool = False
    secondary: Language | None = None
    """The second language if it is bilingual, or None while that is unknown."""

    def __str__(self) -> str:
        language = self.language or ORIGINAL
        if self.kind == SUMMARY:
            return f"{SUMMARY} {language}"
        if self.is_bilingual:
            return f"{language}+{self.secondary or ORIGINAL}"
        return f"{language}" if self.kind == SubtitleKind.FULL else f"{language} {self.kind}"


def no_route(spoken: Language) -> Unsatisfiable:
    """Return why no route leads from the spoken language to the wanted one."""
    if spoken.is_known:
        return Unsatisfiable(f"no configured engine or translator makes it from {spoken}")
    return Unsatisfiable(
        "the spoken language is unknown: configure an engine that identifies languages, such as "
        "whisper (subtitled doctor says whether one cannot be used), set assumed_language of the "
        "library, tag the audio track, or name it with generate --language"
    )


@dataclass(frozen=True, slots=True)
class ForeignSpeech:
    """The speech of a media file that is not in its main language."""

    languages: tuple[Language, ...] = ()
    """Its languages, the most spoken first."""
    share: float = 0.0
    """Its share of all speech, from 0 to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The result of the policy for one media file."""

    requirements: tuple[Requirement, ...]
    unsatisfiable: tuple[str, ...]
    reasons: tuple[str, ...]
    """One sentence for each wanted language, and why the spoken one is looked for again."""
    answers: tuple[Answer, ...] = ()
    """The decision about each subtitle and summary that is wanted."""
    needs_analysis: bool = False
    """Whether a requirement depends on something about the main track that is not known yet."""
    summaries: tuple[SummaryRequirement, ...] = ()
    upgrades: tuple[Requirement, ...] = ()
    """Subtitles of ours that are to be made again, in the formats that they have. They stay until
    the new ones are there and no worse, so nothing is missing meanwhile."""

    @property
    def is_silent(self) -> bool:
        """Whether something is not made because nobody speaks."""
        return any(answer.reason == NOBODY_SPEAKS for answer in self.answers)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.is_incomplete or self.upgrades)

    @property
    def is_incomplete(self) -> bool:
        """Whether something is missing, or may be."""
        return bool(self.requirements or self.summaries or self.needs_analysis)


@dataclass(frozen=True, slots=True, kw_only=True)
class AvailableSources:
    """The sources besides the main audio track."""

    tracks: tuple[tuple[int, Language], ...] = ()
    """Other audio tracks with the same speech, as index and tag, the best first."""
    subtitles: tuple[ExistingSubtitle, ...] = ()
    """Human subtitles that can be translated."""
    foreign_speech: ForeignSpeech | None = None
    """None while the audio was not searched for foreign speech."""
    can_translate: CanMake = lambda source, wanted: None
    can_detect_language: bool = True
    """Whether any engine identifies languages."""
    language_news: str = ""
    """Why the spoken language is looked for again; empty if it is not."""
    summaries: tuple[ExistingSubtitle, ...] = ()
    """Existing summaries, and those that a person removed."""
    generators: tuple[str, ...] = ()
    """The names of the translators that can write summaries, the first choice first."""
    is_silent: bool = False
    """Whether nobody speaks on any of the audio tracks. They were listened to."""


NO_OTHER_SOURCES = AvailableSources()


def evaluate_summary(
    language: Language | None,
    files: tuple[str, ...],
    spoken: Language | None,
    can_make: CanMake,
    material: AvailableSources,
) -> SummaryRequirement | Unsatisfiable | str:
    """Return the summary that is required in a language, or why none is possible or needed.

    Args:
        language: The wanted language, or None for the spoken one while that is unknown.
        files: The endings of the wanted files.
        spoken: The spoken language, or None while it is unknown.
        can_make: The available routes.
        material: The available sources.
    """
    if language is None:
        missing = files
    else:
        existing_by_format = {
            summary.format: summary
            for summary in material.summaries
            if summary.language is not None
            and summary.language.satisfies(language)
            and not summary.is_outdated
        }
        missing = tuple(ending for ending in files if ending not in existing_by_format)
        if not missing:
            first = existing_by_format[files[0]]
            if first.origin == REMOVED_BY_USER:
                return Removed(f"{first.location} was removed by a user")
            return f"covered by {first.location}"
    if material.is_silent:
        return NOBODY_SPEAKS
    if not material.generators:
        return Unsatisfiable("no translator of the library can write summaries")
    if spoken is not None and can_make(spoken, spoken) is None:
        return Unsatisfiable(f"no configured engine transcribes {spoken}")
    reason = f"to be written by {material.generators[0]} as {', '.join(missing)}"
    return SummaryRequirement(language, missing, reason)
