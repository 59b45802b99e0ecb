"""``plan`` by reading each file: what would be made for it and why, and what it would cost."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.progress import track

from subtitled.config.load import Configuration
from subtitled.daemon.answers.plan import PlanAnswer, find_media, plan_files
from subtitled.db.database import Database

from .amounts import count_files, describe_hours
from .cost_text import describe_cost
from .output import FAILED, display_path, echo, echo_json, echo_table, errors

MANY_FILES = 500
"""Above this number of files, ``--summary`` is recommended."""


def print_probed_plan(
    configuration: Configuration,
    db: Database,
    paths: Sequence[Path],
    *,
    summary: bool,
    as_json: bool,
) -> None:
    """Read media files, and print what would be made. Exit if one cannot be read.

    Args:
        configuration: The configuration.
        db: The database, which is closed.
        paths: Files and folders.
        summary: Whether only totals are printed. Files that the daemon is done with are not read.
        as_json: Whether that is JSON.
    """
    media_files = list(find_media(configuration, paths))
    if len(media_files) > MANY_FILES and not summary and not as_json:
        errors.print(f"{len(media_files)} files; for totals only: subtitled plan --summary")
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
        ("requirement", "files", "audio"),
        (
            (name, total.files, describe_hours(total.hours * 3600))
            for name, total in answer.requirements.items()
        ),
    )
    for name, number in answer.only_if_spoken.items():
        echo(f"{name}: only for those of {number} files in which it is spoken: nothing makes it")
    _print_totals(answer)
    if answer.decided:
        echo(f"{count_files(answer.decided)} without anything to make, as the daemon found before")
    if answer.errors:
        echo(f"{count_files(answer.errors)} that cannot be read; which ones: subtitled plan")


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
    audio = describe_hours(answer.audio_hours * 3600)
    echo(f"{file_count} of {len(answer.rows)} files, {audio} of audio{describe_cost(answer.cost)}")
