"""Whether somebody watches something: every media server asked, none of them waited for."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from subtitled.config.isolation import guarded
from subtitled.config.plugins import Configured
from subtitled.plugin import Backoff, MediaServer, Problem

_log = logging.getLogger(__name__)

LIMIT = 10.0
"""Seconds that a server may take to answer."""
LONGEST_WAIT = 300.0
"""Seconds between two tries at a server that does not answer; the wait doubles up to this."""
BELIEVED = 60.0
"""Seconds for which the last answer stands when a server does not answer any more."""


class Asker(threading.Thread):
    """Asks one server, in a thread of its own, while it is wanted."""

    def __init__(
        self, configured: Configured[MediaServer], every: float, wanted: Callable[[], bool]
    ) -> None:
        super().__init__(name=f"asking {configured.name}", daemon=True)
        self.server = configured.name
        self._configured = configured
        self._every = every
        self._wanted = wanted
        self._ending = threading.Event()
        self._silent = 0
        self._asked: MediaServer | None = None
        self.playing: tuple[Path, ...] = ()
        """What somebody watches, by the last answer."""
        self.seen = float("-inf")
        """When somebody was last seen watching, by the monotonic clock."""
        self.tried = float("-inf")
        """When a try to ask last came to its end, well or not."""

    def end(self) -> None:
        self._ending.set()

    def watched(self, now: float, linger: float) -> bool:
        """Whether somebody watches, or did so within ``linger`` seconds."""
        if self.playing:
            return now - self.seen <= max(linger, BELIEVED + self._every)
        return now - self.seen <= linger

    def run(self) -> None:
        while not self._ending.wait(0.5):
            wait = Backoff(self._every, maximum=LONGEST_WAIT).delay(self._silent + 1)
            if self._wanted() and time.monotonic() - self.tried >= wait:
                self._ask()

    def _ask(self) -> None:
        try:
            made = self._made()
            self.playing = guarded(self.server, lambda: tuple(made.playing()), LIMIT)
        except Problem as problem:
            self._asked = None  # its key may be another one by now, and a call may still hang in it
            # Nobody is waited for: what does not answer is as if nobody watched.
            level = logging.DEBUG if self._silent else logging.WARNING
            _log.log(level, "%s does not say whether somebody watches: %s", self.server, problem)
            self._silent += 1
        else:
            self._silent = 0
            if self.playing:
                self.seen = time.monotonic()
        self.tried = time.monotonic()

    def _made(self) -> MediaServer:
        """The plugin, kept for as long as it answers: a client over TLS reads all certificates."""
        if self._asked is None:
            self._asked = self._configured.make()
        return self._asked


def can_say(configured: Configured[MediaServer]) -> bool:
    """Whether a server's plugin knows what is being watched at all."""
    return configured.component.playing is not MediaServer.playing
