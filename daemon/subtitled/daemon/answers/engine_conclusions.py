"""What the errors of engines mean: a sentence for each two engines, and the route that follows."""

from __future__ import annotations

from typing import Any

from subtitled.subtitles.evaluation.paired import MIN_WORDS

from .engine_errors import EngineComparison, EngineErrorAnswer


def conclude(comparison: EngineComparison) -> str:
    """Return one sentence about two engines: which is better, and what that is worth."""
    first, second = comparison.first, comparison.second
    head = (
        f"{comparison.language}: {first} {comparison.first_errors_per_100:.1f}, "
        f"{second} {comparison.second_errors_per_100:.1f} in the same {comparison.reference} "
        f"{comparison.unit} ({_count_files(comparison.files)}): "
    )
    if not comparison.is_enough:
        needed = f"{MIN_WORDS} {comparison.unit} in several passages are needed"
        return f"{head}too little to tell; {needed}"
    low, high = comparison.difference_low, comparison.difference_high
    if comparison.better is None:
        return f"{head}chance explains the difference ({low:+.1f} to {high:+.1f})"
    fewer, more = sorted((abs(low), abs(high)))
    verdict = f"{head}{comparison.better} makes {fewer:.1f} to {more:.1f} fewer per 100"
    if comparison.favoured == comparison.better:
        return f"{verdict}, but most of these texts began as its own, which favours it"
    if comparison.favoured is not None:
        return f"{verdict}, although most of these texts began with the other's"
    return verdict


def find_route(answer: EngineErrorAnswer, comparison: EngineComparison) -> dict[str, Any] | None:
    """Return the route that a comparison is evidence for: the better engine before the other.

    It is None if neither is better, or if one of them is configured otherwise now.
    """
    better = comparison.better
    configured = {row.variant for row in answer.engines if row.is_configured}
    if better is None or not {comparison.first, comparison.second} <= configured:
        return None
    other = comparison.second if better == comparison.first else comparison.first
    names = dict.fromkeys(variant.rpartition("-")[0] for variant in (better, other))
    return {"languages": [str(comparison.language)], "engines": list(names)}


def describe_evaluation(answer: EngineErrorAnswer) -> dict[str, Any]:
    """Return the answer as JSON has it, with the conclusion and the route of each comparison."""
    described = answer.to_dict()
    for row, comparison in zip(described["comparisons"], answer.comparisons, strict=True):
        row["conclusion"] = conclude(comparison)
        row["route"] = find_route(answer, comparison)
    return described


def _count_files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
