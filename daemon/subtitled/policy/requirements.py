"""What the policy is asked and what it answers: sources, wishes, decisions.

Which summary of a medium is to be made, which not, and why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language, SubtitleKind

from .coverage import EMBEDDED, REMOVED_BY_USER, SIDECAR, ExistingSubtitle

CanMake = Callable[[Language, Language], str | None]
"""How a text in the second language comes from speech, or a text, in the first, or None."""


class Origin(StrEnum):
    """Where a subtitle may come from."""

    AUDIO = "audio"
    EMBEDDED = EMBEDDED
    SIDECAR = SIDECAR


@dataclass(frozen=True, slots=True)
class Source:
    """What a subtitle may be made of: an audio track, or somebody's subtitle."""

    origin: Origin
    location: str
    """The number of the stream, or the sidecar's name; of the main audio track, nothing."""
    language: Language
    """As far as is known; ``und`` where nobody has listened."""

    @property
    def is_main(self) -> bool:
        """Whether it is the audio track that was chosen for the medium."""
        return self.origin is Origin.AUDIO and not self.location


@dataclass(frozen=True, slots=True)
class Requirement:
    """One language to be made, in the formats that are missing."""

    language: Language | None
    """None for the language spoken, as long as nobody knows which that is."""
    formats: tuple[str, ...]
    reason: str
    kind: SubtitleKind = SubtitleKind.FULL
    sources: tuple[Source, ...] = ()
    """What it is to be made of, best first: the next is taken where one proves to be no good."""
    secondary: Requirement | None = None
    """What is to be shown below it, in a subtitle with two languages."""


@dataclass(frozen=True, slots=True)
class SummaryRequirement:
    """A summary to be made in one language, in the files that are missing."""

    language: Language | None
    """None for the language spoken, as long as nobody knows which that is."""
    files: tuple[str, ...]
    """What their names end with."""
    reason: str


class Unsatisfiable(str):
    """Why something cannot be made."""

    __slots__ = ()


def no_route(spoken: Language) -> Unsatisfiable:
    """Why no way leads from what is spoken to what is wanted."""
    if spoken.is_known:
        return Unsatisfiable(f"nothing configured makes it from {spoken}")
    return Unsatisfiable(
        "nobody knows which language is spoken: tag the audio track with it, or configure an "
        "engine that tells languages, such as whisper"
    )


@dataclass(frozen=True, slots=True)
class ForeignSpeech:
    """The languages, most spoken first, of the parts that are not in the main one."""

    languages: tuple[Language, ...] = ()
    share: float = 0.0
    """Of all speech, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one medium."""

    requirements: tuple[Requirement, ...]
    unsatisfiable: tuple[str, ...]
    reasons: tuple[str, ...]
    """One sentence for each language wanted."""
    needs_analysis: bool = False
    """Something of the main track is not known yet, and something depends on that."""
    summaries: tuple[SummaryRequirement, ...] = ()

    @property
    def has_work(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.requirements or self.summaries or self.needs_analysis)


@dataclass(frozen=True, slots=True)
class AvailableSources:
    """What there is to make subtitles of, beside the main audio track."""

    tracks: tuple[tuple[int, Language], ...] = ()
    """Other audio tracks that say the same, by index, with their tags; the best first."""
    subtitles: tuple[ExistingSubtitle, ...] = ()
    """Subtitles that may be translated; ours are left out."""
    foreign_speech: ForeignSpeech | None = None
    """None as long as nobody listened for foreign parts."""
    can_translate: CanMake = lambda source, wanted: None
    can_detect_language: bool = True
    """Whether any engine can tell which language is spoken."""
    summaries: tuple[ExistingSubtitle, ...] = ()
    """Those that there are, and those that a person took away."""
    generators: tuple[str, ...] = ()
    """Who can write one, first choice first."""


NO_OTHER_SOURCES = AvailableSources()


def evaluate_summary(
    language: Language | None,
    files: tuple[str, ...],
    spoken: Language | None,
    can_make: CanMake,
    material: AvailableSources,
) -> SummaryRequirement | Unsatisfiable | str:
    """What is to be written in a language (None: the one spoken, which nobody knows yet), or why
    nothing can be, or need be. ``spoken`` is None as long as nobody has listened."""
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
        missing = tuple(summary for summary in files if summary not in existing_by_format)
        if not missing:
            first = existing_by_format[files[0]]
            taken = first.origin == REMOVED_BY_USER
            return (
                f"{first.location} was taken back by hand"
                if taken
                else f"there is {first.location}"
            )
    if not material.generators:
        return Unsatisfiable("no translator that the library may use can write")
    if spoken is not None and can_make(spoken, spoken) is None:
        return Unsatisfiable(f"nothing configured hears {spoken}")
    reason = f"to be written by {material.generators[0]} as {', '.join(missing)}"
    return SummaryRequirement(language, missing, reason)
