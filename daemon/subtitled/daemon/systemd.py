"""Telling systemd how we are: ready, reloading, stopping, alive, and a line that people read."""

from __future__ import annotations

import os
import time

import sdnotify


class Systemd:
    """Speaks to the service manager if there is one; else every call is a no-op."""

    def __init__(self) -> None:
        self._notifier = sdnotify.SystemdNotifier()
        self._status = ""
        interval = os.environ.get("WATCHDOG_USEC")
        # Twice in each period, as sd_watchdog_enabled(3) recommends.
        self._beat = int(interval) / 1e6 / 2 if interval else None
        self._last_beat = 0.0

    def ready(self) -> None:
        self._notifier.notify("READY=1")

    def reloading(self) -> None:
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notifier.notify(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        self._notifier.notify("STOPPING=1\nSTATUS=Stopping")

    def status(self, line: str) -> None:
        """The line in ``systemctl status``; sent when it changes."""
        if line != self._status:
            self._status = line
            self._notifier.notify(f"STATUS={line}")

    def alive(self) -> None:
        """Feed the watchdog, if one is set; call it as often as you like."""
        now = time.monotonic()
        if self._beat is not None and now - self._last_beat >= self._beat:
            self._last_beat = now
            self._notifier.notify("WATCHDOG=1")
