"""What Jellyfin and Emby say about a session, and what they pass on to its player."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from subtitled.plugin import PlaybackSession, Sidecar
from subtitled.plugin.limits import clean_text, read_identifier, read_integer, read_object

TICKS_PER_SECOND = 10_000_000
MAX_TICKS = TICKS_PER_SECOND * 3600 * 1000
MESSAGE_MILLISECONDS = 8000


def read_session(session: dict[str, Any], media: Path) -> PlaybackSession:
    """Read one of the sessions that a server lists.

    Args:
        session: The session, which plays something.
        media: Its media file, as a path of this machine.
    """
    state = read_object(session.get("PlayState"))
    ticks = read_integer(state.get("PositionTicks"), 0, MAX_TICKS)
    return PlaybackSession(
        id=read_identifier(session.get("Id")) or "",
        media=media,
        position=None if ticks is None else ticks / TICKS_PER_SECOND,
        is_paused=state.get("IsPaused") is True,
        client=clean_text(session.get("Client"), 100),
    )


def describe_arrival(sidecar: Sidecar) -> dict[str, str | int]:
    """Return the message that tells a viewer of a subtitle that has begun to grow."""
    return {
        "Header": "subtitled",
        "Text": f"{sidecar.language.english_name} subtitles are being made while you watch. "
        "If they do not appear, open the film again and choose them.",
        "TimeoutMs": MESSAGE_MILLISECONDS,
    }
