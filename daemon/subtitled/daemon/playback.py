"""What is being played on the media servers: polled while there is work, looked up on request."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.commands import Command, CommandKind, CommandQueue
from subtitled.jobcontext.viewing import Viewers
from subtitled.plugin import (
    Backoff,
    MediaServer,
    PlaybackSession,
    Sidecar,
    SidecarChange,
    SubtitledError,
)
from subtitled.plugin.limits import storable_paths
from subtitled.polling import PollingWorker

from .growing_sidecars import GrowingSidecars

_log = logging.getLogger(__name__)

POLL_TIMEOUT_SECONDS = 10.0
"""Seconds that a server may take to answer a poll."""
LOOKUP_TIMEOUT_SECONDS = 30.0
"""Seconds that a server may take to answer a lookup."""
VIEWER_POLL_SECONDS = 5.0
"""Seconds between two polls, at most, where films get their subtitle while they are watched."""
MAX_PLAYING = 1000
"""Most files that one server may play at a time."""
MAX_BACKOFF_SECONDS = 300.0
"""Longest wait between two polls of a server that does not answer. The wait doubles up to this."""
TRUST_SECONDS = 60.0
"""Seconds for which the last answer is trusted when a server does not answer any more."""


class PlaybackPoller(PollingWorker):
    """A thread that polls one server while that is wanted."""

    def __init__(
        self,
        configured: ConfiguredComponent[MediaServer],
        interval_seconds: float,
        is_wanted: Callable[[], bool],
        viewers: Viewers | None = None,
    ) -> None:
        """Create the thread without starting it.

        Args:
            configured: The server.
            interval_seconds: Seconds between two polls.
            is_wanted: Returns whether it is to be polled now.
            viewers: Where its viewers are kept, if films get their subtitle while they are watched.
        """
        super().__init__(f"playback {configured.name}")
        self.server = configured.name
        self._configured = configured
        self._viewers = viewers
        self.growing = GrowingSidecars(configured.name, self._show, self._refresh)
        """The sidecars that its players are told of."""
        if viewers is not None:
            interval_seconds = min(interval_seconds, VIEWER_POLL_SECONDS)
        self._interval_seconds = interval_seconds
        self._is_wanted = is_wanted
        self._failures = 0
        self._connected_server: MediaServer | None = None
        self.playing_paths: tuple[Path, ...] = ()
        """Files that are played, by the last answer."""
        self.last_playing_paths: tuple[Path, ...] = ()
        """Files that are played, or were played last."""
        self.last_playing_at = float("-inf")
        """When something was last played, by the monotonic clock."""
        self.last_poll_at = float("-inf")
        """When the last poll ended, with an answer or without."""

    def is_playing(self, now: float, cooldown_seconds: float) -> bool:
        """Check whether something is played, or was within ``cooldown_seconds``."""
        if self.playing_paths:
            return now - self.last_playing_at <= max(
                cooldown_seconds, TRUST_SECONDS + self._interval_seconds
            )
        return now - self.last_playing_at <= cooldown_seconds

    def tick(self) -> float:
        """Ask the server for playback if that is wanted and due."""
        backoff = Backoff(self._interval_seconds, maximum=MAX_BACKOFF_SECONDS)
        wait = backoff.delay(self._failures + 1)
        is_wanted = self._is_wanted() or self.growing.has_any
        if is_wanted and time.monotonic() - self.last_poll_at >= wait:
            self._poll()
        return 0.5

    def _ask(self) -> tuple[tuple[Path, ...], Sequence[PlaybackSession]]:
        """Ask the server what is played, and for its sessions if its viewers matter."""
        server = self._get_server()
        if self._viewers is None:
            paths = call_with_timeout(
                self.server,
                lambda: tuple(storable_paths(server.now_playing(), MAX_PLAYING)),
                POLL_TIMEOUT_SECONDS,
            )
            return paths, ()
        listed = call_with_timeout(
            self.server,
            lambda: tuple(islice(server.playback_sessions(), MAX_PLAYING)),
            POLL_TIMEOUT_SECONDS,
        )
        paths = tuple(storable_paths((session.media for session in listed), MAX_PLAYING))
        sessions = [session for session in listed if session.media in paths]
        self._viewers.update(self.server, sessions)
        return tuple(dict.fromkeys(paths)), sessions

    def _show(self, session: PlaybackSession, sidecar: Sidecar, is_new: bool) -> bool | None:
        server = self._get_server()
        return call_with_timeout(
            self.server,
            lambda: server.show_sidecar(session, sidecar, is_new),
            POLL_TIMEOUT_SECONDS,
        )

    def _refresh(self, change: SidecarChange) -> None:
        server = self._get_server()
        call_with_timeout(self.server, lambda: server.refresh([change], 0), POLL_TIMEOUT_SECONDS)

    def _poll(self) -> None:
        try:
            self.playing_paths, sessions = self._ask()
        except SubtitledError as error:
            # Its key may have changed, and a call may still hang in it.
            self._connected_server = None
            # A server that does not answer counts as one where nothing is played.
            level = logging.DEBUG if self._failures else logging.WARNING
            _log.log(level, "server %s: playback cannot be determined: %s", self.server, error)
            self._failures += 1
        else:
            self._failures = 0
            if self.playing_paths:
                self.last_playing_at = time.monotonic()
                self.last_playing_paths = self.playing_paths
            if self._viewers is not None:
                self.growing.tell(sessions)
        self.last_poll_at = time.monotonic()

    def _get_server(self) -> MediaServer:
        """Return the plugin, kept as long as it answers: a TLS client loads all certificates."""
        if self._connected_server is None:
            self._connected_server = self._configured.create()
        return self._connected_server


def supports_playback(configured: ConfiguredComponent[MediaServer]) -> bool:
    """Check whether a server's plugin can report what is being played."""
    plugin = configured.component_class
    return (
        plugin.now_playing is not MediaServer.now_playing
        or plugin.playback_sessions is not MediaServer.playback_sessions
    )


class PlaybackLookup:
    """Replaces a :attr:`CommandKind.PLAYBACK_STARTED` without a path by one for each file."""

    def __init__(self, configuration: Configuration, commands: CommandQueue) -> None:
        self._servers = configuration.servers
        self._commands = commands

    def look_up(self, command: Command) -> None:
        """Ask the servers in a new thread, because a server may be slow."""
        threading.Thread(
            target=self._look_up_now, args=[command], name="playback lookup", daemon=True
        ).start()

    def _look_up_now(self, command: Command) -> None:
        playing: list[Command] = []
        for name, configured in self._servers.items():
            try:
                server = configured.create()
                paths = call_with_timeout(
                    name,
                    lambda: storable_paths(server.now_playing(), MAX_PLAYING),  # noqa: B023 - called at once
                    LOOKUP_TIMEOUT_SECONDS,
                )
            except SubtitledError as error:
                _log.warning("server %s: played files cannot be determined: %s", name, error)
                continue
            playing += [
                Command(kind=CommandKind.PLAYBACK_STARTED, path=path, actor=command.actor)
                for path in paths
            ]
        try:
            if playing:
                self._commands.enqueue_all(playing)
            self._commands.mark_done([command.id])
        except Exception:  # noqa: BLE001 - the command stays in the database until the next start
            _log.exception("the played files could not be stored")
