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
from subtitled.jobcontext.services import open_ledger
from subtitled.library.ledger import Ledger
from subtitled.library.walk import walk
from subtitled.library.wishes import Wish
from subtitled.pipeline.planning import Examination
from subtitled.plugin import Language, Problem
from subtitled.routing.cost_estimate import NOTHING, Reckoning, reckon, speeds
from subtitled.routing.production_plan import Planned, hearing, planned
from subtitled.routing.table import Way

from .app import app, configuration
from .daemon import Json
from .looking import examined, library_for, named
from .output import FAILED, WRONG, errors, fail, say, say_json, say_table, shown


@app.command()
def plan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
    as_json: Json = False,
) -> None:
    """What would be made, what not and why: hours of sound, time and money, at most."""
    settings = configuration()
    libraries = settings.settings.libraries
    if not paths and not libraries:
        fail("no library is configured: name files or folders", WRONG)
    rows: list[dict[str, Any]] = []
    hours, total = 0.0, NOTHING
    failed = False
    ledger = open_ledger(settings)
    look = partial(_plan_one, settings, ledger, speeds(ledger.mailbox))
    found = list(_media(settings, paths or [library.path for library in libraries.values()]))
    # Each look waits for ffprobe, a process of its own.
    pool = ThreadPoolExecutor(len(os.sched_getaffinity(0)))
    quiet = not sys.stderr.isatty()
    try:
        looks = pool.map(look, found)
        for row, cost in track(
            looks, "looking", len(found), console=errors, transient=True, disable=quiet
        ):
            total += cost
            failed = failed or bool(row["problem"])
            hours += row["seconds"] / 3600 if row["make"] else 0.0
            rows.append(row)
    finally:
        pool.shutdown(cancel_futures=True)
    ledger.close()
    if as_json:
        say_json(
            {
                "files": rows,
                "hours": round(hours, 3),
                "work_hours": None if total.unknown else round(total.work / 3600, 3),
                "money": {currency: round(sum_, 4) for currency, sum_ in total.money.items()},
            }
        )
    else:
        say_table(
            ("file", "make", "why"),
            (
                (shown(r["path"]), ", ".join(r["make"]) or "-", r["problem"] or r["why"])
                for r in rows
            ),
        )
        making = sum(bool(row["make"]) for row in rows)
        say(f"{making} of {len(rows)} files, {hours:.1f} hours of sound{_cost(total)}")
    if failed:
        raise typer.Exit(FAILED)


def _media(settings: Configuration, paths: Sequence[Path]) -> Iterator[Path]:
    """The files that are named, and the media in the folders that are."""
    for start in (path.absolute() for path in paths):
        if start.is_dir():
            yield from (path for path, _ in walk(start, library_for(settings, start / "x")))
        else:
            yield start


def _plan_one(
    settings: Configuration, ledger: Ledger, known_speeds: dict[str, float], path: Path
) -> tuple[dict[str, Any], Reckoning]:
    row: dict[str, Any] = {"path": path, "make": [], "why": "", "problem": "", "seconds": 0.0}
    try:
        seen = examined(settings, path, ledger)
    except (Problem, OSError) as problem:
        return row | {"problem": str(problem)}, NOTHING
    decision = seen.decision
    main = seen.spoken or seen.choice.track.language
    # What is summarised is heard first, in the language spoken.
    parts = hearing(seen.routes, main, seen.material.foreign) if decision.summaries else ()
    heard = [part.way for part in parts if part.way is not None]
    cost = reckon(
        seen.facts.duration,
        [way for wish in decision.make for way in _first(seen, wish, main)] + heard,
        seen.routes,
        settings.settings.prices,
        known_speeds,
        len(decision.summaries),
    )
    make = [*map(named, decision.make), *map(named, decision.summaries)]
    row |= {"make": make, "why": "; ".join(decision.reasons), "seconds": seen.facts.duration}
    return row, cost


def _first(seen: Examination, wish: Wish, main: Language) -> list[Way]:
    """What the first way to a wish will use; as far as is known what is spoken."""
    one: Planned | None = planned(seen.routes, wish, main, seen.material.foreign)
    ways = []
    while one is not None:
        parts = one.attempts[0].parts if one.attempts else ()
        ways += [part.way for part in parts if part.way is not None]
        one = one.below
    return ways


def _cost(total: Reckoning) -> str:
    """Time and money in words; nothing of what nobody knows."""
    work = f", about {total.work / 3600:.1f} hours of work" if total.work else ""
    if total.unknown:
        work = ", for a time that shows once a first file is made"
    money = "".join(f", at most {sum_:.2f} {name}" for name, sum_ in total.money.items() if sum_)
    return work + money + (" and a price that nobody knows" if total.unpriced else "")
