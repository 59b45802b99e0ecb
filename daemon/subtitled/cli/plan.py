"""``plan``: what would be made, and what it would cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from subtitled.config.load import Configuration
from subtitled.daemon.inspection import describe_requirement, inspect_file, library_for
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.jobcontext.services import open_database
from subtitled.library.scanner import scan
from subtitled.pipeline.planning import MediaReport, settings_digest
from subtitled.plugin import Language, SubtitledError, SubtitleKind
from subtitled.policy.requirements import Requirement
from subtitled.routing.cost_estimate import engine_speeds, estimate
from subtitled.routing.production_plan import TargetPlan, plan_target, transcription_segments
from subtitled.routing.table import Route

from .app import app, load_configuration
from .output import FAILED, USAGE_ERROR, JsonOption, abort, errors
from .plan_output import PlanRow, print_plan, print_summary

_SummaryOption = Annotated[
    bool,
    typer.Option(
        "--summary",
        help="Only totals. Files that the daemon is done with are not probed again.",
    ),
]
_DECIDED_STATES = frozenset({FileState.DONE, FileState.UP_TO_DATE, FileState.NO_SPEECH})
"""States of files that need nothing while the file and the settings are the same."""
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
    libraries = configuration.settings.libraries
    if not paths and not libraries:
        abort("no library is configured: name files or folders", USAGE_ERROR)
    media_files = list(
        _find_media(configuration, paths or [library.path for library in libraries.values()])
    )
    if len(media_files) > MANY_FILES and not summary and not as_json:
        errors.print(f"{len(media_files)} files; for totals only: subtitled plan --summary")
    db = open_database(configuration)
    plan_file = partial(_plan_one, configuration, db, engine_speeds(db.kv))
    digests = {name: settings_digest(configuration, library) for name, library in libraries.items()}
    # Threads: each inspection waits for a process of ffprobe.
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    decided = partial(_decided_row, db, digests) if summary else lambda path: None
    try:
        rows = list(
            track(
                pool.map(lambda path: decided(path) or plan_file(path), media_files),
                "inspecting",
                len(media_files),
                console=errors,
                transient=True,
                disable=not sys.stderr.isatty(),
            )
        )
    finally:
        pool.shutdown(cancel_futures=True)
    db.close()
    if summary:
        print_summary(rows, as_json)
    else:
        print_plan(rows, as_json)
    if any(row.error for row in rows):
        raise typer.Exit(FAILED)


def _decided_row(db: Database, digests: Mapping[str, str], path: Path) -> PlanRow | None:
    """Return the row of a file that the daemon is done with; None if it has to be probed."""
    record = db.files.get(path)
    if record is None or record.state not in _DECIDED_STATES:
        return None
    try:
        stat = path.stat()
    except OSError:
        return None
    is_same_file = (stat.st_size, stat.st_mtime_ns) == (record.size, record.mtime_ns)
    if not is_same_file or record.settings_digest != digests.get(record.library):
        return None
    return PlanRow(path=path, is_decided=True)


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
) -> PlanRow:
    """Return the row of a file, with what its requirements cost at most."""
    try:
        report = inspect_file(configuration, path, db)
    except (SubtitledError, OSError) as error:
        return PlanRow(path=path, error=str(error))
    decision = report.decision
    spoken_language = report.spoken_language or report.track_choice.track.language
    promised: list[Requirement] = []
    only_if_spoken: list[Requirement] = []
    for requirement in decision.requirements:
        possible = _is_possible(report, requirement, spoken_language)
        (promised if possible else only_if_spoken).append(requirement)
    routes = [
        route
        for requirement in promised
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
    return PlanRow(
        path=path,
        requirements=(
            *map(describe_requirement, promised),
            *map(describe_requirement, decision.summaries),
        ),
        only_if_spoken=tuple(describe_requirement(item) for item in only_if_spoken),
        reasons="; ".join(decision.reasons),
        seconds=report.facts.duration,
        cost=cost,
    )


def _is_possible(report: MediaReport, requirement: Requirement, spoken: Language) -> bool:
    """Return whether something makes a requirement, as far as the spoken language is known.

    What depends on parts of the speech that nobody has listened to yet counts as possible.
    """
    if requirement.language is None or requirement.kind is SubtitleKind.FORCED:
        return True
    foreign_speech = report.available.foreign_speech
    return plan_target(report.routing, requirement, spoken, foreign_speech).is_possible


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
