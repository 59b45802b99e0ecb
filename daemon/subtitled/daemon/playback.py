"""Whether somebody watches something: every media server asked, none of them waited for.

Asking the media servers what is watched just now, when somebody says only that something is.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.plugins import ConfiguredComponent, call_with_timeout
from subtitled.db.commands import Command, CommandKind, CommandQueue
from subtitled.plugin import Backoff, MediaServer, SubtitledError

_log = logging.getLogger(__name__)

POLL_TIMEOUT_SECONDS = 10.0
"""Seconds that a server may take to answer."""
MAX_BACKOFF_SECONDS = 300.0
"""Seconds between two tries at a server that does not answer; the wait doubles up to this."""
TRUST_SECONDS = 60.0
"""Seconds for which the last answer stands when a server does not answer any more."""


class PlaybackPoller(threading.Thread):
    """Asks one server, in a thread of its own, while it is wanted."""

    def __init__(
        self,
        configured: ConfiguredComponent[MediaServer],
        interval_seconds: float,
        is_wanted: Callable[[], bool],
    ) -> None:
        super().__init__(name=f"asking {configured.name}", daemon=True)
        self.server = configured.name
        self._configured = configured
        self._interval_seconds = interval_seconds
        self._is_wanted = is_wanted
        self._stopping = threading.Event()
        self._failures = 0
        self._polled_at: MediaServer | None = None
        self.playing_paths: tuple[Path, ...] = ()
        """What somebody watches, by the last answer."""
        self.last_playing_at = float("-inf")
        """When somebody was last seen watching, by the monotonic clock."""
        self.last_poll_at = float("-inf")
        """When a try to ask last came to its end, well or not."""

    def request_stop(self) -> None:
        self._stopping.set()

    def is_playing(self, now: float, cooldown_seconds: float) -> bool:
        """Whether somebody watches, or did so within ``linger`` seconds."""
        if self.playing_paths:
            return now - self.last_playing_at <= max(
                cooldown_seconds, TRUST_SECONDS + self._interval_seconds
            )
        return now - self.last_playing_at <= cooldown_seconds

    def run(self) -> None:
        while not self._stopping.wait(0.5):
            wait = Backoff(self._interval_seconds, maximum=MAX_BACKOFF_SECONDS).delay(
                self._failures + 1
            )
            if self._is_wanted() and time.monotonic() - self.last_poll_at >= wait:
                self._poll()

    def _poll(self) -> None:
        try:
            server = self._get_server()
            self.playing_paths = call_with_timeout(
                self.server, lambda: tuple(server.now_playing()), POLL_TIMEOUT_SECONDS
            )
        except SubtitledError as error:
            self._polled_at = (
                None  # its key may be another one by now, and a call may still hang in it
            )
            # Nobody is waited for: what does not answer is as if nobody watched.
            level = logging.DEBUG if self._failures else logging.WARNING
            _log.log(level, "%s does not say whether somebody watches: %s", self.server, error)
            self._failures += 1
        else:
            self._failures = 0
            if self.playing_paths:
                self.last_playing_at = time.monotonic()
        self.last_poll_at = time.monotonic()

    def _get_server(self) -> MediaServer:
        """The plugin, kept for as long as it answers: a client over TLS reads all certificates."""
        if self._polled_at is None:
            self._polled_at = self._configured.create()
        return self._polled_at


def supports_playback(configured: ConfiguredComponent[MediaServer]) -> bool:
    """Whether a server's plugin knows what is being watched at all."""
    return configured.component_class.now_playing is not MediaServer.now_playing


LOOKUP_TIMEOUT_SECONDS = 30.0
"""Seconds that a server may take to say what is watched."""


class PlaybackLookup:
    """Turns each :data:`CommandKind.PLAYBACK_STARTED` without a path into one for each file that is watched."""

    def __init__(self, configuration: Configuration, commands: CommandQueue) -> None:
        self._servers = configuration.servers
        self._commands = commands

    def look_up(self, request: Command) -> None:
        """Ask in a thread of its own: a server may be slow."""
        threading.Thread(
            target=self._look_up_now, args=[request], name="asking", daemon=True
        ).start()

    def _look_up_now(self, request: Command) -> None:
        watched: list[Command] = []
        for name, configured in self._servers.items():
            try:
                paths = call_with_timeout(
                    name, configured.create().now_playing, LOOKUP_TIMEOUT_SECONDS
                )
            except SubtitledError as error:
                _log.warning("%s does not say what is watched: %s", name, error)
                continue
            watched += [Command(CommandKind.PLAYBACK_STARTED, path) for path in paths]
        try:
            if watched:
                self._commands.enqueue_all(watched)
            self._commands.mark_done([request.id])
        except Exception:  # noqa: BLE001 - it waits in the ledger for the next life
            _log.exception("what is watched could not be written down")
