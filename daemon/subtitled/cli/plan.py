"""``plan``: what would be made, and what it would cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import track

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_database
from subtitled.library.scanner import scan
from subtitled.pipeline.planning import MediaReport
from subtitled.plugin import Language, SubtitledError
from subtitled.policy.requirements import Requirement
from subtitled.routing.cost_estimate import NO_COST, CostEstimate, engine_speeds, estimate
from subtitled.routing.production_plan import TargetPlan, plan_target, transcription_segments
from subtitled.routing.table import Route

from .app import app, load_configuration
from .inspect import describe_requirement, inspect_file, library_for
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


@app.command()
def plan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what would be made and why, and the hours of audio, time and money, at most."""
    configuration = load_configuration()
    libraries = configuration.settings.libraries
    if not paths and not libraries:
        abort("no library is configured: name files or folders", USAGE_ERROR)
    media_files = list(
        _find_media(configuration, paths or [library.path for library in libraries.values()])
    )
    db = open_database(configuration)
    plan_file = partial(_plan_one, configuration, db, engine_speeds(db.kv))
    rows: list[dict[str, Any]] = []
    total_cost = NO_COST
    # Threads: each inspection waits for a process of ffprobe.
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    try:
        for row, cost in track(
            pool.map(plan_file, media_files),
            "inspecting",
            len(media_files),
            console=errors,
            transient=True,
            disable=not sys.stderr.isatty(),
        ):
            total_cost += cost
            rows.append(row)
    finally:
        pool.shutdown(cancel_futures=True)
    db.close()
    audio_hours = sum(row["seconds"] for row in rows if row["requirements"]) / 3600
    if as_json:
        echo_json(_to_dict(rows, audio_hours, total_cost))
    else:
        _print_plan(rows, audio_hours, total_cost)
    if any(row["error"] for row in rows):
        raise typer.Exit(FAILED)


def _to_dict(
    rows: list[dict[str, Any]], audio_hours: float, total_cost: CostEstimate
) -> dict[str, Any]:
    return {
        "files": rows,
        "hours": round(audio_hours, 3),
        "work_hours": None
        if total_cost.has_unknown_duration
        else round(total_cost.work_seconds / 3600, 3),
        "money": {currency: round(amount, 4) for currency, amount in total_cost.money.items()},
    }


def _print_plan(rows: list[dict[str, Any]], audio_hours: float, total_cost: CostEstimate) -> None:
    echo_table(
        ("file", "requirements", "reasons"),
        (
            (
                display_path(row["path"]),
                ", ".join(row["requirements"]) or "-",
                row["error"] or row["reasons"],
            )
            for row in rows
        ),
    )
    file_count = sum(bool(row["requirements"]) for row in rows)
    echo(
        f"{file_count} of {len(rows)} files, {audio_hours:.1f} hours of audio"
        f"{_describe_cost(total_cost)}"
    )


def _find_media(configuration: Configuration, paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files that are named, and the media files in the folders that are named."""
    for path in (path.absolute() for path in paths):
        if path.is_dir():
            library = library_for(configuration, path / "x")
            yield from (media for media, _ in scan(path, library))
        else:
            yield path


def _plan_one(
    configuration: Configuration, db: Database, speeds: dict[str, float], path: Path
) -> tuple[dict[str, Any], CostEstimate]:
    """Return the row of a file and what its requirements cost at most."""
    row: dict[str, Any] = {
        "path": path,
        "requirements": [],
        "reasons": "",
        "error": "",
        "seconds": 0.0,
    }
    try:
        report = inspect_file(configuration, path, db)
    except (SubtitledError, OSError) as error:
        return row | {"error": str(error)}, NO_COST
    decision = report.decision
    spoken_language = report.spoken_language or report.track_choice.track.language
    routes = [
        route
        for requirement in decision.requirements
        for route in _first_routes(report, requirement, spoken_language)
    ]
    if decision.summaries:
        # A summary needs a transcript in the language spoken.
        segments = transcription_segments(
            report.routing, spoken_language, report.available.foreign_speech
        )
        routes += [segment.route for segment in segments if segment.route is not None]
    cost = estimate(
        report.facts.duration,
        routes,
        report.routing,
        configuration.settings.prices,
        speeds,
        len(decision.summaries),
    )
    return row | {
        "requirements": [
            *map(describe_requirement, decision.requirements),
            *map(describe_requirement, decision.summaries),
        ],
        "reasons": "; ".join(decision.reasons),
        "seconds": report.facts.duration,
    }, cost


def _first_routes(
    report: MediaReport, requirement: Requirement, spoken_language: Language
) -> list[Route]:
    """Return the routes of the best way to make a subtitle, as far as they are known."""
    target: TargetPlan | None = plan_target(
        report.routing, requirement, spoken_language, report.available.foreign_speech
    )
    routes = []
    while target is not None:
        segments = target.paths[0].segments if target.paths else ()
        routes += [segment.route for segment in segments if segment.route is not None]
        target = target.secondary
    return routes


def _describe_cost(cost: CostEstimate) -> str:
    """Describe time and money; what is unknown is said to be unknown."""
    work = f", about {cost.work_seconds / 3600:.1f} hours of work" if cost.work_seconds else ""
    if cost.has_unknown_duration:
        work = ", for a time that is known once a first file is made"
    money = "".join(
        f", at most {amount:.2f} {currency}" for currency, amount in cost.money.items() if amount
    )
    return work + money + (" and an unknown price" if cost.has_unknown_price else "")
