"""Which part of a medium is in which language, from how each piece of its speech sounds.

A piece of ten seconds is easily misheard, so that a change of language must convince: the cheapest
way through all pieces is taken, where each costs what its hearing makes improbable, and each change
costs as well (Viterbi's algorithm). Short pieces count for less. Languages that sound alike are one
here, lest a Norwegian film be full of Danish parts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

from subtitled.plugin import Chunk, Language, LanguageGuess, TimeSpan
from subtitled.policy.requirements import ForeignSpeech
from subtitled.transcripts.models import LanguageSegment

MAX_WINDOW_SECONDS = 10.0
"""Seconds of a piece."""
MAX_GAP_SECONDS = 2.0
"""Seconds of silence in a piece."""
FULL_WEIGHT_SECONDS = 5.0
"""Seconds from which on a piece has its whole weight."""
CHANGE_PENALTY = 2.5
"""What a change of language costs, as a natural logarithm of probability: one piece of ten seconds
that is nearly certain (0.99 against 0.001) makes a part of its own, a doubtful one does not."""
MIN_PROBABILITY = 0.001
"""The probability of a language that the engine does not name."""
MIN_FOREIGN_SHARE = 0.3
"""A language that is never more probable than this is not spoken."""
AMBIGUITY_THRESHOLD = 0.6
"""How probable another language must be in a window for the medium to be listened to closely."""

CONFUSABLE_LANGUAGES = tuple(
    frozenset(map(Language, group.split()))
    for group in (
        "no nb nn da sv, sr hr bs sh mk sl, id ms jv su, hi ur pa, zh yue, cs sk, gl pt, ca es oc, "
        "ru uk be, af nl, bg mk, az tr tk, fa tg, de lb yi"
    ).split(", ")
)
"""Languages that a recogniser mistakes for each other within one film."""


def language_windows(speech: Sequence[TimeSpan]) -> list[TimeSpan]:
    """The windows in which to listen for the language: all speech, in pieces."""
    windows: list[TimeSpan] = []
    for interval in speech:
        if (
            windows
            and interval.start - windows[-1].end <= MAX_GAP_SECONDS
            and interval.end - windows[-1].start <= MAX_WINDOW_SECONDS
        ):
            windows[-1] = TimeSpan(windows[-1].start, interval.end)
            continue
        count = max(1, math.ceil(interval.duration / MAX_WINDOW_SECONDS))
        length = interval.duration / count
        windows += [
            TimeSpan(interval.start + n * length, interval.start + (n + 1) * length)
            for n in range(count)
        ]
    return windows


def is_ambiguous(guesses: Sequence[LanguageGuess], main_language: Language) -> bool:
    """Whether a first look at some windows says that other languages may be spoken, too."""
    return any(
        probability >= AMBIGUITY_THRESHOLD and not is_confusable(language, main_language)
        for guess in guesses
        for language, probability in guess.probabilities.items()
    )


def segment_languages(
    guesses: Sequence[LanguageGuess], main: Language, total: float
) -> tuple[LanguageSegment, ...]:
    """The parts of a medium of ``total`` seconds, in order and without a gap.

    ``guesses`` are those of all :func:`pieces` in order. A part begins in the middle of the pause
    before it. ``main`` is what most of it is in, with all that its tag says.
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
    """What is said in other languages than the main one; None where nobody listened for it."""
    if parts is None:
        return None
    spoken: dict[Language, float] = {}
    for run in parts:
        seconds = sum(overlap_seconds(run.span, one) for one in speech)
        spoken[run.language] = spoken.get(run.language, 0.0) + seconds
    total = sum(spoken.values())
    foreign_seconds = {
        one: seconds for one, seconds in spoken.items() if one != main and seconds > 0
    }
    languages = tuple(sorted(foreign_seconds, key=lambda one: (-foreign_seconds[one], one)))
    return ForeignSpeech(languages, sum(foreign_seconds.values()) / total if total else 0.0)


ChunkCutter = Callable[[Sequence[TimeSpan], float, Sequence[TimeSpan]], list[Chunk]]
"""Cuts speech that ends before so many seconds, with its faint parts, into stretches."""


def chunk_by_language(
    parts: Sequence[LanguageSegment] | None,
    speech: Sequence[TimeSpan],
    total: float,
    quiet: Sequence[TimeSpan],
    only: Language | None,
    cut: ChunkCutter,
) -> list[Chunk]:
    """Stretches without gap from 0 to the end, of which none is in two languages.

    With ``only``, those alone that are in that language.
    """
    if parts is None or len(parts) < 2:
        return cut(speech, total, quiet)
    chunks: list[Chunk] = []
    for run in parts:
        if only is not None and run.language != only:
            continue
        its = cut(_clip_to(speech, run.span), run.span.end, _clip_to(quiet, run.span))
        # They begin at 0, where no part but the first does.
        own = [one for one in its if one.span.end > run.span.start]
        for number, one in enumerate(own):
            start = run.span.start if number == 0 else one.span.start
            chunks.append(replace(one, span=TimeSpan(start, one.span.end)))
    return chunks


def is_confusable(one: Language, other: Language) -> bool:
    """Whether a recogniser may take one language for the other."""
    return one.primary == other.primary or any(
        one.primary in group and other.primary in group for group in CONFUSABLE_LANGUAGES
    )


def overlap_seconds(one: TimeSpan, other: TimeSpan) -> float:
    """Seconds that two intervals have in common."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def _group_confusable(guess: LanguageGuess, main: Language) -> dict[Language, float]:
    """The probabilities, where what sounds like the main language counts for it."""
    probabilities: dict[Language, float] = {}
    for language, probability in guess.probabilities.items():
        name = main if is_confusable(language, main) else language
        probabilities[name] = probabilities.get(name, 0.0) + probability
    return probabilities


def _viterbi_path(
    guesses: Sequence[LanguageGuess],
    heard: Sequence[dict[Language, float]],
    languages: Sequence[Language],
) -> list[Language]:
    costs = dict.fromkeys(languages, 0.0)
    steps: list[dict[Language, Language]] = []
    for guess, probabilities in zip(guesses, heard, strict=True):
        weight = min(1.0, guess.window.duration / FULL_WEIGHT_SECONDS)
        nearest = min(languages, key=lambda one: (costs[one], one))
        came: dict[Language, Language] = {}
        now: dict[Language, float] = {}
        for language in languages:
            change = costs[nearest] + CHANGE_PENALTY < costs[language]
            came[language] = nearest if change else language
            before = costs[nearest] + CHANGE_PENALTY if change else costs[language]
            now[language] = before - weight * math.log(
                max(MIN_PROBABILITY, probabilities.get(language, 0))
            )
        steps.append(came)
        costs = now
    language = min(languages, key=lambda one: (costs[one], one))
    path = []
    for came in reversed(steps):
        path.append(language)
        language = came[language]
    return path[::-1]


def _clip_to(intervals: Sequence[TimeSpan], bounds: TimeSpan) -> list[TimeSpan]:
    return [
        TimeSpan(max(interval.start, bounds.start), min(interval.end, bounds.end))
        for interval in intervals
        if overlap_seconds(interval, bounds) > 0
    ]
