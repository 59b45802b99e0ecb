"""What work will cost, in money and time, reckoned before anything is sent or begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subtitled.config.library_settings import PriceSettings
from subtitled.costs.budgets import effective_price, price_of
from subtitled.db.kv import ENGINE_SPEED_KEY, KeyValueStore

from .table import Route, RouteKind, RoutingTable

CHARS_PER_SECOND = 13.0
"""Letters of speech in a second of a film, where it is spoken throughout: the upper end of what
Netflix's reading speeds allow for, so that a plan is rather too high."""
_NEWEST_WEIGHT = 0.3
"""What the newest measurement counts for against all before it."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """For one file or many: money by currency, seconds of work as far as they are known."""

    money: Mapping[str, float]
    work_seconds: float
    """Seconds that engines will work."""
    has_unknown_duration: bool = False
    """An engine is among them whose speed nobody has measured yet."""
    has_unknown_price: bool = False
    """One that is paid, for a price that nobody knows."""

    def __add__(self, other: CostEstimate) -> CostEstimate:
        money = defaultdict(float, self.money)
        for currency, amount in other.money.items():
            money[currency] += amount
        return CostEstimate(
            dict(money),
            self.work_seconds + other.work_seconds,
            self.has_unknown_duration or other.has_unknown_duration,
            self.has_unknown_price or other.has_unknown_price,
        )


NO_COST = CostEstimate({}, 0.0)


def estimate(
    audio_seconds: float,
    routes: Sequence[Route],
    routing: RoutingTable,
    prices: Mapping[str, PriceSettings],
    speeds: Mapping[str, float],
    summaries: int = 0,
) -> CostEstimate:
    """What a medium of so many seconds costs that is made in these ways, at most: nobody knows yet
    how much of it is speech. What is heard once is not paid for twice."""
    engines, translators = routing.capabilities_by_engine, dict(routing.translators)
    texts = [
        (route.translator, translators[route.translator]) for route in routes if route.translator
    ]
    texts += routing.generators[:1] * summaries  # what they write is short beside what they read
    recognitions = {
        (route.engine, route if route.kind is RouteKind.TRANSLATE_SPEECH else None)
        for route in routes
        if route.engine
    }
    total = NO_COST
    for engine, _ in recognitions:
        capabilities, speed = engines[engine], speeds.get(engine)
        total += CostEstimate({}, audio_seconds / speed if speed else 0.0, speed is None)
        if capabilities.destination != "local":
            price = effective_price(engine, capabilities.price, prices)
            total += _money_estimate(
                price_of("audio", audio_seconds, price), price.currency if price else ""
            )
    for name, does in texts:
        if does.destination != "local":
            price = effective_price(name, does.price, prices)
            letters = audio_seconds * CHARS_PER_SECOND
            total += _money_estimate(
                price_of("text", letters, price), price.currency if price else ""
            )
    return total


def _money_estimate(amount: float | None, currency: str) -> CostEstimate:
    return CostEstimate(
        {} if amount is None else {currency: amount}, 0.0, has_unknown_price=amount is None
    )


def engine_speeds(kv: KeyValueStore) -> dict[str, float]:
    """How many seconds each engine has been hearing in one, of those that have worked here."""
    return {
        key.removeprefix(ENGINE_SPEED_KEY): float(said)
        for key, said in kv.get_prefix(ENGINE_SPEED_KEY).items()
    }


def record_speed(kv: KeyValueStore, engine: str, audio_seconds: float, work_seconds: float) -> None:
    """Remember how long an engine took over so many seconds of sound."""
    if audio_seconds <= 0 or work_seconds <= 0:
        return
    now, measured_and_stored = audio_seconds / work_seconds, kv.get(ENGINE_SPEED_KEY + engine)
    speed = (
        now
        if measured_and_stored is None
        else float(measured_and_stored) + _NEWEST_WEIGHT * (now - float(measured_and_stored))
    )
    kv.set(ENGINE_SPEED_KEY + engine, f"{speed:.4g}")
