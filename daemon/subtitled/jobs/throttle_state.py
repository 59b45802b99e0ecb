"""What keeps all work waiting just now, by the name of the rule that says so."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from subtitled.db.kv import THROTTLE_KEY, KeyValueStore
from subtitled.db.records import DAEMON_NAME

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Why, in a sentence, and whether engines stop at once or at the end of their stretch."""

    reason: str
    is_immediate: bool = True


class RemoteThrottles:
    """The halts of another process, the daemon's or a worker's, as it tells them."""

    def __init__(self, kv: KeyValueStore, name: str = DAEMON_NAME) -> None:
        self._kv = kv
        self._prefix = f"{THROTTLE_KEY}{name}:"

    def first_reason(self) -> str | None:
        """One of the reasons, or None."""
        return next(iter(self._kv.get_prefix(self._prefix).values()), None)


class ThrottleRegistry:
    """The halts in force. Threads share it; what changes is logged and told to other processes."""

    def __init__(self, kv: KeyValueStore, name: str = DAEMON_NAME) -> None:
        self._kv = kv
        self._prefix = f"{THROTTLE_KEY}{name}:"
        self._throttles: dict[str, Throttle] = {}
        self._lock = threading.Lock()
        self._is_holding = False
        for left in kv.get_prefix(self._prefix):  # by an earlier life
            kv.set(left, None)

    def put(self, rule: str, throttle: Throttle | None) -> None:
        """What a rule says now: a halt, or that nothing stands in the way."""
        with self._lock:
            before = self._throttles.get(rule)
            if before == throttle:
                return
            if throttle is None:
                del self._throttles[rule]
            else:
                self._throttles[rule] = throttle
            over = not self._throttles
        self._kv.set(self._prefix + rule, throttle.reason if throttle else None)
        if before is None and throttle is not None:
            _log.info("work paused: %s", throttle.reason)
        elif throttle is None and over:
            _log.info("work resumed")

    def hold_new_jobs(self, is_on: bool) -> None:
        """Hold what begins until somebody has looked whether it would disturb; nobody is told."""
        self._is_holding = is_on

    def first_reason(self) -> str | None:
        """One of the reasons, or None."""
        with self._lock:
            reason = next((throttle.reason for throttle in self._throttles.values()), None)
        return reason or (
            "waiting for the first playback and load check" if self._is_holding else None
        )

    @property
    def is_immediate(self) -> bool:
        """Whether engines are to stop where they are."""
        with self._lock:
            return any(throttle.is_immediate for throttle in self._throttles.values())
