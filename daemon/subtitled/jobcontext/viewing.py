"""Who watches which media file now, and where in it each viewer is.

The media servers are asked every few seconds. Between two answers a viewer moves on by the clock.
A viewer who seeks again and again moves once in :data:`SETTLE_SECONDS`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import PlaybackSession, Sidecar

JUMP_SECONDS = 15.0
"""How far a viewer may be from where the clock says, without having sought."""
SETTLE_SECONDS = 10.0
"""Seconds after a seek in which another one of the same viewer does not count."""
MAX_POSITION_SECONDS = 1e6
"""Latest position that a server may tell. What is no possible one counts as the beginning."""
STALE_SECONDS = 90.0
"""Seconds after which a viewer has left if a server says nothing of them any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A viewer, as of the last answer of a server that counts."""

    session: PlaybackSession
    position: float
    """Seconds of the media file."""
    at: float
    """When the viewer was there, by the monotonic clock."""
    seen_at: float
    """When the server last told of the viewer."""
    sought_at: float = float("-inf")
    """When the viewer last went elsewhere."""

    def position_at(self, now: float) -> float:
        """Return where the viewer is at a time."""
        is_moving = self.session.position is not None and not self.session.is_paused
        return self.position + (now - self.at if is_moving else 0.0)


def follow(known: Viewer | None, session: PlaybackSession, now: float) -> Viewer:
    """Return where a viewer is after an answer of the server.

    Args:
        known: The viewer before; None for a new one.
        session: What the server says. Without a position the viewer is at the beginning.
        now: The time by the monotonic clock.
    """
    reported = session.position or 0.0
    if not 0.0 <= reported < MAX_POSITION_SECONDS:
        reported = 0.0
    if known is None or known.session.media != session.media:
        return Viewer(session=session, position=reported, at=now, seen_at=now)
    expected, sought_at = known.position_at(now), known.sought_at
    if abs(reported - expected) > JUMP_SECONDS:
        if now - sought_at < SETTLE_SECONDS:
            reported = expected
        else:
            sought_at = now
    return Viewer(session=session, position=reported, at=now, seen_at=now, sought_at=sought_at)


ShowSidecar = Callable[[Path, Sidecar, bool], None]
"""Has the viewers of a media file read a sidecar, which is whole or grows. It does not wait."""


WithdrawSidecar = Callable[[Path, Sidecar], None]
"""Tells the servers of the viewers of a media file that a sidecar which grew is gone."""


def _show_nobody(media: Path, sidecar: Sidecar, is_whole: bool) -> None:
    return


def _withdraw_from_nobody(media: Path, sidecar: Sidecar) -> None:
    return


class Viewers:
    """The viewers on all media servers, as one process knows them. Threads may share it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """``now`` returns the time by the monotonic clock."""
        self._now = now
        self._lock = threading.Lock()
        self._viewers: dict[str, dict[str, Viewer]] = {}
        self.show: ShowSidecar = _show_nobody
        """Is told of each new version of a sidecar that grows."""
        self.withdraw: WithdrawSidecar = _withdraw_from_nobody
        """Is told of one that was removed before it was whole."""

    def update(self, server: str, sessions: Sequence[PlaybackSession]) -> None:
        """Take over an answer of a server. Who is not in it has stopped."""
        now = self._now()
        with self._lock:
            known = self._viewers.get(server, {})
            self._viewers[server] = {
                session.id: follow(known.get(session.id), session, now) for session in sessions
            }

    def positions(self, media: Path, servers: Collection[str]) -> tuple[float, ...]:
        """Return where the viewers of a media file are, in seconds, the foremost last.

        Args:
            media: The media file.
            servers: The names of the servers whose viewers count.
        """
        now = self._now()
        with self._lock:
            viewers = [
                viewer
                for server in servers
                for viewer in self._viewers.get(server, {}).values()
                if viewer.session.media == media and now - viewer.seen_at <= STALE_SECONDS
            ]
        return tuple(sorted(viewer.position_at(now) for viewer in viewers))


@dataclass(frozen=True, slots=True)
class JobViewers:
    """The viewers of the media file of one job. Its subtitle is made first where they are."""

    viewers: Viewers
    media: Path
    servers: tuple[str, ...]
    """The servers whose viewers count; none if the library does not want that."""

    def positions(self) -> tuple[float, ...]:
        """Return where they are, in seconds; empty if nobody watches."""
        return self.viewers.positions(self.media, self.servers) if self.servers else ()
