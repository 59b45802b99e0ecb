"""Language segments: which part of a media file is in which language.

The language of a window of ten seconds is often misdetected, so a change of language must be likely
over all windows: Viterbi's algorithm finds the cheapest sequence, where each window costs its
improbability and each change a penalty. Short windows count for less. Languages that recognisers
confuse count as one, so that a Norwegian film is not full of Danish segments.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from subtitled.plugin import Chunk, Language, LanguageGuess, TimeSpan
from subtitled.policy.requirements import ForeignSpeech
from subtitled.transcripts.models import LanguageSegment

MAX_WINDOW_SECONDS = 10.0
"""Seconds of a window."""
MAX_GAP_SECONDS = 2.0
"""Seconds of silence within a window."""
FULL_WEIGHT_SECONDS = 5.0
"""Seconds from which on a window has its full weight."""
CHANGE_PENALTY = 2.5
"""The cost of a change of language, as a natural logarithm of probability.

One window of ten seconds that is nearly certain (0.99 against 0.001) becomes a segment, a doubtful
one does not.
"""
MIN_PROBABILITY = 0.001
"""The probability of a language that the engine does not list."""
MIN_FOREIGN_SHARE = 0.3
"""Highest probability in any window below which a language is not considered."""
AMBIGUITY_THRESHOLD = 0.6
"""Probability of another language in a window from which on all windows are examined."""

CONFUSABLE_LANGUAGES = tuple(
    frozenset(map(Language, group.split()))
    for group in (
        "no nb nn da sv, sr hr bs sh mk sl, id ms jv su, hi ur pa, zh yue, cs sk, gl pt, gl es, "
        "ca es oc, ru uk be, af nl, bg mk, az tr tk, fa tg, de lb yi"
    ).split(", ")
)
"""Groups of languages that a recogniser confuses within one film."""


def language_windows(
    speech: Sequence[TimeSpan], max_seconds: float = MAX_WINDOW_SECONDS
) -> list[TimeSpan]:
    """Return windows of at most ``max_seconds`` that cover all speech."""
    windows: list[TimeSpan] = []
    for interval in speech:
        if (
            windows
            and interval.start - windows[-1].end <= MAX_GAP_SECONDS
            and interval.end - windows[-1].start <= max_seconds
        ):
            windows[-1] = TimeSpan(windows[-1].start, interval.end)
            continue
        count = max(1, math.ceil(interval.duration / max_seconds))
        length = interval.duration / count
        windows += [
            TimeSpan(interval.start + n * length, interval.start + (n + 1) * length)
            for n in range(count)
        ]
    return windows


def is_ambiguous(guesses: Sequence[LanguageGuess], main_language: Language) -> bool:
    """Return whether some window suggests another language than the main one."""
    return any(
        probability >= AMBIGUITY_THRESHOLD and not is_confusable(language, main_language)
        for guess in guesses
        for language, probability in guess.probabilities.items()
    )


def segment_languages(
    guesses: Sequence[LanguageGuess], main: Language, total: float
) -> tuple[LanguageSegment, ...]:
    """Find the language segments of a media file.

    Args:
        guesses: The guesses for all :func:`language_windows`, in order.
        main: The main language, with everything its tag says.
        total: The duration in seconds.

    Returns:
        Segments in order and without gaps. A change lies in the middle of the pause.
    """
    grouped = [_group_confusable(guess, main) for guess in guesses]
    spoken = {one for each in grouped for one, p in each.items() if p > MIN_FOREIGN_SHARE} | {main}
    path = _viterbi_path(guesses, grouped, sorted(spoken))
    segments: list[LanguageSegment] = []
    for number, language in enumerate(path):
        window = guesses[number].window
        begin = (guesses[number - 1].window.end + window.start) / 2 if number else 0.0
        if not segments:
            segments.append(LanguageSegment(TimeSpan(0.0, total), language))
        elif segments[-1].language != language:
            last = segments[-1]
            segments[-1] = replace(last, span=TimeSpan(last.span.start, begin))
            segments.append(LanguageSegment(TimeSpan(begin, max(total, window.end)), language))
    return tuple(segments) or (LanguageSegment(TimeSpan(0.0, total), main),)


def find_foreign_speech(
    parts: Sequence[LanguageSegment] | None, speech: Sequence[TimeSpan], main: Language
) -> ForeignSpeech | None:
    """Return what is said in other languages than the main one; None if that was not examined."""
    if parts is None:
        return None
    spoken: dict[Language, float] = {}
    for segment in parts:
        seconds = sum(overlap_seconds(segment.span, span) for span in speech)
        spoken[segment.language] = spoken.get(segment.language, 0.0) + seconds
    total = sum(spoken.values())
    foreign_seconds = {
        language: seconds
        for language, seconds in spoken.items()
        if language != main and seconds > 0
    }
    languages = tuple(sorted(foreign_seconds, key=lambda tag: (-foreign_seconds[tag], tag)))
    return ForeignSpeech(languages, sum(foreign_seconds.values()) / total if total else 0.0)


ChunkCutter = Callable[[Sequence[TimeSpan], float, Sequence[TimeSpan]], list[Chunk]]
"""A function that cuts speech with its faint parts, up to a time, into chunks."""


def chunk_by_language(
    parts: Sequence[LanguageSegment] | None,
    speech: Sequence[TimeSpan],
    total: float,
    quiet: Sequence[TimeSpan],
    only: Language | None,
    cut: ChunkCutter,
) -> list[Chunk]:
    """Cut a media file into chunks of which none is in two languages.

    Args:
        parts: The language segments, or None if there is only one language.
        speech: The spans of speech.
        total: The duration in seconds.
        quiet: The faint parts of the speech.
        only: Return only the chunks in this language.
        cut: Cuts one segment into chunks.

    Returns:
        Chunks without gaps from 0 to ``total``, or those in ``only``.
    """
    if parts is None or len(parts) < 2:
        return cut(speech, total, quiet)
    chunks: list[Chunk] = []
    for segment in parts:
        if only is not None and segment.language != only:
            continue
        cut_chunks = cut(
            clip_to(speech, segment.span), segment.span.end, clip_to(quiet, segment.span)
        )
        # They start at 0, which only the first segment does.
        segment_chunks = [chunk for chunk in cut_chunks if chunk.span.end > segment.span.start]
        for number, chunk in enumerate(segment_chunks):
            start = segment.span.start if number == 0 else chunk.span.start
            chunks.append(replace(chunk, span=TimeSpan(start, chunk.span.end)))
    return chunks


def is_confusable(one: Language, other: Language) -> bool:
    """Return whether a recogniser may confuse two languages."""
    return one.primary == other.primary or any(
        one.primary in group and other.primary in group for group in CONFUSABLE_LANGUAGES
    )


def overlap_seconds(one: TimeSpan, other: TimeSpan) -> float:
    """Return the seconds that two spans have in common."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def _group_confusable(guess: LanguageGuess, main: Language) -> dict[Language, float]:
    """Return the probabilities, with confusable languages added to the main one."""
    probabilities: dict[Language, float] = {}
    for language, probability in guess.probabilities.items():
        name = main if is_confusable(language, main) else language
        probabilities[name] = probabilities.get(name, 0.0) + probability
    return probabilities


