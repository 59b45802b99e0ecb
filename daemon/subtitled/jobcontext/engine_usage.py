"""What engines did for the media files that are observed."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EngineUse:
    """What one engine did for one media file."""

    speech_seconds: float = 0.0
    """Seconds of sound that it was given."""
    work_seconds: float = 0.0
    """Seconds that it took."""


class EngineUsage:
    """What engines did, by the fingerprint of the media file. Threads may share it."""

    def __init__(self) -> None:
        self._uses: dict[str, dict[str, EngineUse]] = {}
        self._lock = threading.Lock()

    def observe(self, fingerprint: str) -> None:
        """Begin to count for a media file, from zero."""
        with self._lock:
            self._uses[fingerprint] = {}

    def add(self, fingerprint: str, engine: str, use: EngineUse) -> None:
        """Count what an engine did, if its media file is observed."""
        with self._lock:
            uses = self._uses.get(fingerprint)
            if uses is None:
                return
            before = uses.get(engine, EngineUse())
            uses[engine] = EngineUse(
                before.speech_seconds + use.speech_seconds,
                before.work_seconds + use.work_seconds,
            )

    def take(self, fingerprint: str) -> Mapping[str, EngineUse]:
        """Stop counting for a media file, and return what each engine did for it."""
        with self._lock:
            return self._uses.pop(fingerprint, {})
