"""What an engine is held to: how long it may take, and where its words may lie.

How many engines have their model in memory at a time: one that is idle makes room.

A ceiling over the memory of engines: what grows beyond it is ended, and done in pieces.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import psutil

from subtitled.media.chunking import chunk_speech
from subtitled.media.ffmpeg import ShutdownRequested
from subtitled.plugin import (
    LOCAL,
    Chunk,
    EngineCapabilities,
    InputRejectedError,
    Transcript,
    TranscriptionRequest,
)

from .protocol import EngineCrashedError

MIN_TIMEOUT_SECONDS = 300.0
"""Seconds that any recognition may take, however short the audio."""
MIN_REALTIME_FACTOR = 30.0
"""How many times longer than the audio recognition may take before it counts as hung."""
REMOTE_TIMEOUT = 1800.0
"""As :data:`MIN_TIMEOUT_SECONDS`, for engines that ask somebody else and may be told to wait."""
REMOTE_QUEUE_TIMEOUT = 6 * 3600.0
"""The same where a medium is one task in another's queue."""


def call_timeout(capabilities: EngineCapabilities, audio_seconds: float) -> float:
    """How many seconds a call about so many seconds of sound may take."""
    least = MIN_TIMEOUT_SECONDS
    if capabilities.destination != LOCAL:
        least = REMOTE_QUEUE_TIMEOUT if capabilities.whole_file else REMOTE_TIMEOUT
    return least + MIN_REALTIME_FACTOR * audio_seconds


def validate_in_chunk(
    transcript: Transcript, request: TranscriptionRequest, engine: str
) -> Transcript:
    """The transcript, if its words lie in the stretch; a second over either edge is forgiven.

    Raises :class:`InputRejectedError` for an engine that puts words where it was not asked to
    listen.
    """
    chunk = request.chunk.span
    for word in transcript.words:
        if not (chunk.start - 1.0 <= word.start <= word.end <= chunk.end + 1.0):
            raise InputRejectedError(
                f"engine {engine} gave a word at {word.start:.2f}-{word.end:.2f} s for the stretch "
                f"{chunk.start:.2f}-{chunk.end:.2f} s",
                "This is a fault of that plugin: tell its author, or configure another engine",
            )
    return transcript


SLOT_POLL_SECONDS = 0.5
"""Seconds between two looks at whether one that was busy is idle now."""


class SlotHolder(Protocol):
    """An engine that takes up room."""

    @property
    def is_closed(self) -> bool:
        """It will never be needed again."""

    def evict_if_idle(self) -> bool:
        """Leave if idle; whether it left."""


class ModelSlots:
    """Room for so many at a time."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._holders: list[SlotHolder] = []
        self._changed = threading.Condition()

    def acquire(self, holder: SlotHolder) -> None:
        """Come in, once one that is idle, the longest inside first, has left if need be.

        Raises :class:`ShutdownRequested` if the newcomer is closed while it waits.
        """
        with self._changed:
            while holder not in self._holders:
                if len(self._holders) < self._limit:
                    self._holders.append(holder)
                elif holder.is_closed:
                    raise ShutdownRequested
                elif not any(other.evict_if_idle() for other in list(self._holders)):
                    self._changed.wait(SLOT_POLL_SECONDS)

    def release(self, holder: SlotHolder) -> None:
        """Go out; one that is not inside may say so as well."""
        with self._changed:
            if holder in self._holders:
                self._holders.remove(holder)
                self._changed.notify_all()


MEMORY_POLL_SECONDS = 1.0
"""Seconds between two looks at how much memory is taken."""
MIN_CHUNK_SECONDS = 20.0
"""Seconds of speech in a stretch that is not cut any smaller."""
BYTES_PER_MB = 1024 * 1024


class MemoryLimitExceededError(EngineCrashedError):
    """A process was ended because it took more memory than it may."""


class Monitored(Protocol):
    """An engine whose process is watched."""

    @property
    def process_id(self) -> int | None:
        """Its process, if it has one just now."""

    def kill_for_memory(self, used_mb: int) -> None:
        """It takes so many, which is too many: end it."""


class MemoryWatchdog:
    """Watches the processes of some engines."""

    def __init__(self, limit_mb: int, monitored: Sequence[Monitored]) -> None:
        self._limit_mb = limit_mb
        self._monitored = monitored
        self._stopping = threading.Event()
        if limit_mb:
            threading.Thread(target=self._watch, name="ceiling", daemon=True).start()

    def close(self) -> None:
        self._stopping.set()

    def _watch(self) -> None:
        while not self._stopping.wait(MEMORY_POLL_SECONDS):
            for grower in self._monitored:
                process = grower.process_id
                taken = resident_bytes(process) // BYTES_PER_MB if process is not None else 0
                if taken > self._limit_mb:
                    grower.kill_for_memory(taken)


def resident_bytes(process: int) -> int:
    """The bytes of memory that a process takes up; 0 of one that is gone."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except (psutil.Error, OSError):
        return 0


def transcribe_splitting(
    transcribe: Callable[[TranscriptionRequest], Transcript], request: TranscriptionRequest
) -> Transcript:
    """The words of a stretch, in one piece or, if that takes too much memory, in halves, and halves
    of those. Raises :class:`MemoryLimitExceededError` where even the smallest is too large."""
    try:
        return transcribe(request)
    except MemoryLimitExceededError:
        halves = split_chunk(request.chunk)
        if len(halves) < 2:
            raise
    return concat(
        [transcribe_splitting(transcribe, replace(request, chunk=half)) for half in halves]
    )


def split_chunk(chunk: Chunk) -> list[Chunk]:
    """Two or three stretches in place of one, cut in a pause; the same alone if it is short."""
    spoken = sum(part.duration for part in chunk.speech)
    if spoken < 2 * MIN_CHUNK_SECONDS:
        return [chunk]
    halves = chunk_speech(chunk.speech, spoken / 2, chunk.span.end, chunk.low_energy)
    first = replace(halves[0].span, start=chunk.span.start)
    return [replace(halves[0], span=first), *halves[1:]]


def concat(parts: Sequence[Transcript]) -> Transcript:
    """Transcripts of stretches that follow each other as one."""
    return replace(
        parts[0],
        words=tuple(word for part in parts for word in part.words),
        segment_scores=tuple(sure for part in parts for sure in part.segment_scores),
        usage=tuple(sent for part in parts for sent in part.usage),
        word_timestamps=False
        if any(part.word_timestamps is False for part in parts)
        else parts[0].word_timestamps,
    )
