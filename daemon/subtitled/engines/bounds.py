"""What an engine is held to: how long it may take, and where its words may lie."""

from __future__ import annotations

from subtitled.plugin import LOCAL, Capabilities, Rejected, Request, Transcript

LEAST_LIMIT = 300.0
"""Seconds that any recognition may take, however short the audio."""
SLOWEST = 30.0
"""How many times longer than the audio recognition may take before it counts as hung."""
ELSEWHERE = 1800.0
"""As :data:`LEAST_LIMIT`, for engines that ask somebody else and may be told to wait."""
QUEUED_ELSEWHERE = 6 * 3600.0
"""The same where a medium is one task in another's queue."""


def limit(able: Capabilities, seconds: float) -> float:
    """How many seconds a call about so many seconds of sound may take."""
    least = LEAST_LIMIT
    if able.destination != LOCAL:
        least = QUEUED_ELSEWHERE if able.whole else ELSEWHERE
    return least + SLOWEST * seconds


def held_to_stretch(transcript: Transcript, request: Request, engine: str) -> Transcript:
    """The transcript, if its words lie in the stretch; a second over either edge is forgiven.

    Raises :class:`Rejected` for an engine that puts words where it was not asked to listen.
    """
    stretch = request.stretch.interval
    for word in transcript.words:
        if not (stretch.start - 1.0 <= word.start <= word.end <= stretch.end + 1.0):
            raise Rejected(
                f"engine {engine} gave a word at {word.start:.2f}-{word.end:.2f} s for the stretch "
                f"{stretch.start:.2f}-{stretch.end:.2f} s",
                "This is a fault of that plugin: tell its author, or configure another engine",
            )
    return transcript
