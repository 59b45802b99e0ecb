"""What left this machine: the receipts that engines and translators give the core."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """One request that somebody else was paid, or trusted, with. ``subtitled egress`` shows it."""

    kind: str
    """``audio`` or ``text``."""
    amount: float
    """Seconds of audio, or characters, as the other side counts them."""
    host: str
    region: str = ""
    request_id: str = ""
    """The other side's own number for it, to ask it about."""
    price: float | None = None
    """What it costs, if the answer said so; else the core goes by its price table."""
    currency: str = ""
