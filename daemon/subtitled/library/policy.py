"""The policy: which subtitles are to be made for a medium, which not, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subtitled.config.settings import ORIGINAL, ExistingSettings, LibrarySettings
from subtitled.plugin import Language

from .coverage import SIDECAR, WITHDRAWN, Existing, counts, serving

CanMake = Callable[[Language, Language], str | None]
"""How a text in the second language comes from speech in the first, in words, or None."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One language to be made, in the formats that are missing."""

    language: Language | None
    """None for the language spoken, as long as nobody knows which that is."""
    formats: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the policy says of one medium."""

    make: tuple[Wish, ...]
    impossible: tuple[str, ...]
    reasons: tuple[str, ...]
    """One sentence for each language wanted."""
    needs_listening: bool = False
    """It is not known yet what is spoken, and something depends on that."""


def decide(
    library: LibrarySettings,
    existing: Sequence[Existing],
    tagged: Language,
    spoken: Language | None,
    can_make: CanMake,
) -> Decision:
    """Decide from what exists, the track's tag, and what is spoken, if somebody has listened.

    As long as nobody has, the tag is taken for a guess: good enough to see that all is there,
    never to say that something cannot be made.
    """
    make: list[Wish] = []
    impossible: list[str] = []
    reasons: list[str] = []
    guess = spoken or (tagged if tagged.is_known else None)
    for language in _languages(library, spoken, guess):
        name = language or ORIGINAL
        if language is None:
            make.append(Wish(None, library.formats, "nobody knows yet what is spoken"))
            reasons.append(f"{name}: to be made; nobody has listened yet")
            continue
        served = {
            fmt: serving(existing, language, guess, fmt, library.existing)
            for fmt in library.formats
        }
        missing = tuple(fmt for fmt, by in served.items() if by is None)
        if not missing:
            by = next(one for one in served.values() if one is not None)
            withdrawn = by.origin == WITHDRAWN
            reasons.append(
                f"{name}: {by.where} was taken back by hand"
                if withdrawn
                else f"{name}: there is {_named(by)}"
            )
            continue
        way = can_make(guess, language) if guess else None
        if way is None and spoken is not None:
            sentence = f"{name}: nothing configured makes it from {spoken}"
            impossible.append(sentence)
            reasons.append(sentence)
            continue
        reason = f"to be made as {', '.join(missing)}" + (f", {way}" if way else "")
        make.append(Wish(language, missing, reason))
        reasons.append(f"{name}: {reason}")
    listening = spoken is None and bool(make)
    return Decision(tuple(make), tuple(impossible), tuple(reasons), listening)


def redundant(
    existing: Sequence[Existing], spoken: Language | None, rules: ExistingSettings
) -> list[tuple[Existing, tuple[Existing, ...]]]:
    """Sidecars of ours that somebody else's sidecars make needless: each with those that do.

    One that somebody edited is no reason to take others away: it was ours like they.
    """
    others = [
        (one, one.language or spoken)
        for one in existing
        if one.origin == SIDECAR and not one.ours and not one.edited and counts(one, rules)
    ]
    found = []
    for ours in existing:
        if ours.origin != SIDECAR or not ours.ours or ours.language is None:
            continue
        instead = tuple(
            one for one, language in others if language and language.serves(ours.language)
        )
        if instead:
            found.append((ours, instead))
    return found


def _languages(
    library: LibrarySettings, spoken: Language | None, guess: Language | None
) -> list[Language | None]:
    """The languages wanted, each once; ``original`` as what it stands for.

    Where a language is named that the speech itself serves, as ``pt-BR`` is by ``pt``, the two
    are one wish under the name given.
    """
    named = [Language(one) for one in library.languages if one != ORIGINAL]
    original = guess and next((one for one in named if guess.serves(one)), guess)
    wanted: list[Language | None] = []
    for one in library.languages:
        language = original if one == ORIGINAL else Language(one)
        if language not in wanted:
            wanted.append(language)
    return wanted


def _named(existing: Existing) -> str:
    whose = (
        "ours" if existing.ours else "ours, edited since" if existing.edited else existing.origin
    )
    return (
        f"{existing.where} ({whose})"
        if existing.origin == "sidecar"
        else (f"an {existing.origin} one, stream {existing.where}")
    )
