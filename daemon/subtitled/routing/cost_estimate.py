"""What work will cost, in money and time, reckoned before anything is sent or begun."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subtitled.config.spending import PriceSettings
from subtitled.costs.budgets import price_of, stated
from subtitled.library.mailbox import Mailbox

from .table import Means, Routes, Way

LETTERS_A_SECOND = 13.0
"""Letters of speech in a second of a film, where it is spoken throughout: the upper end of what
Netflix's reading speeds allow for, so that a plan is rather too high."""
SPEED = "speed "
"""Before the name of an engine: the control that says how many seconds it hears in one."""
_NEWEST = 0.3
"""What the newest measurement counts for against all before it."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """For one file or many: money by currency, seconds of work as far as they are known."""

    money: Mapping[str, float]
    work: float
    """Seconds that engines will work."""
    unknown: bool = False
    """An engine is among them whose speed nobody has measured yet."""
    unpriced: bool = False
    """One that is paid, for a price that nobody knows."""

    def __add__(self, other: Reckoning) -> Reckoning:
        money = defaultdict(float, self.money)
        for currency, amount in other.money.items():
            money[currency] += amount
        return Reckoning(
            dict(money),
            self.work + other.work,
            self.unknown or other.unknown,
            self.unpriced or other.unpriced,
        )


NOTHING = Reckoning({}, 0.0)


def reckon(
    seconds: float,
    ways: Sequence[Way],
    routes: Routes,
    prices: Mapping[str, PriceSettings],
    speeds: Mapping[str, float],
    summaries: int = 0,
) -> Reckoning:
    """What a medium of so many seconds costs that is made in these ways, at most: nobody knows yet
    how much of it is speech. What is heard once is not paid for twice."""
    engines, translators = routes.abilities, dict(routes.translators)
    texts = [(way.translator, translators[way.translator]) for way in ways if way.translator]
    texts += routes.writers[:1] * summaries  # what they write is short beside what they read
    heard = {(way.engine, way if way.means is Means.SPEECH else None) for way in ways if way.engine}
    total = NOTHING
    for engine, _ in heard:
        able, speed = engines[engine], speeds.get(engine)
        total += Reckoning({}, seconds / speed if speed else 0.0, speed is None)
        if able.destination != "local":
            price = stated(engine, able.price, prices)
            total += _paid(price_of("audio", seconds, price), price.currency if price else "")
    for name, does in texts:
        if does.destination != "local":
            price = stated(name, does.price, prices)
            letters = seconds * LETTERS_A_SECOND
            total += _paid(price_of("text", letters, price), price.currency if price else "")
    return total


def _paid(amount: float | None, currency: str) -> Reckoning:
    return Reckoning({} if amount is None else {currency: amount}, 0.0, unpriced=amount is None)


def speeds(mailbox: Mailbox) -> dict[str, float]:
    """How many seconds each engine has been hearing in one, of those that have worked here."""
    return {key.removeprefix(SPEED): float(said) for key, said in mailbox.controls(SPEED).items()}


def measured(mailbox: Mailbox, engine: str, seconds: float, took: float) -> None:
    """Remember how long an engine took over so many seconds of sound."""
    if seconds <= 0 or took <= 0:
        return
    now, known = seconds / took, mailbox.get_control(SPEED + engine)
    speed = now if known is None else float(known) + _NEWEST * (now - float(known))
    mailbox.control(SPEED + engine, f"{speed:.4g}")
