"""The page of what left this machine, at what price, and what the budgets have left."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.egress import describe_egress
from subtitled.db.egress_log import EgressEntry

from .services import SiteServices, is_visible
from .site import render

SHOWN_DAYS = (1, 7, 30, 90)
DEFAULT_DAYS = 30
MAX_SHOWN = 200
"""How many requests the page lists. The sums are about all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one engine or translator used."""

    component: str
    currency: str
    requests: int
    price: float
    audio_hours: float
    characters: float


class SpendingPage:
    """The page of the spending."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/spending", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the page."""
        services, chosen = self._services, request.query_params.get("days", "")
        days = int(chosen) if chosen in map(str, SHOWN_DAYS) else DEFAULT_DAYS
        settings = services.configuration.settings
        answer = describe_egress(settings, services.db, time.time() - days * 86400)
        entries = [entry for entry in answer.entries if is_visible(request, entry.library)]
        return render(
            request,
            "spending",
            days=days,
            shown_days=SHOWN_DAYS,
            budgets=answer.budgets if is_visible(request, None) else (),
            sums=sum_up(entries),
            entries=entries[: -MAX_SHOWN - 1 : -1],
            count=len(entries),
        )


def sum_up(entries: Iterable[EgressEntry]) -> list[Spent]:
    """Return what each component used, by currency."""
    groups: dict[tuple[str, str], list[EgressEntry]] = {}
    for entry in entries:
        groups.setdefault((entry.component, entry.currency), []).append(entry)
    return [
        Spent(
            component=component,
            currency=currency,
            requests=len(group),
            price=sum(entry.price or 0.0 for entry in group),
            audio_hours=sum(entry.amount for entry in group if entry.kind == "audio") / 3600,
            characters=sum(entry.amount for entry in group if entry.kind != "audio"),
        )
        for (component, currency), group in sorted(groups.items())
    ]
