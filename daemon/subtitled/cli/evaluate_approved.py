"""What ``evaluate --approved`` prints: the errors of each engine, and what that is worth."""

from __future__ import annotations

import sys

from rich.progress import Progress

from subtitled.daemon.answers.approved_evaluation import evaluate_approved
from subtitled.daemon.answers.engine_errors import (
    EngineComparison,
    EngineErrorAnswer,
    VariantErrors,
)
from subtitled.jobcontext.services import open_database
from subtitled.plugin import Language
from subtitled.subtitles.evaluation.paired import MIN_WORDS

from .app import load_configuration
from .output import USAGE_ERROR, abort, echo, echo_json, echo_table, errors


def print_engine_errors(library: str | None, language: Language | None, as_json: bool) -> None:
    """Print the errors of the engines on the approved subtitles."""
    configuration = load_configuration()
    if library is not None and library not in configuration.settings.libraries:
        known = ", ".join(configuration.settings.libraries) or "none"
        abort(f"there is no library {library!r}. There is: {known}", USAGE_ERROR)
    db = open_database(configuration)
    hidden = not sys.stderr.isatty()
    with Progress(console=errors, transient=True, disable=hidden) as bar:
        task = bar.add_task("comparing", total=None)
        answer = evaluate_approved(
            configuration,
            db,
            library=library,
            language=language,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    db.close()
    if as_json:
        echo_json(answer.to_dict())
    else:
        _print_answer(answer)


def _print_answer(answer: EngineErrorAnswer) -> None:
    if answer.subtitles:
        echo(f"approved subtitles that are compared: {answer.subtitles}")
    else:
        echo("there is no approved subtitle in the language spoken to compare with")
    for reason, number in answer.left_out.items():
        echo(f"  left out: {number}: {reason}")
    heads = ("", "engine", "variant", "files", "began", "hours", "words", "errors per 100")
    echo_table(heads, map(_engine_row, answer.engines))
    for comparison in answer.comparisons:
        echo(_describe_comparison(comparison))
    if answer.engines:
        echo(
            "began: files whose text that engine had made before a person corrected it. "
            "What the person did not notice counts for that engine."
        )
        if not all(row.is_configured for row in answer.engines):
            echo("*: no engine is configured so any more")


def _engine_row(row: VariantErrors) -> tuple[object, ...]:
    rate = "-" if row.errors_per_100 is None else f"{row.errors_per_100:.1f}"
    return (
        row.language,
        row.engine,
        row.variant if row.is_configured else f"{row.variant}*",
        row.files,
        row.started_files,
        f"{row.hours:.1f}",
        f"{row.reference} characters" if row.unit == "characters" else row.reference,
        f"{rate}: {row.replaced} wrong, {row.lost} lost, {row.inserted} inserted",
    )


def _describe_comparison(comparison: EngineComparison) -> str:
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


def _count_files(number: int) -> str:
    return "1 file" if number == 1 else f"{number} files"
