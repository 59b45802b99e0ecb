"""How much of a track is transcribed, while its chunks are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from subtitled.plugin import Chunk

MAX_SHARE_OF_CHUNK = 0.99
"""The largest share that an engine's own report may claim of a chunk that is not done."""


class ChunkProgress:
    """Adds up what engines report of the chunks in flight. Threads may share it."""

    def __init__(self, chunks: Sequence[Chunk], tell: Callable[[int, float], None]) -> None:
        """Create it before the first chunk.

        Args:
            chunks: The chunks of the track, in order.
            tell: Is told the number of the chunk that is waited for, from 0 on, and which share of
                one chunk is done of it and those after it.
        """
        self._chunks = chunks
        self._tell = tell
        self._lock = threading.Lock()
        self._current = 0
        self._shares: dict[int, float] = {}

    def begin(self, number: int) -> None:
        """Say that all chunks before this one are done."""
        with self._lock:
            self._current = number
            self._shares = {key: share for key, share in self._shares.items() if key >= number}
            share = sum(self._shares.values())
        self._tell(number, share)

    def report(self, time: float) -> None:
        """Say that an engine is at this second of the track."""
        with self._lock:
            for number in range(self._current, len(self._chunks)):
                span = self._chunks[number].span
                if span.start <= time <= span.end:
                    share = (time - span.start) / span.duration if span.duration else 0.0
                    self._shares[number] = min(share, MAX_SHARE_OF_CHUNK)
                    break
            else:
                return
            current, share = self._current, sum(self._shares.values())
        self._tell(current, share)
