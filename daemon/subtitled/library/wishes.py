"""What the policy is asked and what it answers: sources, wishes, decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Kind, Language

from .coverage import EMBEDDED, SIDECAR, Existing

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
    where: str
    """The number of the stream, or the sidecar's name; of the main audio track, nothing."""
    language: Language
    """As far as is known; ``und`` where nobody has listened."""

    @property
    def is_main(self) -> bool:
        """Whether it is the audio track that was chosen for the medium."""
        return self.origin is Origin.AUDIO and not self.where


@dataclass(frozen=True, slots=True)
class Wish:
    """One language to be made, in the formats that are missing."""

    language: Language | None
    """None for the language spoken, as long as nobody knows which that is."""
    formats: tuple[str, ...]
    reason: str
    kind: Kind = Kind.FULL
    sources: tuple[Source, ...] = ()
    """What it is to be made of, best first: the next is taken where one proves to be no good."""
    below: Wish | None = None
    """What is to be shown below it, in a subtitle with two languages."""


@dataclass(frozen=True, slots=True)
class SummaryWish:
    """A summary to be made in one language, in the files that are missing."""

    language: Language | None
    """None for the language spoken, as long as nobody knows which that is."""
    files: tuple[str, ...]
    """What their names end with."""
    reason: str


class Impossible(str):
    """Why something cannot be made."""

    __slots__ = ()


def unmade(spoken: Language) -> Impossible:
    """Why no way leads from what is spoken to what is wanted."""
    if spoken.is_known:
        return Impossible(f"nothing configured makes it from {spoken}")
    return Impossible(
        "nobody knows which language is spoken: tag the audio track with it, or configure an "
        "engine that tells languages, such as whisper"
    )


@dataclass(frozen=True, slots=True)
class Foreign:
    """The languages, most spoken first, of the parts that are not in the main one."""

    languages: tuple[Language, ...] = ()
    share: float = 0.0
    """Of all speech, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one medium."""

    make: tuple[Wish, ...]
    impossible: tuple[str, ...]
    reasons: tuple[str, ...]
    """One sentence for each language wanted."""
    needs_listening: bool = False
    """Something of the main track is not known yet, and something depends on that."""
    summaries: tuple[SummaryWish, ...] = ()

    @property
    def is_work(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.make or self.summaries or self.needs_listening)


@dataclass(frozen=True, slots=True)
class Material:
    """What there is to make subtitles of, beside the main audio track."""

    tracks: tuple[tuple[int, Language], ...] = ()
    """Other audio tracks that say the same, by index, with their tags; the best first."""
    texts: tuple[Existing, ...] = ()
    """Subtitles that may be translated; ours are left out."""
    foreign: Foreign | None = None
    """None as long as nobody listened for foreign parts."""
    can_translate: CanMake = lambda source, wanted: None
    tells_languages: bool = True
    """Whether any engine can tell which language is spoken."""
    summaries: tuple[Existing, ...] = ()
    """Those that there are, and those that a person took away."""
    writers: tuple[str, ...] = ()
    """Who can write one, first choice first."""


NOTHING_ELSE = Material()
