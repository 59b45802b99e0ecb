"""Limits of engines: time per call, place of words, number of loaded models, memory."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

import psutil

from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import (
    LOCAL,
    Audio,
    Chunk,
    EngineCapabilities,
    InputRejectedError,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.plugin.limits import clean_text, read_number
from subtitled.plugin.speech_windows import chunk_speech, quiet_cuts, split_long_spans

from .protocol import EngineCrashedError

MIN_WORDS, MAX_WORDS_PER_SECOND = 1000, 100
"""An engine may give so many words of any chunk, and so many more for each second of it."""
MAX_LOG_PROBABILITY, MAX_COMPRESSION = 1e4, 1e6
"""Scores that are further from 0 are a fault of the engine."""
ROUNDING_ERROR = 0.001
MIN_TIMEOUT_SECONDS = 300.0
"""Seconds that any call may take, however short the audio."""
MIN_REALTIME_FACTOR = 30.0
"""Multiple of the duration of the audio that a call may take on top before it counts as hung."""
REMOTE_TIMEOUT = 1800.0
"""As :data:`MIN_TIMEOUT_SECONDS`, for remote engines, which may be rate-limited."""
REMOTE_QUEUE_TIMEOUT = 6 * 3600.0
"""As :data:`MIN_TIMEOUT_SECONDS`, for remote engines that queue a whole media file as one task."""


def call_timeout(capabilities: EngineCapabilities, audio_seconds: float) -> float:
    """Return how many seconds a call may take."""
    base_seconds = MIN_TIMEOUT_SECONDS
    if capabilities.destination != LOCAL:
        base_seconds = REMOTE_QUEUE_TIMEOUT if capabilities.whole_file else REMOTE_TIMEOUT
    return base_seconds + MIN_REALTIME_FACTOR * audio_seconds


def validate_in_chunk(
    transcript: Transcript, request: TranscriptionRequest, engine: str
) -> Transcript:
    """Check that the words of a transcript lie in the chunk, and are not too many.

    Args:
        transcript: What the engine returned.
        request: What it was asked.
        engine: Its configured name.

    Returns:
        The same transcript, without control characters, and without scores that cannot be.

    Raises:
        InputRejectedError: A word starts or ends more than one second outside the chunk, or there
            are more words than anybody can say.
    """
    chunk = request.chunk.span
    most = MIN_WORDS + MAX_WORDS_PER_SECOND * chunk.duration
    if max(len(transcript.words), len(transcript.segment_scores)) > most:
        raise InputRejectedError(
            f"engine {engine} gave {len(transcript.words)} words for {chunk.duration:.0f} s",
            "This is a fault of that plugin: tell its author, or configure another engine",
        )
    for word in transcript.words:
        if not (chunk.start - 1.0 <= word.start <= word.end <= chunk.end + 1.0):
            raise InputRejectedError(
                f"engine {engine} gave a word at {word.start:.2f}-{word.end:.2f} s for the chunk "
                f"{chunk.start:.2f}-{chunk.end:.2f} s",
                "This is a fault of that plugin: tell its author, or configure another engine",
            )
    return replace(
        transcript,
        words=tuple(map(_clean_word, transcript.words)),
        segment_scores=tuple(
            replace(
                scores,
                avg_logprob=read_number(scores.avg_logprob, -MAX_LOG_PROBABILITY, 1.0),
                no_speech_prob=_read_probability(scores.no_speech_prob),
                compression_ratio=read_number(scores.compression_ratio, 0.0, MAX_COMPRESSION),
            )
            for scores in transcript.segment_scores
            if scores.start <= scores.end < math.inf
        ),
    )


def _clean_word(word: Word) -> Word:
    text, confidence = clean_text(word.text), _read_probability(word.confidence)
    speaker = clean_text(word.speaker).strip() or None
    if (text, confidence, speaker) == (word.text, word.confidence, word.speaker):
        return word  # as nearly all are
    return replace(word, text=text, confidence=confidence, speaker=speaker)


def _read_probability(value: float | None) -> float | None:
    """Return a probability; None if it is none. What rounding errors added is taken off."""
    number = read_number(value, -ROUNDING_ERROR, 1.0 + ROUNDING_ERROR)
    return None if number is None else min(max(number, 0.0), 1.0)


SLOT_POLL_SECONDS = 0.5
"""Seconds between two attempts to evict an engine that was busy."""


class SlotHolder(Protocol):
    """An engine that can hold a slot."""

    @property
    def is_closed(self) -> bool:
        """Whether it will never be used again."""

    @property
    def memory_mb(self) -> int:
        """Megabytes that its models need when they are loaded, 0 if that is unknown."""

    def evict_if_idle(self) -> bool:
        """Unload the model if the engine is idle; return whether it did."""


class ModelSlots:
    """A limit on how many engines have a model loaded, and on the memory that the models need.

    Idle ones are evicted, longest loaded first.
    """

    def __init__(self, limit: int, memory_mb: int | None = None) -> None:
        """Create slots.

        Args:
            limit: How many engines may have a model loaded.
            memory_mb: Megabytes that the models of all may need; one alone may need more.
        """
        self._limit = limit
        self._memory_mb = memory_mb
        self._holders: list[SlotHolder] = []
        self._changed = threading.Condition()

    def acquire(self, holder: SlotHolder) -> None:
        """Wait for a slot, evicting an idle engine if none is free.

        Raises:
            ShutdownRequested: ``holder`` was closed while it waited.
        """
        with self._changed:
            while holder not in self._holders:
                if self._has_room(holder):
                    self._holders.append(holder)
                elif holder.is_closed:
                    raise ShutdownRequested
                elif not any(other.evict_if_idle() for other in list(self._holders)):
                    self._changed.wait(SLOT_POLL_SECONDS)

    def has_room(self, holder: SlotHolder) -> bool:
        """Return whether an engine has a slot, or gets one at once with no other evicted."""
        with self._changed:
            return holder in self._holders or self._has_room(holder)

    def _has_room(self, holder: SlotHolder) -> bool:
        if len(self._holders) >= self._limit:
            return False
        if self._memory_mb is None or not self._holders:
            return True
        return sum(other.memory_mb for other in (*self._holders, holder)) <= self._memory_mb

    def release(self, holder: SlotHolder) -> None:
        """Give a slot back. Does nothing for an engine without one."""
        with self._changed:
            if holder in self._holders:
                self._holders.remove(holder)
                self._changed.notify_all()


MEMORY_POLL_SECONDS = 1.0
"""Seconds between two readings of the memory of engine processes."""
MIN_CHUNK_SECONDS = 20.0
"""Seconds of speech below twice which a chunk is not split."""
BYTES_PER_MB = 1024 * 1024


class MemoryLimitExceededError(EngineCrashedError):
    """An engine process that was killed because it exceeded the memory limit."""


class Monitored(Protocol):
    """An engine whose process is monitored."""

    @property
    def process_id(self) -> int | None:
        """The id of its process, or None if it has none now."""

    def kill_for_memory(self, used_mb: int) -> None:
        """End the process, which uses too much memory."""


class MemoryWatchdog:
    """A thread that kills engine processes above a memory limit."""

    def __init__(self, limit_mb: int, monitored: Sequence[Monitored]) -> None:
        self._limit_mb = limit_mb
        self._monitored = monitored
        self._stopping = threading.Event()
        if limit_mb:
            threading.Thread(target=self._watch, name="memory-watchdog", daemon=True).start()

    def close(self) -> None:
        """Stop watching."""
        self._stopping.set()

    def _watch(self) -> None:
        while not self._stopping.wait(MEMORY_POLL_SECONDS):
            for engine in self._monitored:
                process = engine.process_id
                used_mb = resident_bytes(process) // BYTES_PER_MB if process is not None else 0
                if used_mb > self._limit_mb:
                    engine.kill_for_memory(used_mb)


def resident_bytes(process: int) -> int:
    """Return the resident memory of a process in bytes; 0 if it is gone."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except (psutil.Error, OSError):
        return 0


