"""The policy: which subtitles are to be made for a medium, out of what, which not, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from subtitled.config.language_settings import ORIGINAL
from subtitled.config.settings import ExistingSettings, LibrarySettings
from subtitled.plugin import UNDETERMINED, Kind, Language
from subtitled.subtitles.chinese import converts

from .coverage import EMBEDDED, SIDECAR, WITHDRAWN, Existing, counts, serving

CanMake = Callable[[Language, Language], str | None]
"""How a text in the second language comes from speech, or a text, in the first, or None."""

MOSTLY_FOREIGN = 0.4
"""The share of the speech from which on a medium has no foreign parts: it is in two languages."""


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


NOTHING_ELSE = Material()


def decide(
    library: LibrarySettings,
    existing: Sequence[Existing],
    tagged: Language,
    spoken: Language | None,
    can_make: CanMake,
    material: Material = NOTHING_ELSE,
) -> Decision:
    """Decide from what exists, the track's tag, and what is spoken, if somebody has listened.

    As long as nobody has, the tag is taken for a guess: good enough to see that all is there,
    never to say that something cannot be made.
    """
    deciding = _Deciding(library, tuple(existing), tagged, spoken, can_make, material)
    make: list[Wish] = []
    impossible: list[str] = []
    reasons: list[str] = []
    for language, kind in _wanted(library, spoken, deciding.guess):
        answer = deciding.about(language, kind)
        name = f"{language or ORIGINAL}" + ("" if kind is Kind.FULL else f" {kind}")
        if isinstance(answer, _Impossible):
            impossible.append(f"{name}: {answer}")
        elif isinstance(answer, Wish):
            make.append(answer)
        reasons.append(f"{name}: {answer.reason if isinstance(answer, Wish) else answer}")
    listening = any(deciding.must_listen(wish) for wish in make)
    return Decision(tuple(make), tuple(impossible), tuple(reasons), listening)


class _Impossible(str):
    """Why something cannot be made."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class _Deciding:
    library: LibrarySettings
    existing: tuple[Existing, ...]
    tagged: Language
    spoken: Language | None
    can_make: CanMake
    material: Material

    @property
    def guess(self) -> Language | None:
        return self.spoken or (self.tagged if self.tagged.is_known else None)

    def about(self, language: Language | None, kind: Kind) -> Wish | _Impossible | str:
        """What is to be made, or why it cannot be, or why it need not be."""
        formats = self.library.formats
        main = Source(Origin.AUDIO, "", self.guess or UNDETERMINED)
        if language is None:
            reason = "to be made; nobody has listened yet"
            return Wish(None, formats, reason, kind, (main,))
        rules = self.library.existing
        served = {
            fmt: serving(self.existing, language, self.guess, fmt, rules, kind) for fmt in formats
        }
        missing = tuple(fmt for fmt, by in served.items() if by is None)
        if not missing:
            by = next(one for one in served.values() if one is not None)
            taken = f"{by.where} was taken back by hand"
            return taken if by.origin == WITHDRAWN else f"there is {_named(by)}"
        if kind is Kind.FORCED:
            return self._foreign_parts(language, missing, main)
        ways = list(self._ways(language))
        if not ways and self.spoken is not None:
            return _Impossible(f"nothing configured makes it from {self.spoken}")
        reason = f"to be made as {', '.join(missing)}" + (f", {ways[0][1]}" if ways else "")
        return Wish(language, missing, reason, kind, tuple(way[0] for way in ways) or (main,))

    def must_listen(self, wish: Wish) -> bool:
        """Whether a wish hangs on what is not known yet of the main track."""
        if wish.kind is Kind.FORCED and self.material.foreign is None:
            return True
        return self.spoken is None and (wish.language is None or wish.sources[0].is_main)

    def _ways(self, language: Language) -> Iterator[tuple[Source, str]]:
        """All sources that a language can be made of, best first, each with how.

        A text that only wants another script is as good as one in the language.
        """
        original = self.guess is not None and self.guess.serves(language)
        texts = list(self._texts(language)) if "text" in self.library.sources.order else []
        yield from (way for way in texts if converts(way[0].language, language))
        for step in self.library.sources.order:
            match step:
                case "audio" if original:
                    yield from self._speech(language)
                case "audio":
                    yield from self._tracks(language)
                case "text":
                    yield from (way for way in texts if not converts(way[0].language, language))
                case "speech" if not original:
                    yield from self._speech(language)

    def _speech(self, language: Language) -> Iterator[tuple[Source, str]]:
        way = self.can_make(self.guess, language) if self.guess else None
        if way is not None and self.guess is not None:
            yield Source(Origin.AUDIO, "", self.guess), way

    def _tracks(self, language: Language) -> Iterator[tuple[Source, str]]:
        for index, tag in self.material.tracks:
            way = self.can_make(tag, language) if tag.serves(language) else None
            if way is not None:
                yield Source(Origin.AUDIO, str(index), tag), f"{way}, from track {index}"

    def _texts(self, language: Language) -> Iterator[tuple[Source, str]]:
        """Somebody's subtitles: whole ones before those for the hard of hearing."""
        pivots = (*((self.guess,) if self.guess else ()), *self.library.sources.pivots)
        found = []
        for text in self.material.texts:
            tongue = text.language or (self.guess if text.origin == SIDECAR else None)
            if tongue is None or tongue.serves(language) or not _translatable(text):
                continue
            alike = converts(tongue, language)
            rank = next((n for n, one in enumerate(pivots) if tongue.serves(one)), None)
            way = self.material.can_translate(tongue, language)
            if way is not None and (alike or rank is not None):
                order = (rank or 0, text.kind is Kind.SDH, text.origin != SIDECAR)
                found.append((order, Source(Origin(text.origin), text.where, tongue), way))
        for _, source, way in sorted(found, key=lambda one: one[0]):
            yield source, f"{way} from {_shown(source)}"

    def _foreign_parts(
        self, language: Language, missing: tuple[str, ...], main: Source
    ) -> Wish | _Impossible | str:
        foreign = self.material.foreign
        if not self.material.tells_languages:
            return _Impossible("no engine is configured that tells languages apart")
        if self.spoken is None or foreign is None:
            reason = f"to be made as {', '.join(missing)} if there are foreign parts"
            return Wish(language, missing, reason, Kind.FORCED, (main,))
        others = [one for one in foreign.languages if not one.serves(language)]
        if not others:
            return "nothing is said in another language"
        if foreign.share > MOSTLY_FOREIGN:
            return f"{foreign.share:.0%} is in other languages, so that no part is foreign"
        ways = [self.can_make(one, language) for one in others]
        if None in ways:
            lacking = others[ways.index(None)]
            return _Impossible(f"nothing configured makes it from {lacking}")
        names = ", ".join(others)
        reason = f"to be made as {', '.join(missing)}: parts in {names}, {ways[0]}"
        return Wish(language, missing, reason, Kind.FORCED, (main,))


