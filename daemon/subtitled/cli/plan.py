"""``plan``: what would be made, and what it would cost."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from subtitled.daemon.answers.plan import PlanAnswer, find_media, plan_files
from subtitled.jobcontext.services import open_database
from subtitled.routing.cost_estimate import CostEstimate

from .app import app, load_configuration
from .output import (
    FAILED,
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    echo_table,
    errors,
)
from .plugin_messages import show_unavailable

_SummaryOption = Annotated[
    bool,
    typer.Option(
        "--summary",
        help="Only totals. Files that the daemon is done with are not probed again.",
    ),
]
MANY_FILES = 500
"""Above this number of files, ``--summary`` is recommended."""


@app.command()
def plan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
    summary: _SummaryOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what would be made and why, and the hours of audio, time and money, at most."""
    configuration = load_configuration()
    show_unavailable(configuration)
    libraries = configuration.settings.libraries
    if not paths and not libraries:
        abort("no library is configured: name files or folders", USAGE_ERROR)
    media_files = list(
        find_media(configuration, paths or [library.path for library in libraries.values()])
    )
    if len(media_files) > MANY_FILES and not summary and not as_json:
        errors.print(f"{len(media_files)} files; for totals only: subtitled plan --summary")
    db = open_database(configuration)
    rows = plan_files(configuration, db, media_files, skip_decided=summary)
    answer = PlanAnswer(
        tuple(
            track(
                rows,
                "inspecting",
                len(media_files),
                console=errors,
                transient=True,
                disable=not sys.stderr.isatty(),
            )
        )
    )
    db.close()
    if as_json:
        echo_json(answer.summary_to_dict() if summary else answer.to_dict())
    elif summary:
        _print_summary(answer)
    else:
        _print_files(answer)
    if answer.errors:
        raise typer.Exit(FAILED)


def _print_summary(answer: PlanAnswer) -> None:
    """Print how many files need which subtitle, and the totals."""
    echo_table(
        ("requirement", "files", "hours of audio"),
        ((name, total.files, f"{total.hours:.1f}") for name, total in answer.requirements.items()),
    )
    for name, number in answer.only_if_spoken.items():
        echo(f"{name}: only for those of {number} files in which it is spoken: nothing makes it")
    _print_totals(answer)
    if answer.decided:
        echo(f"{answer.decided} files need nothing, as the daemon found before")
    if answer.errors:
        echo(f"{answer.errors} files cannot be read; which ones: subtitled plan")


def _print_files(answer: PlanAnswer) -> None:
    """Print a row for each file, and the totals."""
    echo_table(
        ("file", "requirements", "reasons"),
        (
            (
                display_path(row.path),
                ", ".join(row.requirements) or "-",
                row.error or row.reasons,
            )
            for row in answer.rows
        ),
    )
    _print_totals(answer)


def _print_totals(answer: PlanAnswer) -> None:
    file_count = sum(bool(row.requirements) for row in answer.rows)
    echo(
        f"{file_count} of {len(answer.rows)} files, {answer.audio_hours:.1f} hours of audio"
        f"{_describe_cost(answer.cost)}"
    )


def _describe_cost(cost: CostEstimate) -> str:
    """Describe time and money; what is unknown is said to be unknown."""
    work = f", about {cost.work_seconds / 3600:.1f} hours of work" if cost.work_seconds else ""
    if cost.has_unknown_duration:
        work = ", for a time that is known once a first file is made"
    money = "".join(
        f", at most {amount:.2f} {currency}" for currency, amount in cost.money.items() if amount
    )
    return work + money + (" and an unknown price" if cost.has_unknown_price else "")
