"""The policy: which subtitles are to be made for a medium, out of what, which not, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from subtitled.config.languages import ORIGINAL, Wanted
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import UNDETERMINED, Kind, Language
from subtitled.subtitles.chinese import converts
from subtitled.subtitles.layout.bilingual import FORMATS as FOR_TWO

from .coverage import EMBEDDED, SIDECAR, WITHDRAWN, Existing, serving
from .summaries import about_summary
from .wishes import (
    NOTHING_ELSE,
    CanMake,
    Decision,
    Impossible,
    Material,
    Origin,
    Source,
    SummaryWish,
    Wish,
    unmade,
)

MOSTLY_FOREIGN = 0.4
"""The share of the speech from which on a medium has no foreign parts: it is in two languages."""


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
    summaries: list[SummaryWish] = []
    impossible: list[str] = []
    reasons: list[str] = []
    answers: list[tuple[str, Wish | SummaryWish | Impossible | str]] = [
        (
            f"{language or ORIGINAL}" + ("" if kind is Kind.FULL else f" {kind}"),
            deciding.about(language, kind),
        )
        for language, kind in _wanted(library, spoken, deciding.guess)
    ]
    answers += (
        (f"{upper or ORIGINAL}+{lower or ORIGINAL}", deciding.about_both(upper, lower))
        for upper, lower in _pairs(library, deciding.guess)
    )
    files = library.summaries.files
    answers += (
        (f"summary {one or ORIGINAL}", about_summary(one, files, spoken, can_make, material))
        for one in _meant(library.summaries.languages, deciding.guess)
    )
    for name, answer in answers:
        reason = answer if isinstance(answer, str) else answer.reason
        reasons.append(f"{name}: {reason}")
        if isinstance(answer, Impossible):
            impossible.append(f"{name}: {reason}")
        elif isinstance(answer, Wish):
            make.append(answer)
        elif isinstance(answer, SummaryWish):
            summaries.append(answer)
    listening = any(deciding.must_listen(wish) for wish in make) or (
        bool(summaries) and spoken is None
    )
    return Decision(tuple(make), tuple(impossible), tuple(reasons), listening, tuple(summaries))


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

    def about(self, language: Language | None, kind: Kind) -> Wish | Impossible | str:
        """What is to be made, or why it cannot be, or why it need not be."""
        main = self._main
        if language is None:
            reason = "to be made; nobody has listened yet"
            return Wish(None, self.library.formats, reason, kind, (main,))
        missing = self._missing(language, kind)
        if isinstance(missing, str):
            return missing
        if kind is Kind.FORCED:
            return self._foreign_parts(language, missing, main)
        ways = list(self._ways(language))
        if not ways and self.spoken is not None:
            return unmade(self.spoken)
        reason = f"to be made as {', '.join(missing)}" + (f", {ways[0][1]}" if ways else "")
        return Wish(language, missing, reason, kind, tuple(way[0] for way in ways) or (main,))

    def about_both(self, upper: Language | None, lower: Language | None) -> Wish | Impossible | str:
        """The same of a subtitle with two languages, each of which is made, or taken from
        somebody's text where there is one."""
        formats = tuple(fmt for fmt in self.library.formats if fmt in FOR_TWO)
        if not formats:
            return Impossible(f"{', '.join(self.library.formats)} cannot show two languages")
        if upper is None or lower is None:
            unknown = "to be made; nobody has listened yet"
            above, below = (
                Wish(one, formats, unknown, sources=self._sources_of(one) or (self._main,))
                for one in (upper, lower)
            )
            return replace(above, below=below)
        if upper.serves(lower) or lower.serves(upper):
            return "both are one language"
        missing = self._missing(upper, Kind.FULL, lower, formats)
        if isinstance(missing, str):
            return missing
        sides = []
        for one in (upper, lower):
            sources = self._sources_of(one)
            if not sources and self.spoken is not None:
                return Impossible(f"nothing configured makes {one} from {self.spoken}")
            sides.append(Wish(one, missing, "", sources=sources or (self._main,)))
        reason = f"to be made as {', '.join(missing)}, in one file"
        return replace(sides[0], reason=reason, below=sides[1])

    @property
    def _main(self) -> Source:
        return Source(Origin.AUDIO, "", self.guess or UNDETERMINED)

    def _missing(
        self,
        language: Language,
        kind: Kind,
        below: Language | None = None,
        formats: tuple[str, ...] = (),
    ) -> tuple[str, ...] | str:
        """The formats in which it is not there yet, or why none is missing."""
        rules = self.library.existing
        served = {
            fmt: serving(self.existing, language, self.guess, fmt, rules, kind, below)
            for fmt in formats or self.library.formats
        }
        missing = tuple(fmt for fmt, by in served.items() if by is None)
        if missing:
            return missing
        by = next(one for one in served.values() if one is not None)
        taken = f"{by.where} was taken back by hand"
        return taken if by.origin == WITHDRAWN else f"there is {_named(by)}"

    def _sources_of(self, language: Language | None) -> tuple[Source, ...]:
        """What one of two languages comes from: somebody's text in it before all else."""
        if language is None:
            return ()
        here = []
        for text in self.material.texts:
            tongue = text.language or (self.guess if text.origin == SIDECAR else None)
            if tongue and tongue.serves(language) and _is_whole_text(text):
                order = (text.kind is Kind.SDH, text.origin != SIDECAR)
                here.append((order, Source(Origin(text.origin), text.where, tongue)))
        here.sort(key=lambda one: one[0])
        return (*(source for _, source in here), *(way[0] for way in self._ways(language)))

    def must_listen(self, wish: Wish) -> bool:
        """Whether a wish hangs on what is not known yet of the main track."""
        if wish.below is not None and self.must_listen(wish.below):
            return True
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
            if tongue is None or tongue.serves(language) or not _is_whole_text(text):
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
    ) -> Wish | Impossible | str:
        foreign = self.material.foreign
        if not self.material.tells_languages:
            return Impossible("no engine is configured that tells languages apart")
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
            return Impossible(f"nothing configured makes it from {lacking}")
        names = ", ".join(others)
        reason = f"to be made as {', '.join(missing)}: parts in {names}, {ways[0]}"
        return Wish(language, missing, reason, Kind.FORCED, (main,))


