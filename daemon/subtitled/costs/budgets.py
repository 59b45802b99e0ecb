"""Prices, budgets and their periods."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from subtitled.config.egress_settings import BudgetSettings, PriceSettings
from subtitled.db.egress_log import BudgetCap
from subtitled.plugin import Price, SetupError

_PRICE_UNITS = {"audio": ("hour", 3600.0), "text": ("million characters", 1e6)}
"""The unit by which each kind of usage is paid, and its seconds or characters."""


def price_of(kind: str, amount: float, price: Price | None) -> float | None:
    """Return the price of an amount; None if it is unknown.

    Args:
        kind: ``audio`` or ``text``.
        amount: Seconds or characters. Seconds are rounded up, as services count them.
        price: The price of a unit, if known.
    """
    unit, size = _PRICE_UNITS[kind]
    if price is None or price.per != unit:
        return None
    return price.amount * (math.ceil(amount) if kind == "audio" else amount) / size


def effective_price(
    name: str, plugin_price: Price | None, prices: Mapping[str, PriceSettings]
) -> Price | None:
    """Return the price of a component: the configured one, else that of its plugin."""
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
    project: str = "",
) -> Iterator[tuple[BudgetCap, BudgetSettings]]:
    """Yield the budgets that a request comes under, with their caps in the current period.

    Args:
        budgets: The configured budgets.
        library: The name of the library, or None outside of any.
        component: The name of the engine or translator.
        price: Its price, if known.
        now: A time with a time zone.
        project: The project of the media file; "" for none.

    Raises:
        SetupError: A cap in money cannot be enforced, because the price is unknown or in another
            currency.
    """
    for name, budget in budgets.items():
        if budget.libraries and library not in budget.libraries:
            continue
        if budget.projects and project not in budget.projects:
            continue
        if budget.components and component not in budget.components:
            continue
        if budget.max_cost is not None and (price is None or price.currency != budget.currency):
            status = f"is known in {price.currency} only" if price else "is not known"
            raise SetupError(
                f"the price of {component} {status}, so the budget {name} in {budget.currency} "
                "cannot be enforced",
                f"Set [prices.{component}] with its price in {budget.currency}",
            )
        seconds = None if budget.max_audio_hours is None else budget.max_audio_hours * 3600.0
        yield BudgetCap(name, budget_period(budget.period, now), budget.max_cost, seconds), budget


def budget_period(period: str, now: datetime) -> str:
    """Return the period of a time: ``2026-11`` or ``2026-11-24``."""
    return f"{now:%Y-%m-%d}" if period == "day" else f"{now:%Y-%m}"


def seconds_to_reset(period: str, now: datetime) -> float:
    """Return the seconds from a time to the next period, across changes of the clocks."""
    today = now.date()
    first = (
        today + timedelta(days=1)
        if period == "day"
        else date(today.year + today.month // 12, today.month % 12 + 1, 1)
    )
    reset_at = datetime(first.year, first.month, first.day).astimezone()
    return max(1.0, reset_at.timestamp() - now.timestamp())
