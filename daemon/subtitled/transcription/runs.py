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

from subtitled.library.wishes import Foreign
from subtitled.plugin import Interval, Language, LanguageGuess, Stretch
from subtitled.transcripts.heard import Run

LONGEST = 10.0
"""Seconds of a piece."""
WIDEST = 2.0
"""Seconds of silence in a piece."""
FULL = 5.0
"""Seconds from which on a piece has its whole weight."""
CHANGE = 2.5
"""What a change of language costs, as a natural logarithm of probability: one piece of ten seconds
that is nearly certain (0.99 against 0.001) makes a part of its own, a doubtful one does not."""
FLOOR = 0.001
"""The probability of a language that the engine does not name."""
WORTH = 0.3
"""A language that is never more probable than this is not spoken."""
DOUBT = 0.6
"""How probable another language must be in a window for the medium to be listened to closely."""

ALIKE = tuple(
    frozenset(map(Language, group.split()))
    for group in (
        "no nb nn da sv, sr hr bs sh mk sl, id ms jv su, hi ur pa, zh yue, cs sk, gl pt, ca es oc, "
        "ru uk be, af nl, bg mk, az tr tk, fa tg, de lb yi"
    ).split(", ")
)
"""Languages that a recogniser mistakes for each other within one film."""


def pieces(speech: Sequence[Interval]) -> list[Interval]:
    """The windows in which to listen for the language: all speech, in pieces."""
    found: list[Interval] = []
    for interval in speech:
        if (
            found
            and interval.start - found[-1].end <= WIDEST
            and interval.end - found[-1].start <= LONGEST
        ):
            found[-1] = Interval(found[-1].start, interval.end)
            continue
        count = max(1, math.ceil(interval.duration / LONGEST))
        length = interval.duration / count
        found += [
            Interval(interval.start + n * length, interval.start + (n + 1) * length)
            for n in range(count)
        ]
    return found


def in_doubt(guesses: Sequence[LanguageGuess], main: Language) -> bool:
    """Whether a first look at some windows says that other languages may be spoken, too."""
    return any(
        probability >= DOUBT and not sounds_alike(language, main)
        for guess in guesses
        for language, probability in guess.probabilities.items()
    )


def runs(guesses: Sequence[LanguageGuess], main: Language, total: float) -> tuple[Run, ...]:
    """The parts of a medium of ``total`` seconds, in order and without a gap.

    ``guesses`` are those of all :func:`pieces` in order. A part begins in the middle of the pause
    before it. ``main`` is what most of it is in, with all that its tag says.
    """
    heard = [_grouped(guess, main) for guess in guesses]
    spoken = {one for each in heard for one, p in each.items() if p > WORTH} | {main}
    path = _cheapest(guesses, heard, sorted(spoken))
    found: list[Run] = []
    for number, language in enumerate(path):
        window = guesses[number].window
        begin = (guesses[number - 1].window.end + window.start) / 2 if number else 0.0
        if not found:
            found.append(Run(Interval(0.0, total), language))
        elif found[-1].language != language:
            last = found[-1]
            found[-1] = replace(last, interval=Interval(last.interval.start, begin))
            found.append(Run(Interval(begin, max(total, window.end)), language))
    return tuple(found) or (Run(Interval(0.0, total), main),)


def foreign_parts(
    parts: Sequence[Run] | None, speech: Sequence[Interval], main: Language
) -> Foreign | None:
    """What is said in other languages than the main one; None where nobody listened for it."""
    if parts is None:
        return None
    spoken: dict[Language, float] = {}
    for run in parts:
        seconds = sum(overlap(run.interval, one) for one in speech)
        spoken[run.language] = spoken.get(run.language, 0.0) + seconds
    total = sum(spoken.values())
    others = {one: seconds for one, seconds in spoken.items() if one != main and seconds > 0}
    languages = tuple(sorted(others, key=lambda one: (-others[one], one)))
    return Foreign(languages, sum(others.values()) / total if total else 0.0)


Cut = Callable[[Sequence[Interval], float, Sequence[Interval]], list[Stretch]]
"""Cuts speech that ends before so many seconds, with its faint parts, into stretches."""


def cut_by_language(
    parts: Sequence[Run] | None,
    speech: Sequence[Interval],
    total: float,
    quiet: Sequence[Interval],
    only: Language | None,
    cut: Cut,
) -> list[Stretch]:
    """Stretches without gap from 0 to the end, of which none is in two languages.

    With ``only``, those alone that are in that language.
    """
    if parts is None or len(parts) < 2:
        return cut(speech, total, quiet)
    stretches: list[Stretch] = []
    for run in parts:
        if only is not None and run.language != only:
            continue
        its = cut(_within(speech, run.interval), run.interval.end, _within(quiet, run.interval))
        # They begin at 0, where no part but the first does.
        own = [one for one in its if one.interval.end > run.interval.start]
        for number, one in enumerate(own):
            start = run.interval.start if number == 0 else one.interval.start
            stretches.append(replace(one, interval=Interval(start, one.interval.end)))
    return stretches


def sounds_alike(one: Language, other: Language) -> bool:
    """Whether a recogniser may take one language for the other."""
    return one.primary == other.primary or any(
        one.primary in group and other.primary in group for group in ALIKE
    )


def overlap(one: Interval, other: Interval) -> float:
    """Seconds that two intervals have in common."""
    return max(0.0, min(one.end, other.end) - max(one.start, other.start))


def _grouped(guess: LanguageGuess, main: Language) -> dict[Language, float]:
    """The probabilities, where what sounds like the main language counts for it."""
    heard: dict[Language, float] = {}
    for language, probability in guess.probabilities.items():
        name = main if sounds_alike(language, main) else language
        heard[name] = heard.get(name, 0.0) + probability
    return heard


def _cheapest(
    guesses: Sequence[LanguageGuess],
    heard: Sequence[dict[Language, float]],
    languages: Sequence[Language],
) -> list[Language]:
    costs = dict.fromkeys(languages, 0.0)
    steps: list[dict[Language, Language]] = []
    for guess, probabilities in zip(guesses, heard, strict=True):
        weight = min(1.0, guess.window.duration / FULL)
        nearest = min(languages, key=lambda one: (costs[one], one))
        came: dict[Language, Language] = {}
        now: dict[Language, float] = {}
        for language in languages:
            change = costs[nearest] + CHANGE < costs[language]
            came[language] = nearest if change else language
            before = costs[nearest] + CHANGE if change else costs[language]
            now[language] = before - weight * math.log(max(FLOOR, probabilities.get(language, 0)))
        steps.append(came)
        costs = now
    language = min(languages, key=lambda one: (costs[one], one))
    path = []
    for came in reversed(steps):
        path.append(language)
        language = came[language]
    return path[::-1]


def _within(intervals: Sequence[Interval], bounds: Interval) -> list[Interval]:
    return [
        Interval(max(one.start, bounds.start), min(one.end, bounds.end))
        for one in intervals
        if overlap(one, bounds) > 0
    ]
