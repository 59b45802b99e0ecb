"""The course of one telling: what follows from what a server said. No effects here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.db.outbox import Delivery, DeliveryState
from subtitled.plugin import IndexStatus, SubtitledError, TransientError


@dataclass(frozen=True, slots=True)
class DeliveryTimings:
    """Seconds between the acts of telling."""

    gather_seconds: float = 5.0
    """From a change to its being told: what else changes meanwhile goes along in the same call."""
    check_seconds: tuple[float, ...] = (15.0, 30.0, 60.0, 120.0, 300.0)
    """From telling to each look at whether it is shown. Jellyfin and Emby act after a minute, on a
    large library later."""
    backoff_seconds: tuple[float, ...] = (30.0, 120.0, 600.0, 1800.0, 3600.0)
    """Before each further try to reach a server that is away; the last one for ever."""
    polling_seconds: float = 1.0
    """Between two looks at whether something changed or is due; they cost next to nothing."""
    setup_error_seconds: float = 6 * 3600.0
    """Before the next try at a server that refuses us. A reload of the daemon tries at once."""


def after_sent(timings: DeliveryTimings, now: float) -> dict[str, Any]:
    """What to write down of a telling that a server has just taken."""
    return {
        "state": DeliveryState.SENT,
        "checks": 0,
        "sent_at": now,
        "due_at": now + timings.check_seconds[0],
        "detail": "",
    }


def after_rejected(error: SubtitledError, now: float) -> dict[str, Any]:
    """The same of one that a server will never take."""
    return _final_values(DeliveryState.NOT_INDEXED, now, str(error))


def after_check(
    delivery: Delivery,
    index_status: IndexStatus,
    strategy_count: int,
    timings: DeliveryTimings,
    now: float,
) -> dict[str, Any]:
    """The same of one that a server was asked about, of so many ``methods``."""
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
    method = delivery.strategy + 1
    if method < strategy_count:
        waiting = {"state": DeliveryState.WAITING, "strategy": method, "checks": 0}
        return waiting | {"due_at": now, "detail": index_status.detail}
    return _final_values(DeliveryState.NOT_INDEXED, now, index_status.detail) | {
        "checks": check_count
    }


def backoff(error: SubtitledError, failures: int, timings: DeliveryTimings) -> float:
    """Seconds until a server is spoken to again that failed so many times in a row."""
    if not isinstance(error, TransientError):
        return timings.setup_error_seconds
    mine = timings.backoff_seconds[min(failures, len(timings.backoff_seconds)) - 1]
    return max(mine, error.retry_after or 0.0)


def _final_values(state: DeliveryState, now: float, detail: str) -> dict[str, Any]:
    return {"state": state, "due_at": None, "ended_at": now, "detail": detail}
