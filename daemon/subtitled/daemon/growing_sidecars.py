"""Having the players of one media server read a sidecar that grows while it is watched.

A player reads a subtitle when it is chosen, and not again. So it is told when the sidecar begins to
exist, then after waits that double, and when it is whole. The server is asked to look at the first
version, if it has a viewer. The outbox tells all servers of the whole one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.plugin import PlaybackSession, Sidecar, SidecarChange, SubtitledError
from subtitled.plugin.paths import display_path

_log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 30.0
"""Seconds after which a player is told again for the first time. They double each time.

A player that read two minutes at first has enough at each of them, if the sidecar grows by two
seconds in each second.
"""
FORGET_SECONDS = 300.0
"""Seconds for which a sidecar that does not change is shown to new viewers, and a player is tried
that cannot be told yet."""

Show = Callable[[PlaybackSession, Sidecar, bool], bool | None]
"""Calls :meth:`~subtitled.plugin.MediaServer.show_sidecar`; the last value is ``is_new``."""

Refresh = Callable[[SidecarChange], None]
"""Has the server look at a media file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowingSidecar:
    """A sidecar, and how far it is."""

    media: Path
    sidecar: Sidecar
    version: int
    is_whole: bool
    changed_at: float


@dataclass(frozen=True, slots=True)
class Shown:
    """What one player was told of one sidecar."""

    version: int = 0
    """The version that it read; 0 for none."""
    at: float = float("-inf")
    wait: float = FIRST_WAIT_SECONDS
    is_refused: bool = False
    """Whether the player cannot be told, or its viewer has chosen another subtitle."""


def is_due(growing: GrowingSidecar, shown: Shown, now: float) -> bool:
    """Return whether a player is to read a sidecar now."""
    if shown.is_refused or shown.version >= growing.version:
        return False
    return not shown.version or growing.is_whole or now - shown.at >= shown.wait


class GrowingSidecars:
    """The sidecars that grow, and what the players of one server know of them.

    Jobs report sidecars; the thread that asks the server tells the players.
    """

    def __init__(
        self,
        server: str,
        show: Show,
        refresh: Refresh,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create it.

        Args:
            server: The name of the server, for the log.
            show: Tells a player of the server.
            refresh: Has the server look at a media file.
            now: Returns the time by the monotonic clock.
        """
        self._server = server
        self._show = show
        self._refresh = refresh
        self._now = now
        self._lock = threading.Lock()
        self._growing: dict[Path, GrowingSidecar] = {}
        self._shown: dict[tuple[str, Path], Shown] = {}
        self._announced: set[Path] = set()
        self._withdrawn: list[SidecarChange] = []

    def report(self, media: Path, sidecar: Sidecar, is_whole: bool) -> None:
        """Take a new version of a sidecar. Players are told later, by :meth:`tell`."""
        with self._lock:
            before = self._growing.get(sidecar.path)
            version = before.version + 1 if before is not None else 1
            self._growing[sidecar.path] = GrowingSidecar(
                media=media,
                sidecar=sidecar,
                version=version,
                is_whole=is_whole,
                changed_at=self._now(),
            )

    def withdraw(self, media: Path, sidecar: Sidecar) -> None:
        """Take note that a sidecar was removed before it was whole."""
        with self._lock:
            if self._growing.pop(sidecar.path, None) is not None:
                self._withdrawn.append(SidecarChange(media, removed=(sidecar,)))

    @property
    def has_any(self) -> bool:
        """Whether any sidecar grows, or did a moment ago."""
        return bool(self._growing or self._withdrawn)

    def tell(self, sessions: Sequence[PlaybackSession]) -> None:
        """Tell the players what is due.

        Args:
            sessions: Who watches what on the server now.
        """
        now = self._now()
        with self._lock:
            self._growing = {
                path: growing
                for path, growing in self._growing.items()
                if now - growing.changed_at <= FORGET_SECONDS
            }
            withdrawn, self._withdrawn = self._withdrawn, []
            known = {
                (session.id, path): (session, growing)
                for session in sessions
                for path, growing in self._growing.items()
                if growing.media == session.media
            }
        # One that was removed may grow again, and its versions begin again.
        gone = {sidecar.path for change in withdrawn for sidecar in change.removed}
        self._announced = (self._announced & self._growing.keys()) - gone
        self._shown = {
            key: shown for key, shown in self._shown.items() if key in known and key[1] not in gone
        }
        self._announce([growing for _, growing in known.values()], withdrawn)
        for key, (session, growing) in known.items():
            shown = self._shown.get(key, Shown())
            if is_due(growing, shown, now):
                self._shown[key] = self._tell_one(session, growing, shown, now)

    def _announce(
        self, watched: Sequence[GrowingSidecar], withdrawn: Sequence[SidecarChange]
    ) -> None:
        """Have the server look at sidecars that are gone again, and at those that are new."""
        for change in withdrawn:
            try:
                self._refresh(change)
            except SubtitledError as error:  # it finds out by itself
                _log.debug("server %s: a removal is not announced: %s", self._server, error)
        added = {
            growing.sidecar.path: SidecarChange(growing.media, added=(growing.sidecar,))
            for growing in watched
            if not growing.is_whole and growing.sidecar.path not in self._announced
        }
        for path, change in added.items():
            try:
                self._refresh(change)
            except SubtitledError as error:  # it is tried again
                _log.debug("server %s: %s is not announced: %s", self._server, path, error)
            else:
                self._announced.add(path)

    def _tell_one(
        self, session: PlaybackSession, growing: GrowingSidecar, shown: Shown, now: float
    ) -> Shown:
        name = display_path(growing.sidecar.path.name)
        try:
            is_told = self._show(session, growing.sidecar, not shown.version)
        except SubtitledError as error:
            _log.debug("server %s: %s cannot be shown now: %s", self._server, name, error)
            return shown
        if is_told is None:
            _log.info("server %s: %s is not shown to %s", self._server, name, session.client)
            return replace(shown, is_refused=True)
        if not is_told:
            return shown  # it is tried again
        _log.info("server %s: %s is shown to %s", self._server, name, session.client)
        wait = shown.wait * 2 if shown.version else shown.wait
        return Shown(version=growing.version, at=now, wait=wait)
