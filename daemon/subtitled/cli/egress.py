"""``egress``: what left this machine, when, where to and at what price."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.costs.budgets import budget_period
from subtitled.db.database import Database
from subtitled.db.egress_log import EgressEntry
from subtitled.jobcontext.services import open_database

from .app import app, load_configuration
from .output import USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json, echo_table


@app.command()
def egress(
    since: Annotated[str, typer.Option(help="A day, such as 2026-11-01. Default: all.")] = "",
    library: Annotated[str | None, typer.Option(help="One library only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show each request that left this machine, with its file, amount and price."""
    configuration = load_configuration()
    db = open_database(configuration)
    entries = list(db.egress_log.entries(_parse_since(since), library))
    budgets = _budget_usage(configuration, db)
    if as_json:
        echo_json({"entries": [_entry_to_dict(entry) for entry in entries], "budgets": budgets})
        return
    if not entries:
        echo("nothing left this machine")
    else:
        heads = ("when", "what", "to", "request", "price", "state", "file")
        echo_table(heads, (_entry_row(entry) for entry in entries))
    for budget in budgets:
        echo(
            f"budget {budget['budget']}, {budget['period']}: "
            f"{budget['money']:g} of {_format_limit(budget['max_money'])} {budget['currency']}, "
            f"{budget['hours']:g} of {_format_limit(budget['max_hours'])} hours"
        )


def _budget_usage(configuration: Configuration, db: Database) -> list[dict[str, Any]]:
    """Return what is used of each budget in its present period."""
    now = datetime.now().astimezone()
    usage = []
    for name, budget in configuration.settings.budgets.items():
        period = budget_period(budget.period, now)
        money, seconds = db.egress_log.used(name, period)
        usage.append(
            {
                "budget": name,
                "period": period,
                "money": round(money, 6),
                "max_money": budget.max_cost,
                "currency": budget.currency,
                "hours": round(seconds / 3600, 4),
                "max_hours": budget.max_audio_hours,
            }
        )
    return usage


def _parse_since(since: str) -> float:
    try:
        return datetime.fromisoformat(since).astimezone().timestamp() if since else 0.0
    except ValueError:
        abort(f"{since!r} is not a day. Write one such as 2026-11-01", USAGE_ERROR)


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


def _entry_to_dict(entry: EgressEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "path": entry.path,
        "library": entry.library,
        "component": entry.component,
        "destination": entry.destination,
        "kind": entry.kind,
        "amount": entry.amount,
        "host": entry.host,
        "region": entry.region,
        "request_id": entry.request_id,
        "price": entry.price,
        "currency": entry.currency,
        "state": str(entry.state),
    }