def _wanted(
    library: LibrarySettings, spoken: Language | None, guess: Language | None
) -> list[tuple[Language | None, Kind]]:
    """What is wanted, each once; ``original`` as what it stands for.

    Where a language is named that the speech itself serves, as ``pt-BR`` is by ``pt``, the two
    are one wish under the name given.
    """
    return [
        (language, kind)
        for languages, kind in ((library.languages, Kind.FULL), (library.forced, Kind.FORCED))
        for language in _meant(languages, guess)
    ]


def _meant(languages: Sequence[Wanted], guess: Language | None) -> list[Language | None]:
    """The languages, each once; ``original`` as the one named that the guess serves, else it."""
    named = [Language(one) for one in languages if one != ORIGINAL]
    original = guess and next((one for one in named if guess.serves(one)), guess)
    meant = (original if one == ORIGINAL else Language(one) for one in languages)
    return list(dict.fromkeys(meant))


def _pairs(
    library: LibrarySettings, guess: Language | None
) -> list[tuple[Language | None, Language | None]]:
    """The pairs of languages wanted, each once; ``original`` as what it stands for."""
    pairs = [
        tuple(guess if one == ORIGINAL else Language(one) for one in pair)
        for pair in library.bilingual
    ]
    return [(upper, lower) for upper, lower in dict.fromkeys(pairs)]


def _is_whole_text(text: Existing) -> bool:
    """Whether a subtitle is somebody's whole text: ours are made of what we know already."""
    return (
        text.is_text
        and not text.ours
        and not text.stale
        and text.kind is not Kind.FORCED
        and text.below is None
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
