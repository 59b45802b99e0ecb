"""Being a good neighbour: engines stop where they are while others need the machine.

While there is no work nobody is asked anything. A job that begins is held until it is known whether
anybody would be disturbed.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from subtitled.config.daemon_settings import ThrottleSettings
from subtitled.config.plugins import ConfiguredComponent
from subtitled.jobs.throttle_state import Throttle, ThrottleRegistry
from subtitled.plugin import MediaServer

from .playback import POLL_TIMEOUT_SECONDS, PlaybackPoller, supports_playback
from .resource_monitor import ResourceMonitor

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""Seconds between two looks at what askers and senses found."""
IDLE_SECONDS = 30.0
"""Seconds without work after which nobody is asked any more, and the next job is held at first."""


class Suspendable(Protocol):
    """The engines, as far as they matter here."""

    def suspend(self) -> None:
        """Stop where they are; those that are stopped stay so."""

    def resume(self) -> None:
        """Go on."""

    def process_ids(self) -> Iterable[int]:
        """Their processes."""


class ThrottleController(threading.Thread):
    """Puts and takes away the halts of the rules, and stops engines that must stop at once."""

    def __init__(
        self,
        settings: ThrottleSettings,
        servers: Mapping[str, ConfiguredComponent[MediaServer]],
        throttles: ThrottleRegistry,
        engines: Suspendable,
        is_busy: Callable[[], bool],
        on_playback: Callable[[Sequence[Path]], None] = lambda paths: None,
        processes: Callable[[], Iterable[int]] | None = None,
    ) -> None:
        """``busy`` says whether there is work; ``on_watching`` hears what somebody now watches;
        ``processes`` are all of ours on this machine, if there are more than the engines."""
        super().__init__(name="neighbour", daemon=True)
        self._settings = settings
        self._throttles = throttles
        self._engines = engines
        self._is_busy = is_busy
        self._on_playback = on_playback
        self._stopping = threading.Event()
        self._last_busy_at = float("-inf")
        self._last_playing: frozenset[Path] = frozenset()
        self._playback_pollers = [
            PlaybackPoller(server, settings.playback_poll_interval, self._is_awake)
            for server in servers.values()
            if settings.pause_during_playback and supports_playback(server)
        ]
        self._resource_monitor = ResourceMonitor(
            settings, processes or engines.process_ids, self._is_awake
        )
        self._active_rules = set[str]()
        throttles.hold_new_jobs(True)

    def request_stop(self) -> None:
        """Ask for the end, without waiting."""
        for asker in self._playback_pollers:
            asker.request_stop()
        self._resource_monitor.request_stop()
        self._stopping.set()

    def run(self) -> None:
        for thread in (*self._playback_pollers, self._resource_monitor):
            thread.start()
        began = 0.0
        while not self._stopping.wait(TICK_SECONDS):
            try:
                began = self._tick(time.monotonic(), began)
            except Exception:  # noqa: BLE001 - logged
                _log.exception("whether work may go on cannot be said; it goes on")
                self._throttles.hold_new_jobs(False)

    def _tick(self, now: float, work_began_at: float) -> float:
        """One look at everything; when the present time of work began."""
        if self._is_busy():
            work_began_at = now if now - self._last_busy_at > IDLE_SECONDS else work_began_at
            self._last_busy_at = now
        if not self._is_awake():
            self._apply({})
            self._throttles.hold_new_jobs(True)
        else:
            self._apply(self._evaluate_rules(now))
            all_asked = all(asker.last_poll_at >= work_began_at for asker in self._playback_pollers)
            if self._resource_monitor.first_reading_event >= work_began_at and (
                all_asked or now - work_began_at > POLL_TIMEOUT_SECONDS
            ):
                self._throttles.hold_new_jobs(False)
        if self._throttles.is_immediate:
            self._engines.suspend()
        else:
            self._engines.resume()
        return work_began_at

    def _is_awake(self) -> bool:
        return time.monotonic() - self._last_busy_at <= IDLE_SECONDS

    def _evaluate_rules(self, now: float) -> dict[str, Throttle]:
        active = dict(self._resource_monitor.throttles)
        for asker in self._playback_pollers:
            if asker.is_playing(now, self._settings.playback_cooldown):
                names = ", ".join(_display_path(path) for path in asker.playing_paths)
                reason = (
                    f"somebody watches {names} on {asker.server}"
                    if names
                    else (f"somebody watched something on {asker.server} a moment ago")
                )
                active[f"watching {asker.server}"] = Throttle(reason)
        watched = frozenset(
            path for asker in self._playback_pollers for path in asker.playing_paths
        )
        if new := watched - self._last_playing:
            self._on_playback(sorted(new))
        self._last_playing = watched
        return active

    def _apply(self, throttles: Mapping[str, Throttle]) -> None:
        for rule in self._active_rules - throttles.keys():
            self._throttles.put(rule, None)
        for rule, throttle in throttles.items():
            self._throttles.put(rule, throttle)
        self._active_rules = set(throttles)


def _display_path(path: Path) -> str:
    return os.fsencode(path.name).decode("utf-8", "replace")
