"""The ledger's pages of what left this machine, and of what each budget has spent.

An entry is written before anything is sent: what it may cost is taken from its budgets in the same
transaction, so no number of workers passes a cap. Afterwards it is settled with what it did cost.
An entry that nobody settled, because of a crash, stays open and counted; the next try at the same
piece of work goes on under it and pays nothing twice.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from subtitled.plugin import Sent

from .database import insert, writing
from .schema import egress, spending

_ROUNDING = 1e-9
"""Of a sum of many prices: a cap is a cap but for this."""


class Passage(StrEnum):
    """How far an entry is."""

    OPEN = "open"
    """Perhaps sent, perhaps paid; counted as such."""
    SENT = "sent"
    REFUSED = "refused"
    """The other side had it and would not do it; counted, since it may have cost something."""
    STAYED = "not sent"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is sent away, or was."""

    key: str
    """Which piece of work it is for: begun again, it is the same entry."""
    path: Path
    library: str | None
    component: str
    destination: str
    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of sound, or characters."""
    price: float | None = None
    currency: str = ""
    host: str = ""
    region: str = ""
    request_id: str = ""
    at: float = 0.0
    """Seconds since 1970."""
    state: Passage = Passage.OPEN


@dataclass(frozen=True, slots=True)
class Cap:
    """A budget in one of its periods, and the most that it allows there."""

    budget: str
    period: str
    money: float | None = None
    seconds: float | None = None


class Spent(Exception):
    """A cap would be passed."""

    def __init__(self, cap: Cap) -> None:
        super().__init__(cap)
        self.cap = cap


class Egress:
    """What left, in a ledger's database. Threads and processes may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def open(self, entry: Entry, caps: Sequence[Cap]) -> int:
        """Write an entry down and take its price and seconds from its budgets; its number.

        Raises :class:`Spent`, and writes nothing, where one of them has too little left.
        """
        with writing(self._engine) as connection:
            known = connection.execute(
                sa.select(egress.c.id).where(
                    egress.c.key == entry.key, egress.c.state == Passage.OPEN
                )
            ).scalar()
            if known is not None:
                return int(known)
            money, seconds = entry.price or 0.0, entry.amount if entry.kind == "audio" else 0.0
            for cap in caps:
                spent_money, spent_seconds = _spent(connection, cap.budget, cap.period)
                if cap.money is not None and spent_money + money > cap.money + _ROUNDING:
                    raise Spent(cap)
                if cap.seconds is not None and spent_seconds + seconds > cap.seconds + _ROUNDING:
                    raise Spent(cap)
            periods = [(cap.budget, cap.period) for cap in caps]
            _count(connection, periods, money, seconds)
            row = _row(entry) | {"at": time.time(), "budgets": json.dumps(periods)}
            added = connection.execute(egress.insert().values(row))
            assert added.inserted_primary_key is not None
            return int(added.inserted_primary_key[0])

    def settle(
        self, number: int, state: Passage, sent: Sequence[tuple[Sent, float | None]] = ()
    ) -> None:
        """Write down what became of an entry: each receipt with its price.

        Without receipts what was reckoned stands, except where nothing was sent at all.
        """
        with writing(self._engine) as connection:
            row = connection.execute(sa.select(egress).where(egress.c.id == number)).one()
            if row.state != Passage.OPEN:
                return
            entry = _entry(row)
            stayed = state is Passage.STAYED
            actual = [replace(entry, amount=0.0, price=0.0)] if stayed else [entry]
            if sent and not stayed:
                actual = [
                    replace(
                        entry,
                        kind=receipt.kind,
                        amount=receipt.amount,
                        price=price,
                        currency=receipt.currency or entry.currency,
                        host=receipt.host,
                        region=receipt.region,
                        request_id=receipt.request_id,
                    )
                    for receipt, price in sent
                ]
            first, *others = [_row(one) | {"state": state} for one in actual]
            connection.execute(egress.update().where(egress.c.id == number).values(first))
            for other in others:
                connection.execute(egress.insert().values(other | {"at": row.at}))
            money = sum(one.price or 0.0 for one in actual) - (entry.price or 0.0)
            seconds = _seconds(actual) - _seconds([entry])
            _count(connection, json.loads(row.budgets), money, seconds)

    def spent(self, budget: str, period: str) -> tuple[float, float]:
        """Money and seconds that a budget has spent in a period, with what is under way."""
        with self._engine.connect() as connection:
            return _spent(connection, budget, period)

    def entries(self, since: float = 0.0, library: str | None = None) -> Iterator[Entry]:
        """What left since a time (seconds since 1970), the earliest first."""
        query = sa.select(egress).where(egress.c.at >= since).order_by(egress.c.at, egress.c.id)
        if library is not None:
            query = query.where(egress.c.library == library)
        with self._engine.connect() as connection:
            yield from (_entry(row) for row in connection.execute(query))


def _spent(connection: sa.Connection, budget: str, period: str) -> tuple[float, float]:
    row = connection.execute(
        sa.select(spending.c.money, spending.c.seconds).where(
            spending.c.budget == budget, spending.c.period == period
        )
    ).one_or_none()
    return (row.money, row.seconds) if row else (0.0, 0.0)


def _count(
    connection: sa.Connection, periods: Sequence[Sequence[str]], money: float, seconds: float
) -> None:
    for budget, period in periods:
        added = insert(connection, spending).values(
            budget=budget, period=period, money=money, seconds=seconds
        )
        connection.execute(
            added.on_conflict_do_update(
                index_elements=["budget", "period"],
                set_={
                    "money": spending.c.money + money,
                    "seconds": spending.c.seconds + seconds,
                },
            )
        )


def _seconds(entries: Sequence[Entry]) -> float:
    return sum(entry.amount for entry in entries if entry.kind == "audio")


_COLUMNS = (
    "key library component destination kind amount price currency host region request_id state"
).split()


def _row(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _COLUMNS} | {"path": os.fsencode(entry.path)}


def _entry(row: sa.Row[tuple[object, ...]]) -> Entry:
    said = {name: getattr(row, name) for name in _COLUMNS}
    said |= {"path": Path(os.fsdecode(row.path)), "at": row.at, "state": Passage(row.state)}
    return Entry(**said)
