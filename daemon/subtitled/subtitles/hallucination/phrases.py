"""Known hallucinated phrases by language: the lists in ``phrases.toml``, and the user's."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli

from subtitled.plugin import Language, SetupError, Word

from .passages import Passage, SpeechMask, SuspectWords, normalise_text, split_passages

MAX_CREDIT_CHARACTERS = 60
"""Longest credit in characters. A longer passage holds more than a credit."""
EDGE_SECONDS = 60.0
"""Seconds at the beginning and end of a media file, where these phrases are likely."""
MIN_ISOLATION_SECONDS = 5.0
"""Seconds without other words around an isolated phrase."""
TRUSTED_CONFIDENCE = 0.8
"""Mean confidence from which even an isolated phrase is kept."""


@dataclass(frozen=True, slots=True)
class HallucinationPhrases:
    """The phrases to find, as letters and digits only (see :func:`.passages.normalise_text`)."""

    hard: tuple[tuple[str, ...], ...] = ()
    """Stems that nobody says in a film, such as credits of subtitlers. Each consists of the parts
    that follow each other in it."""
    soft: frozenset[tuple[str, str]] = frozenset()
    """Language and text of whole phrases that people may also say."""
    sounds: frozenset[str] = frozenset()
    """Descriptions of sounds that stand in brackets."""

    def __or__(self, other: HallucinationPhrases) -> HallucinationPhrases:
        return HallucinationPhrases(
            (*self.hard, *other.hard), self.soft | other.soft, self.sounds | other.sounds
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterContext:
    """What the filter has to know besides the words and the speech."""

    language: Language
    """The language of the words."""
    duration: float
    """The duration of the track in seconds."""
    phrases: HallucinationPhrases
    hotwords: Sequence[str] = ()
    """The hotwords that the engine was told."""


def load_phrases(user_path: Path | None = None) -> HallucinationPhrases:
    """Load our own lists, and the user's.

    Args:
        user_path: A file, or a folder whose ``*.toml`` files are loaded.

    Raises:
        SetupError: A file cannot be read or is no list of phrases.
    """
    phrases = _load_bundled()
    if user_path is None:
        return phrases
    try:
        paths = sorted(user_path.glob("*.toml")) if user_path.is_dir() else [user_path]
        for path in paths:
            phrases |= _parse_phrases(path.read_text("utf-8"))
    except (OSError, ValueError, TypeError) as error:
        raise SetupError(
            f"the phrases in {str(user_path)!r} cannot be read: {error}",
            "Correct the file that daemon.hallucination_phrases names; "
            "docs/users/subtitles.md shows one",
        ) from error
    return phrases


@functools.cache
def _load_bundled() -> HallucinationPhrases:
    return _parse_phrases(files(__package__).joinpath("phrases.toml").read_text("utf-8"))


def _parse_phrases(text: str) -> HallucinationPhrases:
    """Parse a file like ``phrases.toml``.

    Raises:
        ValueError, TypeError: It has another structure.
    """
    payload = tomli.loads(text)
    unknown = sorted(set(payload) - {"hard", "soft", "sounds"})
    if unknown:
        raise ValueError(f"[{unknown[0]}] is none of [hard], [soft] and [sounds]")
    hard = tuple(
        tuple(normalise_text(part) for part in stem.split("…"))
        for _, stem in _iter_entries(payload.get("hard", {}))
    )
    soft = frozenset(
        (_phrase_language(Language(name)), normalise_text(phrase))
        for name, phrase in _iter_entries(payload.get("soft", {}))
    )
    sounds = frozenset(normalise_text(word) for _, word in _iter_entries(payload.get("sounds", {})))
    if any(not any(stem) for stem in hard) or "" in sounds or any(not text for _, text in soft):
        raise ValueError("an entry has no letters in it")
    return HallucinationPhrases(hard, soft, sounds)


def _phrase_language(language: Language) -> str:
    """Return the language under which the lists hold phrases. Bokmål is listed as Norwegian."""
    return "nb" if language.primary == "no" else str(language.primary)


def _iter_entries(section: Any) -> Iterable[tuple[str, str]]:
    if not isinstance(section, dict):
        raise TypeError("a section holds lists by language")
    for name, texts in section.items():
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise TypeError(f"{name} is not a list of texts")
        yield from ((name, text) for text in texts)


def find_known_hallucinations(
    words: Sequence[Word], speech_mask: SpeechMask, context: FilterContext
) -> list[SuspectWords]:
    """Find credits anywhere, and phrases and sound descriptions that the audio does not support.

    The hotwords, alone in weak audio, are an echo of what the recogniser was told.
    """
    phrases, hotwords = context.phrases, context.hotwords
    languages = (_phrase_language(context.language), "en")
    soft = {text for name, text in phrases.soft if name in languages}
    soft |= (
        phrases.sounds
        | {normalise_text(hotword) for hotword in hotwords}
        | {normalise_text("".join(hotwords))}
    )
    all_passages = split_passages(words)
    suspects: list[SuspectWords] = []
    for number, passage in enumerate(all_passages):
        normalised = normalise_text(passage.text)
        credit = next((stem for stem in phrases.hard if _contains_stem(normalised, stem)), None)
        if credit is not None and len(passage.text) <= MAX_CREDIT_CHARACTERS:
            suspects.append(passage.to_suspect("a credit that recognisers hallucinate"))
        elif normalised in soft and passage.is_weak(speech_mask):
            suspects.append(
                passage.to_suspect("a phrase that recognisers hallucinate, in weak audio")
            )
        elif normalised in soft and _is_isolated(all_passages, number, context.duration):
            suspects.append(
                passage.to_suspect("a phrase that recognisers hallucinate, alone at the edge")
            )
    return suspects


def _contains_stem(normalised: str, stem: Sequence[str]) -> bool:
    """Check whether the parts of a stem follow each other in a text."""
    position = 0
    for part in stem:
        position = normalised.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return True


def _is_isolated(all_passages: Sequence[Passage], number: int, duration: float) -> bool:
    passage = all_passages[number]
    is_trusted = passage.confidence is not None and passage.confidence >= TRUSTED_CONFIDENCE
    if is_trusted or (passage.start >= EDGE_SECONDS and passage.end <= duration - EDGE_SECONDS):
        return False
    before = all_passages[number - 1].end if number else float("-inf")
    after = all_passages[number + 1].start if number + 1 < len(all_passages) else float("inf")
    return (
        passage.start - before > MIN_ISOLATION_SECONDS
        and after - passage.end > MIN_ISOLATION_SECONDS
    )
