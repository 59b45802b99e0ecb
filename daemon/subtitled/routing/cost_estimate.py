"""Estimates of money and time before anything is sent or started."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subtitled.config.egress_settings import PriceSettings
from subtitled.costs.budgets import effective_price, price_of
from subtitled.db.kv import ENGINE_SPEED_KEY, KeyValueStore
from subtitled.plugin import LOCAL

from .table import Route, RouteKind, RoutingTable

CHARS_PER_SECOND = 13.0
"""Letters per second of continuous speech.

This is the upper end of what Netflix's reading speeds allow, so that an estimate is rather too
high.
"""
_NEWEST_WEIGHT = 0.3
"""The weight of the newest measurement against all earlier ones."""


@dataclass(frozen=True, slots=True)
class CostEstimate:
    """The estimate for one or many files.

    Money is by currency, work in seconds, both as far as they are known.
    """

    money: Mapping[str, float]
    work_seconds: float
    """Seconds for which engines will work."""
    has_unknown_duration: bool = False
    """Whether the speed of an engine has not been measured yet."""
    has_unknown_price: bool = False
    """Whether the price of a paid component is unknown."""

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
    """Estimate the cost of a media file.

    It is an upper limit, since the share of speech is unknown.

    Args:
        audio_seconds: The duration of the file.
        routes: The routes by which subtitles are produced. A transcription is counted once.
        routing: The engines and translators of the library.
        prices: The configured prices.
        speeds: The seconds of audio that engines transcribe per second.
        summaries: How many summaries are written.
    """
    engines, translators = routing.capabilities_by_engine, dict(routing.translators)
    texts = [
        (route.translator, translators[route.translator]) for route in routes if route.translator
    ]
    # A summary is short compared with the text it is made of.
    texts += routing.generators[:1] * summaries
    transcriptions = {
        (route.engine, route if route.kind is RouteKind.TRANSLATE_SPEECH else None)
        for route in routes
        if route.engine
    }
    total = NO_COST
    for engine, _ in transcriptions:
        capabilities, speed = engines[engine], speeds.get(engine)
        total += CostEstimate({}, audio_seconds / speed if speed else 0.0, speed is None)
        if capabilities.destination != LOCAL:
            price = effective_price(engine, capabilities.price, prices)
            total += _money_estimate(
                price_of("audio", audio_seconds, price), price.currency if price else ""
            )
    for name, translator in texts:
        if translator.destination != LOCAL:
            price = effective_price(name, translator.price, prices)
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
    """Return the seconds of audio that engines transcribed per second of work on this machine."""
    return {
        key.removeprefix(ENGINE_SPEED_KEY): float(speed)
        for key, speed in kv.get_prefix(ENGINE_SPEED_KEY).items()
    }


def record_speed(kv: KeyValueStore, engine: str, audio_seconds: float, work_seconds: float) -> None:
    """Store how long an engine took for some seconds of audio."""
    if audio_seconds <= 0 or work_seconds <= 0:
        return
    measured, stored = audio_seconds / work_seconds, kv.get(ENGINE_SPEED_KEY + engine)
    speed = (
        measured if stored is None else float(stored) + _NEWEST_WEIGHT * (measured - float(stored))
    )
    kv.set(ENGINE_SPEED_KEY + engine, f"{speed:.4g}")


def record_first_speed(kv: KeyValueStore, engine: str, speed: float) -> None:
    """Store how fast an engine is, if no job has told it yet.

    Args:
        kv: The key-value table.
        engine: Its configured name.
        speed: Seconds of audio that it transcribes in a second.
    """
    if kv.get(ENGINE_SPEED_KEY + engine) is None:
        kv.set(ENGINE_SPEED_KEY + engine, f"{speed:.4g}")
