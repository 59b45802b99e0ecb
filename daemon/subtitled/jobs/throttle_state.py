"""The throttles in force, by the name of the rule that set them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from subtitled.db.kv import THROTTLE_KEY, KeyValueStore
from subtitled.db.records import DAEMON_NAME

_log = logging.getLogger(__name__)

VIEWERS_RULE = "viewers"
"""The rule by which a film that somebody watches, and that gets its subtitle now, comes first."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """Why work is paused, and whether engines stop at once or after their chunk."""

    reason: str
    is_immediate: bool = True
    exempt_paths: frozenset[Path] = frozenset()
    """Files that are worked on all the same, such as the film that is being watched."""
    is_routine: bool = False
    """Whether it comes and goes too often for the log of a user."""


class RemoteThrottles:
    """The throttles of another process, the daemon or a worker, as it published them."""

    def __init__(self, kv: KeyValueStore, name: str = DAEMON_NAME) -> None:
        self._kv = kv
        self._prefix = f"{THROTTLE_KEY}{name}:"

    def first_reason(self, media: Path | None = None) -> str | None:
        """Return the reason of one throttle, or None. What is exempt is not published."""
        return next(iter(self._kv.get_prefix(self._prefix).values()), None)

    def exempt_paths(self, rule: str | None = None) -> frozenset[Path]:
        """Return no files: what is exempt is not published."""
        return frozenset()


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
            all_clear = all(one.is_routine for one in self._throttles.values())
        self._kv.set(self._prefix + rule, throttle.reason if throttle else None)
        if previous is None and throttle is not None:
            _log.log(_level(throttle), "work paused: %s", throttle.reason)
        elif previous is not None and throttle is None and all_clear:
            _log.log(_level(previous), "work resumed")

    def hold_new_jobs(self, is_on: bool) -> None:
        """Hold new jobs until the rules have been checked for the first time.

        This is not published.
        """
        self._is_holding = is_on

    def first_reason(self, media: Path | None = None) -> str | None:
        """Return the reason of one throttle, or None.

        Args:
            media: The file to be worked on. A throttle that exempts it does not count.
        """
        with self._lock:
            throttles = list(self._throttles.values())
        reason = next((one.reason for one in throttles if media not in one.exempt_paths), None)
        return reason or (
            "waiting for the first playback and load check" if self._is_holding else None
        )

    def exempt_paths(self, rule: str | None = None) -> frozenset[Path]:
        """Return the files that at least one throttle exempts, or that of a rule."""
        with self._lock:
            throttles = [
                throttle for name, throttle in self._throttles.items() if rule in (None, name)
            ]
        return frozenset[Path]().union(*(throttle.exempt_paths for throttle in throttles))

    def is_immediate(self, is_wanted: Callable[[Path], bool] = lambda path: False) -> bool:
        """Return whether engines have to stop at once.

        Args:
            is_wanted: Returns whether this process works on a file, or is about to. Engines go on
                for a file that is exempt.
        """
        with self._lock:
            immediate = [one for one in self._throttles.values() if one.is_immediate]
        return any(not any(map(is_wanted, throttle.exempt_paths)) for throttle in immediate)


def _level(throttle: Throttle) -> int:
    return logging.DEBUG if throttle.is_routine else logging.INFO
