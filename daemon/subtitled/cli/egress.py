"""``egress``: what left this machine, when, where to and for how much."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.costs.budgets import period_of
from subtitled.jobcontext.services import open_ledger
from subtitled.library.egress import Entry

from .app import app, configuration
from .daemon import Json
from .output import WRONG, fail, say, say_json, say_table, shown


@app.command()
def egress(
    since: Annotated[str, typer.Option(help="A day, such as 2026-11-01. Default: all.")] = "",
    library: Annotated[str | None, typer.Option(help="One library only.")] = None,
    as_json: Json = False,
) -> None:
    """What was sent to others: each request with its file, seconds or characters, and price."""
    settings = configuration()
    ledger = open_ledger(settings)
    entries = list(ledger.egress.entries(_moment(since), library))
    now = datetime.now().astimezone()
    budgets: list[dict[str, Any]] = []
    for name, budget in settings.settings.budgets.items():
        period = period_of(budget.period, now)
        money, seconds = ledger.egress.spent(name, period)
        budgets.append(
            {
                "budget": name,
                "period": period,
                "money": round(money, 6),
                "of_money": budget.money,
                "currency": budget.currency,
                "hours": round(seconds / 3600, 4),
                "of_hours": budget.hours,
            }
        )
    if as_json:
        say_json({"sent": [_said(entry) for entry in entries], "budgets": budgets})
        return
    if not entries:
        say("nothing left this machine")
    else:
        heads = ("when", "what", "to", "request", "price", "state", "file")
        say_table(heads, (_row(entry) for entry in entries))
    for one in budgets:
        say(
            f"budget {one['budget']}, {one['period']}: "
            f"{one['money']:g} of {_cap(one['of_money'])} {one['currency']}, "
            f"{one['hours']:g} of {_cap(one['of_hours'])} hours"
        )


def _moment(since: str) -> float:
    try:
        return datetime.fromisoformat(since).astimezone().timestamp() if since else 0.0
    except ValueError:
        fail(f"{since!r} is no day; write one such as 2026-11-01", WRONG)


def _cap(value: float | None) -> str:
    return "any" if value is None else f"{value:g}"


def _row(one: Entry) -> tuple[str, ...]:
    amount = f"{one.amount:.0f} s of sound" if one.kind == "audio" else f"{one.amount:.0f} letters"
    price = "" if one.price is None else f"{one.price:.4f} {one.currency}"
    to = " ".join(filter(None, (one.destination, one.host and f"({one.host})")))
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one.at))
    return (when, amount, to, one.request_id, price, str(one.state), shown(one.path))


def _said(one: Entry) -> dict[str, Any]:
    path: Path = one.path
    return {
        "at": one.at,
        "path": path,
        "library": one.library,
        "component": one.component,
        "destination": one.destination,
        "kind": one.kind,
        "amount": one.amount,
        "host": one.host,
        "region": one.region,
        "request_id": one.request_id,
        "price": one.price,
        "currency": one.currency,
        "state": str(one.state),
    }
