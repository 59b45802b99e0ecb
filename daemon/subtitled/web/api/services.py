"""What the API uses of the rest of the daemon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from subtitled.config.load import Configuration
from subtitled.daemon.health import HealthReport
from subtitled.db.database import Database

from ..auth.authenticator import Authenticator
from .events import EventHub
from .idempotency import IdempotentRequests


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiServices:
    """What the API uses."""

    configuration: Configuration
    db: Database
    health: Callable[[], HealthReport]
    authenticator: Authenticator
    """Tells whether the caller of an event stream may still read it."""
    events: EventHub
    requests: IdempotentRequests
    base_path: str = ""
