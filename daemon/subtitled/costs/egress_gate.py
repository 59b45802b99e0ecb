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

from subtitled.config.library_settings import is_destination_allowed
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.db.egress_log import BudgetExceededError, EgressEntry, EgressLog, EgressState
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.library.ingest import library_containing
from subtitled.plugin import (
    LOCAL,
    EngineCapabilities,
    InputRejectedError,
    Price,
    SetupError,
    SubtitledError,
    TranslatorCapabilities,
    UsageRecord,
)

from .budgets import budgets_for, effective_price, price_of, seconds_to_reset


@dataclass(frozen=True, slots=True)
class OutboundRequest:
    """Something of a medium's that is to be given to an engine or a translator."""

    component: str
    capabilities: EngineCapabilities | TranslatorCapabilities
    media: Path
    library: LibrarySettings
    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of sound, or characters."""
    key: str
    """The piece of work: done again after a crash, it is the same."""


class EgressGate:
    """Privacy, budgets and the record of what left, for one configuration."""

    def __init__(self, configuration: Configuration, egress: EgressLog) -> None:
        self._settings = configuration.settings
        self._egress = egress

    @contextmanager
    def authorise(self, request: OutboundRequest) -> Iterator[list[UsageRecord]]:
        """Around giving something away; the list takes the receipts.

        Raises :class:`SetupError` where the library does not allow it,
        :class:`ResourceUnavailableError` until the next period of a budget that is spent, or
        :class:`InputRejectedError` if another is to do it then.
        """
        receipts: list[UsageRecord] = []
        destination = request.capabilities.destination
        if destination == LOCAL:
            yield receipts
            return
        if not is_destination_allowed(request.library.allowed_destinations, destination):
            raise SetupError(
                f"{request.component} would send {request.kind} to {destination}, which the library "
                "does not allow",
                f"Add {destination!r} to its privacy, or use a local engine",
            )
        price = effective_price(
            request.component, request.capabilities.price, self._settings.prices
        )
        number = self._reserve(request, destination, price)
        try:
            yield receipts
        except SetupError:
            self._egress.finish(number, EgressState.NOT_SENT)
            raise
        except InputRejectedError:
            self._egress.finish(number, EgressState.REFUSED, self._price_receipts(receipts, price))
            raise
        except SubtitledError:
            raise  # perhaps it was sent and paid: the next try goes on under the same entry
        self._egress.finish(number, EgressState.SENT, self._price_receipts(receipts, price))

    def _reserve(self, request: OutboundRequest, destination: str, price: Price | None) -> int:
        settings, now = self._settings, datetime.now().astimezone()
        library = library_containing(request.media, settings.libraries)
        budgets = list(budgets_for(settings.budgets, library, request.component, price, now))
        entry = EgressEntry(
            key=request.key,
            path=request.media,
            library=library,
            component=request.component,
            destination=destination,
            kind=request.kind,
            amount=request.amount,
            price=price_of(request.kind, request.amount, price),
            currency=price.currency if price else "",
        )
        try:
            return self._egress.open(entry, [cap for cap, _ in budgets])
        except BudgetExceededError as spent:
            cap = spent.cap
        budget = dict(budgets)[cap]
        reason = f"the budget {cap.budget} is spent for {cap.period}"
        if budget.on_exhausted == "fallback":
            raise InputRejectedError(
                reason, "The next engine or translator does it, if there is one"
            )
        raise ResourceUnavailableError(
            reason,
            f"It goes on in the next {budget.period}, or when [budgets.{cap.budget}] allows more",
            seconds_to_reset(budget.period, now),
        )

    def _price_receipts(
        self, receipts: list[UsageRecord], price: Price | None
    ) -> list[tuple[UsageRecord, float | None]]:
        return [
            (
                receipt,
                receipt.price
                if receipt.price is not None
                else price_of(receipt.kind, receipt.amount, price),
            )
            for receipt in receipts
        ]
