"""``egress``: what left this machine, when, where to and at what price."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from subtitled.daemon.answers.egress import describe_egress
from subtitled.db.egress_log import EgressEntry
from subtitled.jobcontext.services import open_database

from .app import app, load_configuration
from .days import parse_day
from .output import JsonOption, display_path, echo, echo_json, echo_table


@app.command()
def egress(
    since: Annotated[str, typer.Option(help="A day, such as 2026-11-01. Default: all.")] = "",
    library: Annotated[str | None, typer.Option(help="One library only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show each request that left this machine, with its file, amount and price."""
    configuration = load_configuration()
    db = open_database(configuration)
    libraries = [library] if library is not None else None
    answer = describe_egress(configuration.settings, db, parse_day(since) or 0.0, libraries)
    if as_json:
        echo_json(answer.to_dict())
        return
    if not answer.entries:
        echo("nothing left this machine")
    else:
        heads = ("when", "what", "to", "request", "price", "state", "file")
        echo_table(heads, map(_entry_row, answer.entries))
    for budget in answer.budgets:
        echo(
            f"budget {budget.budget}, {budget.period}: "
            f"{budget.money:g} of {_format_limit(budget.max_money)} {budget.currency}, "
            f"{budget.hours:g} of {_format_limit(budget.max_hours)} hours"
        )


def _format_limit(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _entry_row(entry: EgressEntry) -> tuple[str, ...]:
    unit = "s of audio" if entry.kind == "audio" else "characters"
    price = "" if entry.price is None else f"{entry.price:.4f} {entry.currency}"
    destination = " ".join(filter(None, (entry.destination, entry.host and f"({entry.host})")))
    return (
        time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at)),
        f"{entry.amount:.0f} {unit}",
        destination,
        entry.request_id,
        price,
        str(entry.state),
        display_path(entry.path),
    )
