"""What ``egress`` says: what left this machine and at what price, and what budgets have left."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subtitled.config.egress_settings import BudgetSettings
from subtitled.config.settings import AppSettings
from subtitled.costs.budgets import budget_period
from subtitled.db.database import Database
from subtitled.db.egress_log import EgressEntry

from .plain import to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUsage:
    """What is used of one budget in its present period."""

    budget: str
    """Its name in the configuration."""
    period: str
    """The day or month."""
    money: float
    max_money: float | None
    """None: without a limit."""
    currency: str
    hours: float
    """Hours of audio."""
    max_hours: float | None
    """None: without a limit."""

    def to_dict(self) -> dict[str, Any]:
        """Return the budget as JSON has it."""
        plain: dict[str, Any] = to_plain(self)
        return plain


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressAnswer:
    """What left this machine."""

    entries: tuple[EgressEntry, ...]
    """One for each request, the oldest first."""
    budgets: tuple[BudgetUsage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        return {
            "entries": [entry_to_dict(entry) for entry in self.entries],
            "budgets": [budget.to_dict() for budget in self.budgets],
        }


def describe_egress(
    settings: AppSettings,
    db: Database,
    since: float = 0.0,
    libraries: Collection[str] | None = None,
    newest: int | None = None,
) -> EgressAnswer:
    """Return what left this machine, and what is used of each budget.

    Args:
        settings: The settings with the budgets.
        db: The database.
        since: Only requests from then on, in seconds since 1970.
        libraries: Only requests for these libraries; by default all.
        newest: At most so many requests, the newest ones; by default all.
    """
    return EgressAnswer(
        entries=tuple(db.egress_log.entries(since, libraries, newest)),
        budgets=describe_budgets(settings.budgets, db),
    )


def describe_budgets(
    budgets: Mapping[str, BudgetSettings], db: Database
) -> tuple[BudgetUsage, ...]:
    """Return what is used of each budget in its present period."""
    now = datetime.now().astimezone()
    usage = []
    for name, budget in budgets.items():
        period = budget_period(budget.period, now)
        money, seconds = db.egress_log.used(name, period)
        usage.append(
            BudgetUsage(
                budget=name,
                period=period,
                money=round(money, 6),
                max_money=budget.max_cost,
                currency=budget.currency,
                hours=round(seconds / 3600, 4),
                max_hours=budget.max_audio_hours,
            )
        )
    return tuple(usage)


def entry_to_dict(entry: EgressEntry) -> dict[str, Any]:
    """Return one request as JSON has it."""
    return {
        "at": entry.at,
        "path": to_plain(entry.path),
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