def _viterbi_path(
    guesses: Sequence[LanguageGuess],
    emissions: Sequence[dict[Language, float]],
    languages: Sequence[Language],
) -> list[Language]:
    costs = dict.fromkeys(languages, 0.0)
    steps: list[dict[Language, Language]] = []
    for guess, probabilities in zip(guesses, emissions, strict=True):
        weight = min(1.0, guess.window.duration / FULL_WEIGHT_SECONDS)
        nearest = min(languages, key=lambda one: (costs[one], one))
        predecessors: dict[Language, Language] = {}
        next_costs: dict[Language, float] = {}
        for language in languages:
            is_change = costs[nearest] + CHANGE_PENALTY < costs[language]
            predecessors[language] = nearest if is_change else language
            cost = costs[nearest] + CHANGE_PENALTY if is_change else costs[language]
            next_costs[language] = cost - weight * math.log(
                max(MIN_PROBABILITY, probabilities.get(language, 0))
            )
        steps.append(predecessors)
        costs = next_costs
    language = min(languages, key=lambda one: (costs[one], one))
    path = []
    for predecessors in reversed(steps):
        path.append(language)
        language = predecessors[language]
    return path[::-1]


def clip_to(intervals: Sequence[TimeSpan], bounds: TimeSpan) -> list[TimeSpan]:
    """Return the parts of intervals that lie inside some bounds."""
    return [
        TimeSpan(max(interval.start, bounds.start), min(interval.end, bounds.end))
        for interval in intervals
        if overlap_seconds(interval, bounds) > 0
    ]
