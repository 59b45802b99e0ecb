"""Throttling: engines are suspended while playback or other programs need the machine.

Without work, nothing is polled. A job that starts is held until the first playback and load check.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from subtitled.config.daemon_settings import ThrottleSettings
from subtitled.config.plugins import ConfiguredComponent
from subtitled.jobcontext.viewing import Viewers
from subtitled.jobs.throttle_state import VIEWERS_RULE, Throttle, ThrottleRegistry
from subtitled.plugin import MediaServer, Sidecar
from subtitled.plugin.paths import display_path
from subtitled.polling import PollingWorker

from .playback import POLL_TIMEOUT_SECONDS, PlaybackPoller, supports_playback
from .resource_monitor import ResourceMonitor

_log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""Seconds between two evaluations of the pollers and sensors."""
IDLE_SECONDS = 30.0
"""Seconds without work after which polling stops, and the next job is held until a first check."""


class Suspendable(Protocol):
    """Engines that can be suspended."""

    def suspend(self) -> None:
        """Suspend all engines. Those that are suspended stay so."""

    def resume(self) -> None:
        """Resume all engines."""

    def process_ids(self) -> Iterable[int]:
        """Return the ids of their processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThrottleCallbacks:
    """What the rest of the process does for the throttle controller."""

    is_busy: Callable[[], bool]
    """Returns whether there is work."""
    on_playback: Callable[[Sequence[Path]], None] = lambda paths: None
    """Is called with the files whose playback started."""
    processes: Callable[[], Iterable[int]] | None = None
    """Returns the ids of all our processes on this machine, by default those of the engines.

    Their load is not counted as load by others.
    """
    is_wanted: Callable[[Path], bool] = lambda path: False
    """Returns whether a file is worked on here, or is about to be."""
    viewers: Viewers | None = None
    """Where viewers are kept, if films get their subtitle while they are watched."""
    viewer_servers: frozenset[str] = frozenset()
    """The servers whose viewers get it."""
    is_served: Callable[[Path, str], bool] = lambda path, server: False
    """Returns whether the viewers of a file on a server get it."""


class ThrottleController(PollingWorker):
    """Sets and clears the throttles of the rules, and suspends engines that must stop at once."""

    def __init__(
        self,
        settings: ThrottleSettings,
        servers: Mapping[str, ConfiguredComponent[MediaServer]],
        throttles: ThrottleRegistry,
        engines: Suspendable,
        callbacks: ThrottleCallbacks,
    ) -> None:
        """Create the controller.

        Args:
            settings: The rules of ``[throttle]``.
            servers: The media servers by name, which are asked for playback.
            throttles: The registry in which throttles are set and cleared.
            engines: The engines to suspend.
            callbacks: What the rest of the process does for it.
        """
        super().__init__("throttling")
        self._settings = settings
        self._throttles = throttles
        self._engines = engines
        self._is_busy = callbacks.is_busy
        self._on_playback = callbacks.on_playback
        self._is_wanted = callbacks.is_wanted
        self._is_served = callbacks.is_served
        self._last_busy_at = float("-inf")
        self._work_began_at = 0.0
        self._last_playing: frozenset[Path] = frozenset()
        self._playback_pollers = [
            PlaybackPoller(
                server,
                settings.playback_poll_interval,
                self._is_awake,
                callbacks.viewers if name in callbacks.viewer_servers else None,
            )
            for name, server in servers.items()
            if (settings.pause_during_playback or name in callbacks.viewer_servers)
            and supports_playback(server)
        ]
        self._resource_monitor = ResourceMonitor(
            settings, callbacks.processes or engines.process_ids, self._is_awake
        )
        self._active_rules = set[str]()
        throttles.hold_new_jobs(True)

    def show_sidecar(self, media: Path, sidecar: Sidecar, is_whole: bool) -> None:
        """Have the players of a media file read a sidecar that grows, or is whole now."""
        for poller in self._playback_pollers:
            if self._is_served(media, poller.server):
                poller.growing.report(media, sidecar, is_whole)

    def withdraw_sidecar(self, media: Path, sidecar: Sidecar) -> None:
        """Tell the servers that a sidecar which grew is gone."""
        for poller in self._playback_pollers:
            if self._is_served(media, poller.server):
                poller.growing.withdraw(media, sidecar)

    def request_stop(self) -> None:
        """Ask the threads to stop, without waiting for them."""
        for poller in self._playback_pollers:
            poller.request_stop()
        self._resource_monitor.request_stop()
        super().request_stop()

    def run(self) -> None:
        """Apply the throttles until the thread is stopped."""
        for thread in (*self._playback_pollers, self._resource_monitor):
            thread.start()
        super().run()

    def tick(self) -> float:
        """Evaluate all rules once."""
        try:
            self._evaluate(time.monotonic())
        except Exception:  # noqa: BLE001 - logged
            _log.exception("throttle check failed; work continues")
            self._throttles.hold_new_jobs(False)
        return TICK_SECONDS

    def _evaluate(self, now: float) -> None:
        if self._is_busy():
            if now - self._last_busy_at > IDLE_SECONDS:
                self._work_began_at = now
            self._last_busy_at = now
        if not self._is_awake():
            self._apply({})
            self._throttles.hold_new_jobs(True)
        else:
            self._apply(self._evaluate_rules(now))
            all_polled = all(
                poller.last_poll_at >= self._work_began_at for poller in self._playback_pollers
            )
            if self._resource_monitor.last_reading_at >= self._work_began_at and (
                all_polled or now - self._work_began_at > POLL_TIMEOUT_SECONDS
            ):
                self._throttles.hold_new_jobs(False)
        if self._throttles.is_immediate(self._is_wanted):
            self._engines.suspend()
        else:
            self._engines.resume()

    def _is_awake(self) -> bool:
        return time.monotonic() - self._last_busy_at <= IDLE_SECONDS

    def _evaluate_rules(self, now: float) -> dict[str, Throttle]:
        active = dict(self._resource_monitor.throttles)
        served = frozenset(
            path
            for poller in self._playback_pollers
            if poller.is_playing(now, 0.0)
            for path in poller.playing_paths
            if self._is_served(path, poller.server) and self._is_wanted(path)
        )
        if served:
            names = ", ".join(display_path(path.name) for path in sorted(served))
            reason = f"{names} is watched and gets its subtitle first"
            active[VIEWERS_RULE] = Throttle(reason, is_immediate=False, exempt_paths=served)
        for poller in self._playback_pollers:
            if not self._settings.pause_during_playback:
                break
            if poller.is_playing(now, self._settings.playback_cooldown):
                names = ", ".join(display_path(path.name) for path in poller.playing_paths)
                reason = (
                    f"{names} is being played on {poller.server}"
                    if names
                    else f"playback on {poller.server} ended a moment ago"
                )
                watched = frozenset(poller.last_playing_paths)
                active[f"playback {poller.server}"] = Throttle(reason, exempt_paths=watched)
        playing = frozenset(
            path for poller in self._playback_pollers for path in poller.playing_paths
        )
        if started := playing - self._last_playing:
            self._on_playback(sorted(started))
        self._last_playing = playing
        return _exempt_from_all_playback(active)

    def _apply(self, throttles: Mapping[str, Throttle]) -> None:
        for rule in self._active_rules - throttles.keys():
            self._throttles.put(rule, None)
        for rule, throttle in throttles.items():
            self._throttles.put(rule, throttle)
        self._active_rules = set(throttles)


def _exempt_from_all_playback(throttles: Mapping[str, Throttle]) -> dict[str, Throttle]:
    """Let what is watched on one server be worked on while others play something else."""
    watched = frozenset[Path]().union(*(throttle.exempt_paths for throttle in throttles.values()))
    return {
        rule: replace(throttle, exempt_paths=watched) if throttle.exempt_paths else throttle
        for rule, throttle in throttles.items()
    }
