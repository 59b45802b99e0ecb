"""Where speech without a pause is cut, measured once for each track and stored.

The words of a chunk are stored under its times, so the cuts must stay where they are. Chunks that
an earlier version cut at the limit of an engine keep those cuts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from subtitled.plugin import Audio, Chunk, TimeSpan
from subtitled.plugin.speech_windows import CutSpan, quiet_cuts
from subtitled.transcripts.store import TranscriptStore


class SpeechCutter:
    """Cuts the speech of one track where it is quietest. Threads may share it.

    It is a :data:`~subtitled.plugin.speech_windows.CutSpan`.
    """

    def __init__(
        self, store: TranscriptStore, fingerprint: str, track: int, audio: Callable[[], Audio]
    ) -> None:
        """Create a cutter.

        Args:
            store: Where the cuts are kept.
            fingerprint: The media file.
            track: The index of the audio track.
            audio: Returns the decoded track, decoding it if necessary.
        """
        self._store = store
        self._place = (fingerprint, track)
        self._audio = audio
        self._lock = threading.Lock()

    def __call__(self, span: TimeSpan, max_seconds: float) -> Sequence[float]:
        """Return the times at which a span is cut, as they are stored or measured now."""
        with self._lock:
            known = self._store.speech_cuts(*self._place)
            key = f"{span.start:.3f}-{span.end:.3f}/{max_seconds:.3f}"
            if key not in known:
                known[key] = tuple(quiet_cuts(self._audio(), span, max_seconds))
                self._store.save_speech_cuts(*self._place, known)
            return known[key]


def choose_chunks(
    cut: Callable[[CutSpan | None], list[Chunk]],
    cutter: CutSpan,
    speech: Sequence[TimeSpan],
    is_stored: Callable[[Chunk], bool],
) -> list[Chunk]:
    """Cut a track into chunks, where it is quiet unless words of other chunks are stored.

    Args:
        cut: Cuts the track by a way of cutting speech without a pause; None: at the limit.
        cutter: The way that finds quiet moments.
        speech: The speech of the track.
        is_stored: Whether the words of a chunk are stored.
    """
    at_limit = cut(None)
    hard = [chunk for chunk in at_limit if _ends_in_speech(chunk, speech)]
    if not hard or any(is_stored(chunk) for chunk in hard):
        return at_limit
    return cut(cutter)


def _ends_in_speech(chunk: Chunk, speech: Sequence[TimeSpan]) -> bool:
    """Return whether a chunk ends where somebody speaks."""
    return any(span.start < chunk.span.end < span.end for span in speech)
