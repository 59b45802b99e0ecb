"""The one gate to the world: sound and text pass here before any plugin gets them, or do not.

What is local passes. Everything else needs a library that allows its destination and room in every
budget, and is written into the ledger before it is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.config.spending import allows
from subtitled.engines.wire import Waiting
from subtitled.library.egress import Egress, Entry, Passage, Spent
from subtitled.library.intake import library_of
from subtitled.plugin import (
    LOCAL,
    Capabilities,
    Misconfigured,
    Price,
    Problem,
    Rejected,
    Sent,
    TranslatorCapabilities,
)

from .budgets import caps_for, price_of, stated, until_next


@dataclass(frozen=True, slots=True)
class Errand:
    """Something of a medium's that is to be given to an engine or a translator."""

    component: str
    able: Capabilities | TranslatorCapabilities
    medium: Path
    library: LibrarySettings
    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of sound, or characters."""
    key: str
    """The piece of work: done again after a crash, it is the same."""


class Gate:
    """Privacy, budgets and the record of what left, for one configuration."""

    def __init__(self, configuration: Configuration, egress: Egress) -> None:
        self._settings = configuration.settings
        self._egress = egress

    @contextmanager
    def sending(self, errand: Errand) -> Iterator[list[Sent]]:
        """Around giving something away; the list takes the receipts.

        Raises :class:`Misconfigured` where the library does not allow it, :class:`Waiting` until
        the next period of a budget that is spent, or :class:`Rejected` if another is to do it then.
        """
        receipts: list[Sent] = []
        destination = errand.able.destination
        if destination == LOCAL:
            yield receipts
            return
        if not allows(errand.library.privacy, destination):
            raise Misconfigured(
                f"{errand.component} would send {errand.kind} to {destination}, which the library "
                "does not allow",
                f"Add {destination!r} to its privacy, or use a local engine",
            )
        price = stated(errand.component, errand.able.price, self._settings.prices)
        number = self._open(errand, destination, price)
        try:
            yield receipts
        except Misconfigured:
            self._egress.settle(number, Passage.STAYED)
            raise
        except Rejected:
            self._egress.settle(number, Passage.REFUSED, self._priced(receipts, price))
            raise
        except Problem:
            raise  # perhaps it was sent and paid: the next try goes on under the same entry
        self._egress.settle(number, Passage.SENT, self._priced(receipts, price))

    def _open(self, errand: Errand, destination: str, price: Price | None) -> int:
        settings, now = self._settings, datetime.now().astimezone()
        library = library_of(errand.medium, settings.libraries)
        found = list(caps_for(settings.budgets, library, errand.component, price, now))
        entry = Entry(
            key=errand.key,
            path=errand.medium,
            library=library,
            component=errand.component,
            destination=destination,
            kind=errand.kind,
            amount=errand.amount,
            price=price_of(errand.kind, errand.amount, price),
            currency=price.currency if price else "",
        )
        try:
            return self._egress.open(entry, [cap for cap, _ in found])
        except Spent as spent:
            cap = spent.cap
        budget = dict(found)[cap]
        what = f"the budget {cap.budget} is spent for {cap.period}"
        if budget.when_spent == "next":
            raise Rejected(what, "The next engine or translator does it, if there is one")
        raise Waiting(
            what,
            f"It goes on in the next {budget.period}, or when [budgets.{cap.budget}] allows more",
            until_next(budget.period, now),
        )

    def _priced(self, receipts: list[Sent], price: Price | None) -> list[tuple[Sent, float | None]]:
        return [
            (
                receipt,
                receipt.price
                if receipt.price is not None
                else price_of(receipt.kind, receipt.amount, price),
            )
            for receipt in receipts
        ]