def transcribe_splitting(
    transcribe: Callable[[TranscriptionRequest], Transcript],
    request: TranscriptionRequest,
    audio: Audio | None = None,
) -> Transcript:
    """Transcribe a chunk, and split it in halves for as long as that exceeds the memory limit.

    Args:
        transcribe: Calls the engine with a request.
        request: What to transcribe.
        audio: The track, by which speech without a pause is split where it is quiet.

    Returns:
        One transcript of the whole chunk.

    Raises:
        MemoryLimitExceededError: Even a chunk that cannot be split exceeds the limit.
    """
    try:
        return transcribe(request)
    except MemoryLimitExceededError:
        halves = split_chunk(request.chunk, audio)
        if len(halves) < 2:
            raise
    return concat(
        [transcribe_splitting(transcribe, replace(request, chunk=half), audio) for half in halves]
    )


def split_chunk(chunk: Chunk, audio: Audio | None = None) -> list[Chunk]:
    """Split a chunk in a pause into two or three; return it alone if it is short."""
    spoken = sum(part.duration for part in chunk.speech)
    if spoken < 2 * MIN_CHUNK_SECONDS:
        return [chunk]
    speech = chunk.speech
    if audio is not None:
        speech = split_long_spans(speech, spoken / 2, partial(quiet_cuts, audio))
    halves = chunk_speech(speech, spoken / 2, chunk.span.end, chunk.low_energy)
    first = replace(halves[0].span, start=chunk.span.start)
    return [replace(halves[0], span=first), *halves[1:]]


def concat(parts: Sequence[Transcript]) -> Transcript:
    """Join the transcripts of consecutive chunks."""
    return replace(
        parts[0],
        words=tuple(word for part in parts for word in part.words),
        segment_scores=tuple(scores for part in parts for scores in part.segment_scores),
        usage=tuple(record for part in parts for record in part.usage),
        word_timestamps=False
        if any(part.word_timestamps is False for part in parts)
        else parts[0].word_timestamps,
    )
