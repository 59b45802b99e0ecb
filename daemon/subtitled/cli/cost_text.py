"""Time and money of an estimate, in words."""

from __future__ import annotations

from subtitled.routing.cost_estimate import CostEstimate

from .amounts import describe_hours


def describe_cost(cost: CostEstimate) -> str:
    """Describe time and money; what is unknown is said to be unknown."""
    work = f", about {describe_hours(cost.work_seconds)} of work" if cost.work_seconds else ""
    if cost.has_unknown_duration:
        work = ", for a time that is known once a first file is made"
    money = "".join(
        f", at most {amount:.2f} {currency}" for currency, amount in cost.money.items() if amount
    )
    return work + money + (" and an unknown price" if cost.has_unknown_price else "")
