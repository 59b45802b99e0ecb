"""A plan says what it will cost before anything is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.spending import PriceSettings
from subtitled.library.ledger import Ledger
from subtitled.plugin import Capabilities, Price, TranslatorCapabilities
from subtitled.routing.cost_estimate import NOTHING, measured, reckon, speeds
from subtitled.routing.table import Means, Routes, Way

PAID = Capabilities(destination="cloud:far", price=Price(0.36, "USD"))
MT = TranslatorCapabilities(destination="mt:far", price=Price(10.0, "USD", "million characters"))
ROUTES = Routes((("cloud", PAID), ("whisper", Capabilities())), (("mt", MT),))


def test_what_is_heard_once_is_not_paid_for_twice() -> None:
    ways = [Way(Means.TRANSCRIBE, "cloud"), Way(Means.TEXT, "cloud", "mt")]
    cost = reckon(3600.0, ways, ROUTES, {}, {"cloud": 60.0})
    assert cost.work == 60.0
    assert cost.money["USD"] == pytest.approx(0.36 + 3600 * 13 * 10 / 1e6)
    assert not cost.unknown
    assert not cost.unpriced


def test_what_is_local_costs_no_money_and_what_nobody_measured_is_said() -> None:
    cost = reckon(3600.0, [Way(Means.TRANSCRIBE, "whisper")], ROUTES, {}, {})
    assert (cost.money, cost.unknown) == ({}, True)


def test_a_price_of_ones_own_counts_and_sums_keep_currencies_apart() -> None:
    mine = {"cloud": PriceSettings(amount=3.0, currency="CNY")}
    ways = [Way(Means.TRANSCRIBE, "cloud")]
    total = NOTHING
    for prices in (mine, mine, {}):
        total += reckon(1800.0, ways, ROUTES, prices, {"cloud": 10.0})
    assert total.money == {"CNY": pytest.approx(3.0), "USD": pytest.approx(0.18)}
    assert total.work == pytest.approx(540.0)


def test_speeds_are_learnt_from_the_work_that_was_done(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")
    for took in (10.0, 10.0, 5.0):
        measured(ledger.mailbox, "whisper", 100.0, took)
    measured(ledger.mailbox, "whisper", 0.0, 1.0)
    assert speeds(ledger.mailbox) == {"whisper": pytest.approx(13.0)}
    ledger.close()
