"""What ``evaluate --approved`` prints: the errors of each engine, and what that is worth."""

from __future__ import annotations

import sys

from rich.progress import Progress

from subtitled.daemon.answers.approved_evaluation import evaluate_approved
from subtitled.daemon.answers.engine_conclusions import conclude, describe_evaluation
from subtitled.daemon.answers.engine_errors import EngineErrorAnswer, VariantErrors
from subtitled.jobcontext.services import open_database
from subtitled.plugin import Language

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
        echo_json(describe_evaluation(answer))
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
        echo(conclude(comparison))
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
