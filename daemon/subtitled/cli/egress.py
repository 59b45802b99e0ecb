"""``egress_log``: what left this machine, when, where to and for how much."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.costs.budgets import budget_period
from subtitled.db.egress_log import EgressEntry
from subtitled.jobcontext.services import open_database

from .app import app, load_configuration
from .daemon import JsonOption
from .output import USAGE_ERROR, abort, display_path, echo, echo_json, echo_table


@app.command()
def egress(
    since: Annotated[str, typer.Option(help="A day, such as 2026-11-01. Default: all.")] = "",
    library: Annotated[str | None, typer.Option(help="One library only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What was sent to others: each request with its file, seconds or characters, and price."""
    settings = load_configuration()
    ledger = open_database(settings)
    entries = list(ledger.egress_log.entries(_parse_since(since), library))
    now = datetime.now().astimezone()
    budgets: list[dict[str, Any]] = []
    for name, budget in settings.settings.budgets.items():
        period = budget_period(budget.period, now)
        money, seconds = ledger.egress_log.used(name, period)
        budgets.append(
            {
                "budget": name,
                "period": period,
                "money": round(money, 6),
                "of_money": budget.max_cost,
                "currency": budget.currency,
                "hours": round(seconds / 3600, 4),
                "of_hours": budget.max_audio_hours,
            }
        )
    if as_json:
        echo_json({"sent": [_entry_to_dict(entry) for entry in entries], "budgets": budgets})
        return
    if not entries:
        echo("nothing left this machine")
    else:
        heads = ("when", "what", "to", "request", "price", "state", "file")
        echo_table(heads, (_entry_row(entry) for entry in entries))
    for one in budgets:
        echo(
            f"budget {one['budget']}, {one['period']}: "
            f"{one['money']:g} of {_format_limit(one['of_money'])} {one['currency']}, "
            f"{one['hours']:g} of {_format_limit(one['of_hours'])} hours"
        )


def _parse_since(since: str) -> float:
    try:
        return datetime.fromisoformat(since).astimezone().timestamp() if since else 0.0
    except ValueError:
        abort(f"{since!r} is no day; write one such as 2026-11-01", USAGE_ERROR)


def _format_limit(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _entry_row(entry: EgressEntry) -> tuple[str, ...]:
    amount = (
        f"{entry.amount:.0f} s of sound" if entry.kind == "audio" else f"{entry.amount:.0f} letters"
    )
    price = "" if entry.price is None else f"{entry.price:.4f} {entry.currency}"
    to = " ".join(filter(None, (entry.destination, entry.host and f"({entry.host})")))
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(entry.at))
    return (when, amount, to, entry.request_id, price, str(entry.state), display_path(entry.path))


def _entry_to_dict(entry: EgressEntry) -> dict[str, Any]:
    path: Path = entry.path
    return {
        "at": entry.at,
        "path": path,
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
