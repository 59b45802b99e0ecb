"""The throttles in force, by the name of the rule that set them."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from subtitled.db.kv import THROTTLE_KEY, KeyValueStore
from subtitled.db.records import DAEMON_NAME

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Throttle:
    """Why work is paused, and whether engines stop at once or after their chunk."""

    reason: str
    is_immediate: bool = True


class RemoteThrottles:
    """The throttles of another process, the daemon or a worker, as it published them."""

    def __init__(self, kv: KeyValueStore, name: str = DAEMON_NAME) -> None:
        self._kv = kv
        self._prefix = f"{THROTTLE_KEY}{name}:"

    def first_reason(self) -> str | None:
        """Return the reason of one throttle, or None."""
        return next(iter(self._kv.get_prefix(self._prefix).values()), None)


class ThrottleRegistry:
    """The throttles of this process.

    Threads share it. Changes are logged and published to others.
    """

    def __init__(self, kv: KeyValueStore, name: str = DAEMON_NAME) -> None:
        self._kv = kv
        self._prefix = f"{THROTTLE_KEY}{name}:"
        self._throttles: dict[str, Throttle] = {}
        self._lock = threading.Lock()
        self._is_holding = False
        for key in kv.get_prefix(self._prefix):  # An earlier run may have left it.
            kv.set(key, None)

    def put(self, rule: str, throttle: Throttle | None) -> None:
        """Set the throttle of a rule, or remove it with None."""
        with self._lock:
            previous = self._throttles.get(rule)
            if previous == throttle:
                return
            if throttle is None:
                del self._throttles[rule]
            else:
                self._throttles[rule] = throttle
            all_clear = not self._throttles
        self._kv.set(self._prefix + rule, throttle.reason if throttle else None)
        if previous is None and throttle is not None:
            _log.info("work paused: %s", throttle.reason)
        elif throttle is None and all_clear:
            _log.info("work resumed")

    def hold_new_jobs(self, is_on: bool) -> None:
        """Hold new jobs until the rules have been checked for the first time.

        This is not published.
        """
        self._is_holding = is_on

    def first_reason(self) -> str | None:
        """Return the reason of one throttle, or None."""
        with self._lock:
            reason = next((throttle.reason for throttle in self._throttles.values()), None)
        return reason or (
            "waiting for the first playback and load check" if self._is_holding else None
        )

    @property
    def is_immediate(self) -> bool:
        """Whether engines have to stop at once."""
        with self._lock:
            return any(throttle.is_immediate for throttle in self._throttles.values())
