"""Media servers show what was made."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from .component import Component


class MediaServer(Component, ABC):
    """A media server that is told about changed files."""

    @abstractmethod
    def changed(self, media: Path, sidecars: Sequence[Path]) -> None:
        """Sidecars beside one medium were written or taken away: have exactly this item looked at
        again, not the whole library. Raises :class:`Temporary` when the server is away; the core
        keeps the change and tells it later."""

    def playing(self) -> Sequence[Path]:
        """The files that somebody watches now, as paths of this machine."""
        return ()
