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
from .daemon import JsonOption
from .inspect import describe_requirement, inspect_file, library_for
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, echo_json, echo_table, errors


@app.command()
def plan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What would be made, what not and why: hours of sound, time and money, at most."""
    settings = load_configuration()
    libraries = settings.settings.libraries
    if not paths and not libraries:
        abort("no library is configured: name files or folders", USAGE_ERROR)
    rows: list[dict[str, Any]] = []
    hours, total = 0.0, NO_COST
    failed = False
    ledger = open_database(settings)
    plan_file = partial(_plan_one, settings, ledger, engine_speeds(ledger.kv))
    media_files = list(
        _iter_media(settings, paths or [library.path for library in libraries.values()])
    )
    # Each look waits for ffprobe, a process of its own.
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    quiet = not sys.stderr.isatty()
    try:
        plans = pool.map(plan_file, media_files)
        for row, cost in track(
            plans, "looking", len(media_files), console=errors, transient=True, disable=quiet
        ):
            total += cost
            failed = failed or bool(row["problem"])
            hours += row["seconds"] / 3600 if row["make"] else 0.0
            rows.append(row)
    finally:
        pool.shutdown(cancel_futures=True)
    ledger.close()
    if as_json:
        echo_json(
            {
                "files": rows,
                "hours": round(hours, 3),
                "work_hours": None
                if total.has_unknown_duration
                else round(total.work_seconds / 3600, 3),
                "money": {currency: round(sum_, 4) for currency, sum_ in total.money.items()},
            }
        )
    else:
        echo_table(
            ("file", "make", "why"),
            (
                (display_path(r["path"]), ", ".join(r["make"]) or "-", r["problem"] or r["why"])
                for r in rows
            ),
        )
        making = sum(bool(row["make"]) for row in rows)
        echo(f"{making} of {len(rows)} files, {hours:.1f} hours of sound{_describe_cost(total)}")
    if failed:
        raise typer.Exit(FAILED)


def _iter_media(settings: Configuration, paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and the media in the folders that are."""
    for start in (path.absolute() for path in paths):
        if start.is_dir():
            yield from (path for path, _ in scan(start, library_for(settings, start / "x")))
        else:
            yield start


def _plan_one(
    settings: Configuration, db: Database, known_speeds: dict[str, float], path: Path
) -> tuple[dict[str, Any], CostEstimate]:
    row: dict[str, Any] = {"path": path, "make": [], "why": "", "problem": "", "seconds": 0.0}
    try:
        media_report = inspect_file(settings, path, db)
    except (SubtitledError, OSError) as error:
        return row | {"problem": str(error)}, NO_COST
    decision = media_report.decision
    main = media_report.spoken_language or media_report.track_choice.track.language
    # What is summarised is heard first, in the language spoken.
    parts = (
        transcription_segments(media_report.routing, main, media_report.available.foreign_speech)
        if decision.summaries
        else ()
    )
    recognition_routes = [part.route for part in parts if part.route is not None]
    cost = estimate(
        media_report.facts.duration,
        [
            route
            for requirement in decision.requirements
            for route in _first_routes(media_report, requirement, main)
        ]
        + recognition_routes,
        media_report.routing,
        settings.settings.prices,
        known_speeds,
        len(decision.summaries),
    )
    make = [
        *map(describe_requirement, decision.requirements),
        *map(describe_requirement, decision.summaries),
    ]
    row |= {
        "make": make,
        "why": "; ".join(decision.reasons),
        "seconds": media_report.facts.duration,
    }
    return row, cost


def _first_routes(
    media_report: MediaReport, requirement: Requirement, main: Language
) -> list[Route]:
    """What the first way to a wish will use; as far as is known what is spoken."""
    target: TargetPlan | None = plan_target(
        media_report.routing, requirement, main, media_report.available.foreign_speech
    )
    routes = []
    while target is not None:
        parts = target.paths[0].segments if target.paths else ()
        routes += [part.route for part in parts if part.route is not None]
        target = target.secondary
    return routes


def _describe_cost(total: CostEstimate) -> str:
    """Time and money in words; nothing of what nobody knows."""
    work = f", about {total.work_seconds / 3600:.1f} hours of work" if total.work_seconds else ""
    if total.has_unknown_duration:
        work = ", for a time that shows once a first file is made"
    money = "".join(f", at most {sum_:.2f} {name}" for name, sum_ in total.money.items() if sum_)
    return work + money + (" and a price that nobody knows" if total.has_unknown_price else "")
