"""The totals of ``plan --summary``, from what the daemon found, without reading a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.daemon.answers.plan_summary import PlanSummary, describe_wanted, summarise_plan
from subtitled.db.database import Database
from subtitled.db.wanted import WantedCount

from .amounts import count_files, describe_hours
from .backlog_text import describe_work
from .output import echo, echo_json, echo_table

MAX_YEARS_SHOWN = 12
"""Years of one library and language that the text names. ``--json`` has all of them."""


def print_known_summary(
    configuration: Configuration, db: Database, folders: Sequence[Path], *, as_json: bool
) -> bool:
    """Print what is to be made by what the daemon found.

    Returns:
        False, and nothing is printed, if it has found no file there yet.
    """
    summary = summarise_plan(configuration, db, folders)
    if not summary.files:
        return False
    if as_json:
        echo_json(summary.to_dict())
    else:
        _print(summary)
    return True


def _print(summary: PlanSummary) -> None:
    echo_table(
        ("library", "requirement", "year", "files", "audio"),
        (
            (library, name, year, files, describe_hours(seconds))
            for library, name, year, files, seconds in _rows(summary.wanted)
        ),
    )
    for library in summary.libraries:
        unknown = f", {library.unknown} of unknown length" if library.unknown else ""
        echo(
            f"{library.library}: {library.lacking} of {library.files} files, "
            f"{describe_hours(library.seconds)} of audio{unknown}; "
            f"{describe_work(library.work, library.basis)}"
        )
    if summary.unexamined:
        echo(
            f"{count_files(summary.unexamined)} not examined yet; to read them now: "
            "subtitled plan --summary --probe"
        )


def _rows(wanted: Sequence[WantedCount]) -> list[tuple[str, str, str, int, float]]:
    """Return a row for each year, and one for all earlier ones together."""
    groups: dict[tuple[str, str], list[WantedCount]] = {}
    for count in wanted:
        groups.setdefault((count.library, describe_wanted(count)), []).append(count)
    rows = []
    for (library, name), counts in groups.items():
        dated = [count for count in counts if count.year is not None]
        undated = [count for count in counts if count.year is None]
        rows += [
            (library, name, str(count.year), count.files, count.seconds)
            for count in dated[:MAX_YEARS_SHOWN]
        ]
        for label, rest in (("earlier", dated[MAX_YEARS_SHOWN:]), ("unknown", undated)):
            if rest:
                files = sum(count.files for count in rest)
                rows.append((library, name, label, files, sum(count.seconds for count in rest)))
    return rows
