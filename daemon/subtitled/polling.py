"""Threads that do a little work again and again until they are stopped."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod

_log = logging.getLogger(__name__)

ERROR_WAIT_SECONDS = 60.0
"""Seconds to wait after an unexpected error, such as a full disk."""


class PollingWorker(threading.Thread, ABC):
    """A thread that calls :meth:`tick` until it is stopped, and survives every error in it.

    The thread ends with the process. It is waited for by nobody, because a call of a plugin or a
    file system may hang in it.
    """

    def __init__(self, name: str) -> None:
        """Create the thread.

        Args:
            name: Its name, which log messages begin with.
        """
        super().__init__(name=name, daemon=True)
        self._stop_event = threading.Event()
        self._wake_event = threading.Event()

    @abstractmethod
    def tick(self) -> float:
        """Do what is due.

        Returns:
            The seconds until the next call. :meth:`wake` shortens them.
        """

    def error_wait(self) -> float:
        """Return the seconds until the next call after an unexpected error."""
        return ERROR_WAIT_SECONDS

    def is_wakeable(self) -> bool:
        """Return whether :meth:`wake` may shorten the present wait."""
        return True

    @property
    def is_stopping(self) -> bool:
        """Whether the thread was asked to stop."""
        return self._stop_event.is_set()

    def wake(self) -> None:
        """Have :meth:`tick` called soon. During a call, another one follows."""
        self._wake_event.set()

    def request_stop(self) -> None:
        """Ask the thread to stop, without waiting for it."""
        self._stop_event.set()
        self._wake_event.set()

    def rest(self, seconds: float) -> None:
        """Wait, but not longer than until the thread is asked to stop."""
        self._stop_event.wait(seconds)

    def run(self) -> None:
        """Call :meth:`tick` until the thread is stopped."""
        while not self.is_stopping:
            self._wake_event.clear()
            try:
                seconds = self.tick()
            except Exception:  # noqa: BLE001 - logged
                if self.is_stopping:
                    return
                seconds = self.error_wait()
                _log.exception("%s: unexpected error, trying again in %g s", self.name, seconds)
            if self.is_wakeable():
                self._wake_event.wait(seconds)
            else:
                self.rest(seconds)
