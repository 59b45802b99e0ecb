"""Cost estimates before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.egress_settings import PriceSettings
from subtitled.db.database import Database
from subtitled.plugin import EngineCapabilities, Price, TranslatorCapabilities
from subtitled.routing.cost_estimate import NO_COST, engine_speeds, estimate, record_speed
from subtitled.routing.table import Route, RouteKind, RoutingTable

PAID = EngineCapabilities(destination="cloud:far", price=Price(0.36, "USD"))
MT = TranslatorCapabilities(destination="mt:far", price=Price(10.0, "USD", "million characters"))
ROUTES = RoutingTable(
    engines=(("cloud", PAID), ("whisper", EngineCapabilities())), translators=(("mt", MT),)
)


def test_transcribed_chunk_is_not_billed_twice() -> None:
    ways = [Route(RouteKind.TRANSCRIBE, "cloud"), Route(RouteKind.TRANSLATE_TEXT, "cloud", "mt")]
    cost = estimate(3600.0, ways, ROUTES, {}, {"cloud": 60.0})
    assert cost.work_seconds == 60.0
    assert cost.money["USD"] == pytest.approx(0.36 + 3600 * 13 * 10 / 1e6)
    assert not cost.has_unknown_duration
    assert not cost.has_unknown_price


def test_local_work_is_free_and_unmeasured_usage_is_reported() -> None:
    cost = estimate(3600.0, [Route(RouteKind.TRANSCRIBE, "whisper")], ROUTES, {}, {})
    assert (cost.money, cost.has_unknown_duration) == ({}, True)


def test_a_price_of_ones_own_counts_and_sums_keep_currencies_apart() -> None:
    mine = {"cloud": PriceSettings(amount=3.0, currency="CNY")}
    ways = [Route(RouteKind.TRANSCRIBE, "cloud")]
    total = NO_COST
    for prices in (mine, mine, {}):
        total += estimate(1800.0, ways, ROUTES, prices, {"cloud": 10.0})
    assert total.money == {"CNY": pytest.approx(3.0), "USD": pytest.approx(0.18)}
    assert total.work_seconds == pytest.approx(540.0)


def test_speeds_are_learnt_from_the_work_that_was_done(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    for took in (10.0, 10.0, 5.0):
        record_speed(database.kv, "whisper", 100.0, took)
    record_speed(database.kv, "whisper", 0.0, 1.0)
    assert engine_speeds(database.kv) == {"whisper": pytest.approx(13.0)}
    database.close()
