"""Known hallucinated phrases by language: the lists in ``phrases.toml``, and the user's."""

from __future__ import annotations

import bisect
import functools
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomli

from subtitled.plugin import Language, SegmentScores, SetupError, Word

from .engine_scores import ScoreIndex
from .passages import Passage, SpeechMask, SuspectWords, normalise_text, split_passages

MAX_CREDIT_CHARACTERS = 60
"""Longest passage in characters that is a credit if it holds a stem."""
MIN_STEM_SHARE = 1 / 3
"""Share of the letters from the stem on, from which the end of a longer passage is a credit."""
MAX_GAP_LETTERS = 12
"""Most letters that "…" stands for in a phrase: a name."""
NO_SPEECH_PROB = 0.6
"""Whisper's own threshold, above which an isolated phrase is not kept for its confidence."""
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
    soft_stems: frozenset[tuple[str, tuple[str, ...]]] = frozenset()
    """Language and parts of such phrases with a name between two parts."""

    def __or__(self, other: HallucinationPhrases) -> HallucinationPhrases:
        return HallucinationPhrases(
            (*self.hard, *other.hard),
            self.soft | other.soft,
            self.sounds | other.sounds,
            self.soft_stems | other.soft_stems,
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
    soft_stems = frozenset(
        (
            _phrase_language(Language(name)),
            tuple(normalise_text(part) for part in phrase.split("…")),
        )
        for name, phrase in _iter_entries(payload.get("soft", {}))
    )
    sounds = frozenset(normalise_text(word) for _, word in _iter_entries(payload.get("sounds", {})))
    phrases = HallucinationPhrases(
        hard,
        frozenset((name, stem[0]) for name, stem in soft_stems if len(stem) == 1),
        sounds,
        frozenset((name, stem) for name, stem in soft_stems if len(stem) > 1),
    )
    if not all("".join(stem) for stem in hard) or "" in sounds:
        raise ValueError("an entry has no letters in it")
    if not all("".join(stem) for _, stem in soft_stems):
        raise ValueError("an entry has no letters in it")
    return phrases


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
    words: Sequence[Word],
    speech_mask: SpeechMask,
    context: FilterContext,
    segment_scores: Sequence[SegmentScores] = (),
) -> list[SuspectWords]:
    """Find credits anywhere, and phrases and sound descriptions that the audio does not support.

    Hotwords and parts of them, alone in weak audio, are an echo of what the recogniser was told.
    """
    soft = SoftPhrases(context)
    scores = ScoreIndex(segment_scores)
    all_passages = split_passages(words)
    is_soft = [soft.matches(passage) for passage in all_passages]
    others = [passage for passage, is_one in zip(all_passages, is_soft, strict=True) if not is_one]
    suspects: list[SuspectWords] = []
    for passage, is_one in zip(all_passages, is_soft, strict=True):
        credit = _find_credit(passage, speech_mask, context.phrases)
        if credit is not None:
            suspects.append(credit)
        elif (is_one or soft.is_echo(passage)) and passage.is_weak(speech_mask):
            suspects.append(
                passage.to_suspect("a phrase that recognisers hallucinate, in weak audio")
            )
        elif is_one and _is_isolated(passage, others, scores, context.duration):
            suspects.append(
                passage.to_suspect("a phrase that recognisers hallucinate, alone at the edge")
            )
    return suspects


class SoftPhrases:
    """The phrases, sounds and hotwords that a passage may consist of, in one language."""

    def __init__(self, context: FilterContext) -> None:
        """Prepare the phrases of a language, and the English ones."""
        languages = (_phrase_language(context.language), "en")
        phrases = context.phrases
        told = [normalise_text(hotword) for hotword in context.hotwords]
        self._texts = {text for name, text in phrases.soft if name in languages} | phrases.sounds
        self._texts |= {*told, "".join(told)} - {""}
        self._stems = [stem for name, stem in phrases.soft_stems if name in languages]
        self._told_words = {
            normalise_text(word) for hotword in context.hotwords for word in hotword.split()
        }

    def matches(self, passage: Passage) -> bool:
        """Tell whether a passage is nothing but such a phrase."""
        text = normalise_text(passage.text)
        return text in self._texts or any(_is_whole(text, stem) for stem in self._stems)

    def is_echo(self, passage: Passage) -> bool:
        """Tell whether a passage has only words of hotwords."""
        words = [normalise_text(word.text) for word in passage.words]
        return any(words) and all(word in self._told_words for word in words if word)


def _is_whole(text: str, stem: Sequence[str]) -> bool:
    """Check whether a text is a phrase with names in its gaps."""
    gaps = len(text) - sum(map(len, stem))
    return (
        text.startswith(stem[0])
        and text.endswith(stem[-1])
        and 0 <= gaps <= MAX_GAP_LETTERS * (len(stem) - 1)
        and _find_stem(text, stem) is not None
    )


def _find_credit(
    passage: Passage, speech_mask: SpeechMask, phrases: HallucinationPhrases
) -> SuspectWords | None:
    """Find the credit in a passage: all of a short one, the end of a long one."""
    letters = [normalise_text(word.text) for word in passage.words]
    text = "".join(letters)
    found = ((_find_stem(text, stem), sum(map(len, stem))) for stem in phrases.hard)
    stems = sorted((start, length) for start, length in found if start is not None)
    reason = "a credit that recognisers hallucinate"
    if stems and len(passage.text) <= MAX_CREDIT_CHARACTERS:
        return passage.to_suspect(reason)
    ends = list(itertools.accumulate(map(len, letters)))
    for start in dict.fromkeys(start for start, _ in stems):
        first = bisect.bisect_right(ends, start)
        tail = Passage(passage.first + first, passage.last, passage.words[first:])
        share = _covered_letters(stems, start) / (len(text) - start)
        if share >= MIN_STEM_SHARE or tail.is_weak(speech_mask):
            return tail.to_suspect(reason)
    return None


def _covered_letters(stems: Sequence[tuple[int, int]], start: int) -> int:
    """Return how many letters belong to stems that begin at ``start`` or after it."""
    covered, position = 0, start
    for first, length in stems:
        covered += max(0, first + length - max(first, position))
        position = max(position, first + length)
    return covered


def _find_stem(text: str, stem: Sequence[str]) -> int | None:
    """Return where the parts of a stem begin to follow each other in a text, or None."""
    start = position = text.find(stem[0])
    for part in stem:
        position = text.find(part, max(position, 0)) if position >= 0 else -1
        if position < 0:
            return None
        position += len(part)
    return start


def _is_isolated(
    passage: Passage, others: Sequence[Passage], scores: ScoreIndex, duration: float
) -> bool:
    """Check whether a phrase stands alone at the edge and is not believed.

    Other such phrases beside it do not make it less alone.
    """
    found = scores.find((passage.start + passage.end) / 2)
    no_speech = found is not None and (found.no_speech_prob or 0.0) > NO_SPEECH_PROB
    is_trusted = passage.confidence is not None and passage.confidence >= TRUSTED_CONFIDENCE
    at_edge = passage.start < EDGE_SECONDS or passage.end > duration - EDGE_SECONDS
    if (is_trusted and not no_speech) or not at_edge:
        return False
    number = bisect.bisect_right(others, passage.start, key=lambda other: other.start)
    before = others[number - 1].end if number else float("-inf")
    after = others[number].start if number < len(others) else float("inf")
    return (
        passage.start - before > MIN_ISOLATION_SECONDS
        and after - passage.end > MIN_ISOLATION_SECONDS
    )
