"""What is played on a media server, where in it each viewer is, and showing a viewer a sidecar."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaybackSession:
    """One viewer of one media file."""

    id: str
    """Tells the sessions of one server apart, and stays the same while the film is played."""
    media: Path
    """The media file, as a path of this machine."""
    position: float | None = None
    """Seconds of the media file that are played now; None if the server does not say."""
    is_paused: bool = False
    """Whether the viewer has paused the film."""
    client: str = ""
    """What plays it, in a few words for the log."""