def redundant(
    existing: Sequence[Existing], spoken: Language | None, rules: ExistingSettings
) -> list[tuple[Existing, tuple[Existing, ...]]]:
    """Sidecars of ours that somebody else's sidecars make needless: each with those that do.

    One that somebody edited is no reason to take others away: it was ours like they.
    """
    others = [
        (one, one.language or spoken)
        for one in existing
        if one.origin == SIDECAR and not one.ours and not one.edited
    ]
    found = []
    for ours in existing:
        if ours.origin != SIDECAR or not ours.ours or ours.language is None:
            continue
        instead = tuple(
            one
            for one, language in others
            if language and language.serves(ours.language) and counts(one, rules, ours.kind)
        )
        if instead:
            found.append((ours, instead))
    return found


def _wanted(
    library: LibrarySettings, spoken: Language | None, guess: Language | None
) -> list[tuple[Language | None, Kind]]:
    """What is wanted, each once; ``original`` as what it stands for.

    Where a language is named that the speech itself serves, as ``pt-BR`` is by ``pt``, the two
    are one wish under the name given.
    """
    wanted: list[tuple[Language | None, Kind]] = []
    for languages, kind in ((library.languages, Kind.FULL), (library.forced, Kind.FORCED)):
        named = [Language(one) for one in languages if one != ORIGINAL]
        original = guess and next((one for one in named if guess.serves(one)), guess)
        for one in languages:
            wish = (original if one == ORIGINAL else Language(one), kind)
            if wish not in wanted:
                wanted.append(wish)
    return wanted


def _translatable(text: Existing) -> bool:
    """Whether a subtitle is somebody's whole text: ours are made of what we know already."""
    return (
        text.is_text
        and not text.ours
        and not text.stale
        and text.kind is not Kind.FORCED
        and text.origin in (SIDECAR, EMBEDDED)
    )


def _shown(source: Source) -> str:
    where = f"stream {source.where}" if source.origin is Origin.EMBEDDED else source.where
    return f"{where} ({source.language})"


def _named(existing: Existing) -> str:
    whose = (
        "ours" if existing.ours else "ours, edited since" if existing.edited else existing.origin
    )
    return (
        f"{existing.where} ({whose})"
        if existing.origin == "sidecar"
        else (f"an {existing.origin} one, stream {existing.where}")
    )
