"""Which budgets a request is for, what it is reckoned to cost, and when a period ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from subtitled.config.library_settings import BudgetSettings, PriceSettings
from subtitled.db.egress_log import BudgetCap
from subtitled.plugin import Price, SetupError

_PRICE_UNITS = {"audio": ("hour", 3600.0), "text": ("million characters", 1e6)}
"""What each kind of thing is paid by, and how many seconds or characters that is."""


def price_of(kind: str, amount: float, price: Price | None) -> float | None:
    """What an amount of ``audio`` (seconds) or ``text`` (characters) costs; None if nobody knows.

    Seconds are rounded up, as services count them.
    """
    unit, size = _PRICE_UNITS[kind]
    if price is None or price.per != unit:
        return None
    return price.amount * (math.ceil(amount) if kind == "audio" else amount) / size


def effective_price(
    name: str, plugin_price: Price | None, prices: Mapping[str, PriceSettings]
) -> Price | None:
    """The price of a component: the one that the user states, else its plugin's."""
    configured = prices.get(name)
    return (
        Price(configured.amount, configured.currency, configured.per)
        if configured
        else plugin_price
    )


def budgets_for(
    budgets: Mapping[str, BudgetSettings],
    library: str | None,
    component: str,
    price: Price | None,
    now: datetime,
) -> Iterator[tuple[BudgetCap, BudgetSettings]]:
    """The budgets that a request of a component for a library comes under, in their period.

    Raises :class:`SetupError` where a cap in money cannot be held, the price being unknown or
    in another currency.
    """
    for name, budget in budgets.items():
        if budget.libraries and library not in budget.libraries:
            continue
        if budget.components and component not in budget.components:
            continue
        if budget.max_cost is not None and (price is None or price.currency != budget.currency):
            has = f"is known in {price.currency} only" if price else "is not known"
            raise SetupError(
                f"the price of {component} {has}, so the budget {name} in {budget.currency} "
                "cannot be held",
                f"Set [prices.{component}] with its price in {budget.currency}",
            )
        seconds = None if budget.max_audio_hours is None else budget.max_audio_hours * 3600.0
        yield BudgetCap(name, budget_period(budget.period, now), budget.max_cost, seconds), budget


def budget_period(period: str, now: datetime) -> str:
    """The period of a moment, by its own clock: ``2026-11`` or ``2026-11-24``."""
    return f"{now:%Y-%m-%d}" if period == "day" else f"{now:%Y-%m}"


def seconds_to_reset(period: str, now: datetime) -> float:
    """Seconds from a moment with a time zone to the next period, whatever the clocks do then."""
    today = now.date()
    first = (
        today + timedelta(days=1)
        if period == "day"
        else date(today.year + today.month // 12, today.month % 12 + 1, 1)
    )
    begins = datetime(first.year, first.month, first.day).astimezone()
    return max(1.0, begins.timestamp() - now.timestamp())
