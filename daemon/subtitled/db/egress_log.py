"""The egress log of the database, and the usage of each budget.

An entry is written before anything is sent. Its estimated cost is taken from the budgets in the
same transaction, so that no number of workers exceeds a cap. When the request ends, the entry is
corrected to what it did cost. An entry that a crash left open stays open and counted. The next
attempt at the same piece of work continues it, so nothing is paid for twice.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

import sqlalchemy as sa

from subtitled.plugin import UsageRecord

from .engine import upsert_insert, write_transaction
from .schema import budget_usage, egress_log

_ROUNDING_TOLERANCE = 1e-9
"""How far rounding errors of a sum of many prices may exceed a cap."""


class EgressState(StrEnum):
    """How far an entry is."""

    OPEN = "open"
    """It may have been sent and paid for, and counts as such."""
    SENT = "sent"
    REFUSED = "refused"
    """The service received it and refused it. It counts, because it may have cost something."""
    NOT_SENT = "not-sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressEntry:
    """One request that leaves the machine."""

    key: str
    """The piece of work that it belongs to. A second attempt continues the same entry."""
    path: Path
    library: str | None
    component: str
    destination: str
    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of audio, or characters of text."""
    price: float | None = None
    currency: str = ""
    host: str = ""
    region: str = ""
    request_id: str = ""
    at: float = 0.0
    """Seconds since 1970."""
    state: EgressState = EgressState.OPEN


@dataclass(frozen=True, slots=True)
class BudgetCap:
    """A budget in one of its periods, and its limits there."""

    budget: str
    period: str
    money: float | None = None
    seconds: float | None = None


class BudgetExceededError(Exception):
    """A request would exceed a cap."""

    def __init__(self, cap: BudgetCap) -> None:
        super().__init__(cap)
        self.cap = cap


class EgressLog:
    """The egress log. Threads and processes may share it."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def open(self, entry: EgressEntry, caps: Sequence[BudgetCap]) -> int:
        """Write an open entry, and take its price and seconds from its budgets.

        Returns:
            The number of the entry.

        Raises:
            BudgetExceededError: A budget has too little left. Nothing was written.
        """
        with write_transaction(self._engine) as connection:
            open_id = connection.execute(
                sa.select(egress_log.c.id).where(
                    egress_log.c.key == entry.key, egress_log.c.state == EgressState.OPEN
                )
            ).scalar()
            if open_id is not None:
                return int(open_id)
            money, seconds = entry.price or 0.0, entry.amount if entry.kind == "audio" else 0.0
            for cap in caps:
                spent_money, spent_seconds = _read_usage(connection, cap.budget, cap.period)
                if cap.money is not None and spent_money + money > cap.money + _ROUNDING_TOLERANCE:
                    raise BudgetExceededError(cap)
                if (
                    cap.seconds is not None
                    and spent_seconds + seconds > cap.seconds + _ROUNDING_TOLERANCE
                ):
                    raise BudgetExceededError(cap)
            periods = [(cap.budget, cap.period) for cap in caps]
            _add_usage(connection, periods, money, seconds)
            row = _entry_to_row(entry) | {"at": time.time(), "budgets": json.dumps(periods)}
            added = connection.execute(egress_log.insert().values(row))
            assert added.inserted_primary_key is not None
            return int(added.inserted_primary_key[0])

    def finish(
        self,
        entry_id: int,
        state: EgressState,
        receipts: Sequence[tuple[UsageRecord, float | None]] = (),
    ) -> None:
        """Store how an entry ended, and correct the usage of its budgets.

        Args:
            entry_id: The number of the entry.
            state: How it ended.
            receipts: The usage records of the service, each with its price. Without any the
                estimate stands, except when nothing was sent.
        """
        with write_transaction(self._engine) as connection:
            row = connection.execute(sa.select(egress_log).where(egress_log.c.id == entry_id)).one()
            if row.state != EgressState.OPEN:
                return
            entry = _entry_from_row(row)
            was_not_sent = state is EgressState.NOT_SENT
            actual = [replace(entry, amount=0.0, price=0.0)] if was_not_sent else [entry]
            if receipts and not was_not_sent:
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
                    for receipt, price in receipts
                ]
            first, *other_rows = [_entry_to_row(item) | {"state": state} for item in actual]
            connection.execute(egress_log.update().where(egress_log.c.id == entry_id).values(first))
            for extra_row in other_rows:
                connection.execute(egress_log.insert().values(extra_row | {"at": row.at}))
            money = sum(item.price or 0.0 for item in actual) - (entry.price or 0.0)
            seconds = _audio_seconds(actual) - _audio_seconds([entry])
            _add_usage(connection, json.loads(row.budgets), money, seconds)

    def used(self, budget: str, period: str) -> tuple[float, float]:
        """Return the money and the seconds of audio that a budget has used in a period.

        Open entries are included.
        """
        with self._engine.connect() as connection:
            return _read_usage(connection, budget, period)

    def entries(
        self,
        since: float = 0.0,
        libraries: Collection[str] | None = None,
        newest: int | None = None,
    ) -> Iterator[EgressEntry]:
        """Yield entries, the earliest first.

        Args:
            since: Only those from then on, in seconds since 1970.
            libraries: Only those of these libraries; None for all.
            newest: At most so many, the newest ones; None for all.
        """
        query = sa.select(egress_log).where(egress_log.c.at >= since)
        if libraries is not None:
            query = query.where(egress_log.c.library.in_(libraries))
        if newest is not None:
            newest_first = query.order_by(egress_log.c.at.desc(), egress_log.c.id.desc())
            query = sa.select(newest_first.limit(newest).subquery())
        query = query.order_by(query.selected_columns.at, query.selected_columns.id)
        with self._engine.connect() as connection:
            yield from (_entry_from_row(row) for row in connection.execute(query))


def _read_usage(connection: sa.Connection, budget: str, period: str) -> tuple[float, float]:
    row = connection.execute(
        sa.select(budget_usage.c.money, budget_usage.c.seconds).where(
            budget_usage.c.budget == budget, budget_usage.c.period == period
        )
    ).one_or_none()
    return (row.money, row.seconds) if row else (0.0, 0.0)


def _add_usage(
    connection: sa.Connection, periods: Sequence[Sequence[str]], money: float, seconds: float
) -> None:
    for budget, period in periods:
        added = upsert_insert(connection, budget_usage).values(
            budget=budget, period=period, money=money, seconds=seconds
        )
        connection.execute(
            added.on_conflict_do_update(
                index_elements=["budget", "period"],
                set_={
                    "money": budget_usage.c.money + money,
                    "seconds": budget_usage.c.seconds + seconds,
                },
            )
        )


def _audio_seconds(entries: Sequence[EgressEntry]) -> float:
    return sum(entry.amount for entry in entries if entry.kind == "audio")


_COLUMNS = (
    "key library component destination kind amount price currency host region request_id state"
).split()


def _entry_to_row(entry: EgressEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _COLUMNS} | {"path": os.fsencode(entry.path)}


def _entry_from_row(row: sa.Row[tuple[object, ...]]) -> EgressEntry:
    values = {name: getattr(row, name) for name in _COLUMNS}
    values |= {"path": Path(os.fsdecode(row.path)), "at": row.at, "state": EgressState(row.state)}
    return EgressEntry(**values)
