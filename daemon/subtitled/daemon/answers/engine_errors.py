"""How many errors each engine makes: counted by approved subtitle, compared engine by engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from subtitled.plugin import Language
from subtitled.subtitles.evaluation.paired import Difference, Unit, compare_paired
from subtitled.subtitles.evaluation.word_errors import WordErrors, count_word_errors
from subtitled.subtitles.evaluation.words import is_compared_by_character, split_words

from .approved_references import ApprovedReference, EngineText, LeftOut
from .plain import to_plain

PASSAGE_WORDS = 100
"""Words of a passage, at least. Passages are drawn where there are too few files."""
MIN_FILES = 20
"""Files from which on whole files are drawn, because the words of one file have much in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantErrors:
    """The errors of one engine with its settings, in one language."""

    language: Language
    unit: str
    """``words``, or ``characters`` where those are compared."""
    engine: str
    """The engine and its model, as it names itself."""
    variant: str
    """The name of the engine in the configuration, with a hash of its settings."""
    is_configured: bool
    """Whether an engine is configured so now."""
    files: int
    started_files: int
    """Of these, the ones whose text a person corrected that this engine had made."""
    hours: float
    reference: int
    """Words of the approved subtitles."""
    replaced: int
    lost: int
    inserted: int
    errors_per_100: float | None
    """Per 100 words of the approved subtitles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineComparison:
    """Two engines in one language, by the words that both were asked for."""

    language: Language
    unit: str
    """``words`` or ``characters``."""
    first: str
    """Its variant."""
    second: str
    files: int
    reference: int
    first_errors_per_100: float
    second_errors_per_100: float
    difference_low: float
    """First less second, per 100 words: at least this, with 95 % confidence."""
    difference_high: float
    is_enough: bool
    """Whether there are enough words to say anything."""
    better: str | None
    """The variant with fewer errors, if chance does not explain it."""
    favoured: str | None
    """The variant from whose words most of the texts were corrected, which favours it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineErrorAnswer:
    """The errors of engines on the approved subtitles."""

    subtitles: int
    """How many were compared."""
    left_out: dict[LeftOut, int]
    """How many were not, by the reason."""
    engines: tuple[VariantErrors, ...]
    """By language; the fewest errors first."""
    comparisons: tuple[EngineComparison, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        plain: dict[str, Any] = to_plain(self)
        return plain


@dataclass(slots=True, kw_only=True)
class _VariantCounts:
    engine: str = ""
    files: int = 0
    started_files: int = 0
    seconds: float = 0.0
    errors: WordErrors = field(default_factory=WordErrors)


@dataclass(slots=True)
class _PairCounts:
    files: list[Unit] = field(default_factory=list)
    passages: list[Unit] = field(default_factory=list)
    """Of the first files only, until there are enough files."""
    started: Counter[str] = field(default_factory=Counter)
    """How many texts were made by each engine at first."""

    def compare(self) -> Difference:
        return compare_paired(self.files if len(self.files) >= MIN_FILES else self.passages)


_CueErrors = dict[int, WordErrors]


class ErrorCounts:
    """Adds up the errors of engines, reference by reference."""

    def __init__(self) -> None:
        self.left_out: Counter[LeftOut] = Counter()
        self._subtitles = 0
        self._variants: dict[tuple[Language, str], _VariantCounts] = {}
        self._pairs: dict[tuple[Language, str, str], _PairCounts] = {}

    def add(self, reference: ApprovedReference) -> None:
        """Count the errors of each engine in the text of one approved subtitle."""
        words = [split_words(cue.text, reference.language) for cue in reference.cues]
        counted = [
            (text, errors)
            for text in reference.texts
            if (errors := _count_errors(text, words, reference.language))
        ]
        if not counted:
            self.left_out[LeftOut.NO_TRANSCRIPT] += 1
            return
        self._subtitles += 1
        track = _find_track(counted, words)
        counted = [(text, errors) for text, errors in counted if text.track == track]
        group = _group_of(reference.language)
        for text, errors in counted:
            self._add_variant(group, text, errors, reference.started_from)
        for (one, first), (other, second) in combinations(counted, 2):
            key = (group, one.variant, other.variant)
            self._add_pair(key, first, second, reference.started_from)

    def _add_variant(
        self, group: Language, text: EngineText, errors: _CueErrors, started_from: str | None
    ) -> None:
        counts = self._variants.setdefault((group, text.variant), _VariantCounts())
        counts.engine = text.engine
        counts.files += 1
        counts.started_files += started_from == _name_of(text.variant)
        counts.seconds += text.seconds
        counts.errors += sum(errors.values(), WordErrors())

    def _add_pair(
        self,
        key: tuple[Language, str, str],
        first: _CueErrors,
        second: _CueErrors,
        started_from: str | None,
    ) -> None:
        passages = list(_split_passages(first, second))
        if not passages:
            return
        pair = self._pairs.setdefault(key, _PairCounts())
        if len(pair.files) < MIN_FILES:
            pair.passages += passages
        pair.files.append(Unit(*map(sum, zip(*passages, strict=True))))
        if started_from is not None:
            pair.started[started_from] += 1

    def to_answer(self, configured: set[str]) -> EngineErrorAnswer:
        """Return what was counted.

        Args:
            configured: The variants of the engines that are configured now.
        """
        engines = [
            VariantErrors(
                language=language,
                unit=_unit_of(language),
                engine=counts.engine,
                variant=variant,
                is_configured=variant in configured,
                files=counts.files,
                started_files=counts.started_files,
                hours=round(counts.seconds / 3600, 3),
                reference=counts.errors.reference,
                replaced=counts.errors.replaced,
                lost=counts.errors.lost,
                inserted=counts.errors.inserted,
                errors_per_100=_per_100(counts.errors.rate),
            )
            for (language, variant), counts in self._variants.items()
        ]
        engines.sort(key=lambda row: (row.language, row.errors_per_100 or 0.0, row.variant))
        return EngineErrorAnswer(
            subtitles=self._subtitles,
            left_out=dict(sorted(self.left_out.items())),
            engines=tuple(engines),
            comparisons=tuple(_compare(*key, pair) for key, pair in sorted(self._pairs.items())),
        )


def _compare(language: Language, first: str, second: str, pair: _PairCounts) -> EngineComparison:
    difference = pair.compare()
    better = None
    if difference.is_beyond_chance:
        better = second if difference.low > 0 else first
    starts = {variant: pair.started[_name_of(variant)] for variant in (first, second)}
    favoured = max(starts, key=lambda variant: starts[variant])
    return EngineComparison(
        language=language,
        unit=_unit_of(language),
        first=first,
        second=second,
        files=len(pair.files),
        reference=sum(unit.words for unit in pair.files),
        first_errors_per_100=round(100 * difference.first_rate, 2),
        second_errors_per_100=round(100 * difference.second_rate, 2),
        difference_low=round(100 * difference.low, 2),
        difference_high=round(100 * difference.high, 2),
        is_enough=difference.is_enough,
        better=better,
        favoured=favoured if starts[first] != starts[second] else None,
    )


def _count_errors(text: EngineText, words: list[list[str]], language: Language) -> _CueErrors:
    """Return the errors in each cue that the engine was asked for; empty without any word."""
    indices = sorted(index for index in text.cues if words[index])
    hypothesis = split_words(text.text, language)
    errors = count_word_errors(hypothesis, [words[index] for index in indices])
    return dict(zip(indices, errors, strict=True))


def _find_track(counted: list[tuple[EngineText, _CueErrors]], words: list[list[str]]) -> int:
    """Return the track that the subtitle is of: the one on which an engine comes nearest to it.

    A commentary is in the language of the film too.
    """

    def distance(item: tuple[EngineText, _CueErrors]) -> int:
        _, errors = item
        missing = sum(len(cue) for index, cue in enumerate(words) if index not in errors)
        return missing + sum(one.errors for one in errors.values())

    return min(counted, key=distance)[0].track


def _split_passages(first: _CueErrors, second: _CueErrors) -> Iterator[Unit]:
    """Yield the errors of two engines by passage, in the cues that both were asked for."""
    words = one = other = 0
    for index in sorted(first.keys() & second.keys()):
        words += first[index].reference
        one += first[index].errors
        other += second[index].errors
        if words >= PASSAGE_WORDS:
            yield Unit(words, one, other)
            words = one = other = 0
    if words:
        yield Unit(words, one, other)


def _group_of(language: Language) -> Language:
    """Return a language without its region: engines are chosen by that."""
    primary = language.primary
    return (
        primary if language.script == primary.script else Language(f"{primary}-{language.script}")
    )


def _unit_of(language: Language) -> str:
    return "characters" if is_compared_by_character(language) else "words"


def _name_of(variant: str) -> str:
    """Return the name of the engine in the configuration."""
    return variant.rpartition("-")[0]


def _per_100(rate: float | None) -> float | None:
    return None if rate is None else round(100 * rate, 2)
