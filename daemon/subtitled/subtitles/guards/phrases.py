"""Known inventions by language: the lists in ``phrases.toml``, and those of the user."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli

from subtitled.plugin import Language, Misconfigured, Word

from .passages import Finding, Passage, Sound, bare, passages

LONGEST_CREDIT = 60
"""Characters; a longer passage holds more than a credit."""
EDGE = 60.0
"""Seconds at the beginning and end of a medium, where such phrases are at home."""
ALONE = 5.0
"""Seconds around a phrase in which nothing else is said."""
BELIEVED = 0.8
"""Mean confidence from which on even a lonely phrase is believed."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What is looked for, bare of all but letters and digits (see :func:`.passages.bare`).

    ``hard`` are stems that nobody says in a film, such as credits of subtitlers, each as the parts
    that follow each other in it. ``soft`` are whole phrases, by language, that people do say.
    ``sounds`` are words for sounds, as they stand in brackets.
    """

    hard: tuple[tuple[str, ...], ...] = ()
    soft: frozenset[tuple[str, str]] = frozenset()
    sounds: frozenset[str] = frozenset()

    def __or__(self, other: Phrases) -> Phrases:
        return Phrases(
            (*self.hard, *other.hard), self.soft | other.soft, self.sounds | other.sounds
        )


def load_phrases(extra: Path | None = None) -> Phrases:
    """Our own lists, with those of a file, or of every ``*.toml`` in a folder, of the user's.

    Raises :class:`~subtitled.plugin.Misconfigured` for a file that is no such list.
    """
    phrases = _bundled()
    if extra is None:
        return phrases
    try:
        paths = sorted(extra.glob("*.toml")) if extra.is_dir() else [extra]
        for path in paths:
            phrases |= _read(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(
            f"the phrases in {str(extra)!r} cannot be read: {error}",
            "Correct the file that daemon.phrases names; docs/guide.md shows one",
        ) from error
    return phrases


@functools.cache
def _bundled() -> Phrases:
    return _read(files(__package__).joinpath("phrases.toml").read_text("utf-8"))


def _read(text: str) -> Phrases:
    """Raises ``ValueError`` or ``TypeError`` for what has not the shape of ``phrases.toml``."""
    said = tomli.loads(text)
    unknown = sorted(set(said) - {"hard", "soft", "sounds"})
    if unknown:
        raise ValueError(f"[{unknown[0]}] is none of [hard], [soft] and [sounds]")
    hard = tuple(
        tuple(bare(part) for part in stem.split("…")) for _, stem in _listed(said.get("hard", {}))
    )
    soft = frozenset(
        (_tongue(Language(name)), bare(phrase)) for name, phrase in _listed(said.get("soft", {}))
    )
    sounds = frozenset(bare(word) for _, word in _listed(said.get("sounds", {})))
    if any(not any(stem) for stem in hard) or "" in sounds or any(not text for _, text in soft):
        raise ValueError("an entry has no letters in it")
    return Phrases(hard, soft, sounds)


def _tongue(language: Language) -> str:
    """The language as the lists know it; Bokmål is what most call Norwegian."""
    return "nb" if language.primary == "no" else str(language.primary)


def _listed(section: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(section, dict):
        raise TypeError("a section holds lists by language")
    for name, texts in section.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{name} is not a list of texts")
        yield from ((name, text) for text in texts)


def invented(
    words: Sequence[Word],
    language: Language,
    sound: Sound,
    phrases: Phrases,
    duration: float,
    terms: Sequence[str] = (),
) -> list[Finding]:
    """Credits anywhere; phrases and names of sounds where the sound does not bear them out.

    ``terms`` were the recogniser's hints: heard alone in weak sound, they are its own echo.
    """
    soft = {text for name, text in phrases.soft if name in (_tongue(language), "en")}
    soft |= phrases.sounds | {bare(term) for term in terms} | {bare("".join(terms))}
    all_of_it = passages(words)
    found: list[Finding] = []
    for number, passage in enumerate(all_of_it):
        plain = bare(passage.text)
        credit = next((stem for stem in phrases.hard if _holds(plain, stem)), None)
        if credit is not None and len(passage.text) <= LONGEST_CREDIT:
            found.append(passage.found("a credit that recognisers invent"))
        elif plain in soft and passage.weak(sound):
            found.append(passage.found("a phrase that recognisers invent, where little is heard"))
        elif plain in soft and _lonely(all_of_it, number, duration):
            found.append(passage.found("a phrase that recognisers invent, alone at the edge"))
    return found


def _holds(plain: str, stem: Sequence[str]) -> bool:
    """Whether the parts of a stem follow each other in a text."""
    at = 0
    for part in stem:
        at = plain.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _lonely(all_of_it: Sequence[Passage], number: int, duration: float) -> bool:
    passage = all_of_it[number]
    sure = passage.confidence is not None and passage.confidence >= BELIEVED
    if sure or (passage.start >= EDGE and passage.end <= duration - EDGE):
        return False
    before = all_of_it[number - 1].end if number else float("-inf")
    after = all_of_it[number + 1].start if number + 1 < len(all_of_it) else float("inf")
    return passage.start - before > ALONE and after - passage.end > ALONE
