"""The egress gate: audio and text pass here before a plugin gets them.

Local components always pass. Others need a library that allows their destination and room in every
budget, and are recorded in the egress log before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from subtitled.config.egress_settings import is_destination_allowed
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.db.egress_log import BudgetExceededError, EgressEntry, EgressLog, EgressState
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.library.paths import library_containing
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """Something of a media file that is to be given to an engine or a translator."""

    component: str
    capabilities: EngineCapabilities | TranslatorCapabilities
    media: Path
    library: LibrarySettings
    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of audio, or characters."""
    key: str
    """The idempotency key of the piece of work, the same when it is done again after a crash."""


class EgressGate:
    """Checks destinations and budgets and records what is sent, for one configuration."""

    def __init__(self, configuration: Configuration, egress: EgressLog) -> None:
        self._settings = configuration.settings
        self._egress = egress

    @contextmanager
    def authorise(self, request: OutboundRequest) -> Iterator[list[UsageRecord]]:
        """Authorise and record a request; the yielded list takes its usage records.

        Raises:
            SetupError: The library does not allow the destination.
            ResourceUnavailableError: A budget is spent, and the user wants to wait for its next
                period.
            InputRejectedError: A budget is spent, and the next component is to do it.
        """
        receipts: list[UsageRecord] = []
        destination = request.capabilities.destination
        if destination == LOCAL:
            yield receipts
            return
        if not is_destination_allowed(request.library.allowed_destinations, destination):
            raise SetupError(
                f"{request.component} would send {request.kind} to {destination}, which the "
                "library does not allow",
                f"Add {destination!r} to its allowed_destinations, or use a local engine",
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
            raise  # It may have been sent and paid for. The next try uses the same entry.
        self._egress.finish(number, EgressState.SENT, self._price_receipts(receipts, price))

    def _reserve(self, request: OutboundRequest, destination: str, price: Price | None) -> int:
        settings, now = self._settings, datetime.now().astimezone()
        library = library_containing(request.media, settings.libraries)
        project = request.library.project
        budgets = list(
            budgets_for(settings.budgets, library, request.component, price, now, project)
        )
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
        except BudgetExceededError as exceeded:
            cap = exceeded.cap
        budget = dict(budgets)[cap]
        reason = f"the budget {cap.budget} is spent for {cap.period}"
        if budget.on_exhausted == "fallback":
            raise InputRejectedError(
                reason, "The next engine or translator does it, if there is one"
            )
        raise ResourceUnavailableError(
            reason,
            f"It continues in the next {budget.period}, or when [budgets.{cap.budget}] allows more",
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
