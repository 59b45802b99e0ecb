"""Notifications to systemd: ready, reloading, stopping, watchdog, and a status line."""

from __future__ import annotations

import os
import time

import sdnotify


class Systemd:
    """The connection to the service manager. Without one, every call is a no-op."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._status = ""
        interval = os.environ.get("WATCHDOG_USEC")
        # Twice in each period, as sd_watchdog_enabled(3) recommends.
        self._watchdog_seconds = int(interval) / 1e6 / 2 if interval else None
        self._last_watchdog_at = 0.0

    def ready(self) -> None:
        """Notify that the service is ready, also after a reload."""
        self._notifier.notify("READY=1")

    def reloading(self) -> None:
        """Notify that a reload has started."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """Notify that the service is stopping."""
        self._notifier.notify("STOPPING=1\nSTATUS=Stopping")

    def status(self, line: str) -> None:
        """Set the line in ``systemctl status``. It is sent when it changes."""
        if line != self._status:
            self._status = line
            self._notifier.notify(f"STATUS={line}")

    def alive(self) -> None:
        """Notify the watchdog, if one is set, as often as it needs."""
        now = time.monotonic()
        if (
            self._watchdog_seconds is not None
            and now - self._last_watchdog_at >= self._watchdog_seconds
        ):
            self._last_watchdog_at = now
            self._notifier.notify("WATCHDOG=1")
