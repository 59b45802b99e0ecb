"""State transitions of a delivery to a media server, without side effects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.plugin import Backoff, IndexStatus, SubtitledError, TransientError

BACKOFF = Backoff(first=30.0, factor=4.0, maximum=3600.0)
"""Waits before each further try to reach an unreachable server or notifier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryTimings:
    """Seconds between the steps of a delivery."""

    gather_seconds: float = 5.0
    """From a change to its delivery. Other changes within that time go into the same call."""
    check_seconds: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 300.0)
    """From the delivery to each check.

    Jellyfin and Emby act after a minute, on large libraries later.
    """
    backoff: Backoff = BACKOFF
    """Before each further try to reach an unreachable server."""
    polling_seconds: float = 1.0
    """Between two polls for changes and due deliveries, which are cheap."""
    setup_error_seconds: float = 6 * 3600.0
    """Before the next try at a server that rejects us. A reload of the daemon tries at once."""


def after_sent(timings: DeliveryTimings, now: float) -> dict[str, Any]:
    """Return the columns of a delivery that a server has just accepted."""
    return {
        "state": DeliveryState.SENT,
        "checks": 0,
        "sent_at": now,
        "due_at": now + timings.check_seconds[0],
        "detail": "",
    }


def after_rejected(error: SubtitledError, now: float) -> dict[str, Any]:
    """Return the columns of a delivery that a server will never accept."""
    return _final_values(DeliveryState.NOT_INDEXED, now, str(error))


def after_check(
    delivery: Delivery,
    index_status: IndexStatus,
    strategy_count: int,
    timings: DeliveryTimings,
    now: float,
) -> dict[str, Any]:
    """Return the columns of a delivery after a check.

    Args:
        delivery: The delivery.
        index_status: What the server says about the sidecars.
        strategy_count: How many strategies the server has. The next one is tried when all checks of
            one have failed.
        timings: The times between steps.
        now: Seconds since 1970.
    """
    if index_status.is_complete is not False:
        stage = DeliveryState.CONFIRMED if index_status.is_complete else DeliveryState.UNVERIFIABLE
        return _final_values(stage, now, index_status.detail) | {"checks": delivery.checks + 1}
    check_count = delivery.checks + 1
    if check_count < len(timings.check_seconds):
        return {
            "checks": check_count,
            "due_at": now + timings.check_seconds[check_count],
            "detail": index_status.detail,
        }
    strategy = delivery.strategy + 1
    if strategy < strategy_count:
        waiting = {"state": DeliveryState.WAITING, "strategy": strategy, "checks": 0}
        return waiting | {"due_at": now, "detail": index_status.detail}
    return _final_values(DeliveryState.NOT_INDEXED, now, index_status.detail) | {
        "checks": check_count
    }


def seconds_until_retry(
    error: SubtitledError, failures: int, backoff: Backoff, setup_error_seconds: float
) -> float:
    """Return the seconds until a server or notifier is called again after failures in a row.

    Args:
        error: The last failure.
        failures: The number of failures in a row, this one included.
        backoff: The waits after transient errors.
        setup_error_seconds: The wait after an error that a person has to fix.
    """
    if not isinstance(error, TransientError):
        return setup_error_seconds
    return backoff.delay(failures, error.retry_after)


def _final_values(state: DeliveryState, now: float, detail: str) -> dict[str, Any]:
    return {"state": state, "due_at": None, "ended_at": now, "detail": detail}
