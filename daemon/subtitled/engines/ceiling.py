"""A ceiling over the memory of engines: what grows beyond it is ended, and done in pieces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

import psutil

from subtitled.media.stretches import cut_into_stretches
from subtitled.plugin import Request, Stretch, Transcript

from .wire import Crashed

LOOK = 1.0
"""Seconds between two looks at how much memory is taken."""
SMALLEST = 20.0
"""Seconds of speech in a stretch that is not cut any smaller."""
MEGABYTE = 1024 * 1024


class Overgrown(Crashed):
    """A process was ended because it took more memory than it may."""


class Grower(Protocol):
    """An engine whose process is watched."""

    @property
    def process_id(self) -> int | None:
        """Its process, if it has one just now."""

    def outgrown(self, megabytes: int) -> None:
        """It takes so many, which is too many: end it."""


class Ceiling:
    """Watches the processes of some engines."""

    def __init__(self, megabytes: int, growers: Sequence[Grower]) -> None:
        self._most = megabytes
        self._growers = growers
        self._ending = threading.Event()
        if megabytes:
            threading.Thread(target=self._watch, name="ceiling", daemon=True).start()

    def close(self) -> None:
        self._ending.set()

    def _watch(self) -> None:
        while not self._ending.wait(LOOK):
            for grower in self._growers:
                process = grower.process_id
                taken = resident(process) // MEGABYTE if process is not None else 0
                if taken > self._most:
                    grower.outgrown(taken)


def resident(process: int) -> int:
    """The bytes of memory that a process takes up; 0 of one that is gone."""
    try:
        return int(psutil.Process(process).memory_info().rss)
    except (psutil.Error, OSError):
        return 0


def in_pieces(transcribe: Callable[[Request], Transcript], request: Request) -> Transcript:
    """The words of a stretch, in one piece or, if that takes too much memory, in halves, and halves
    of those. Raises :class:`Overgrown` where even the smallest is too large."""
    try:
        return transcribe(request)
    except Overgrown:
        halves = halved(request.stretch)
        if len(halves) < 2:
            raise
    return joined([in_pieces(transcribe, replace(request, stretch=half)) for half in halves])


def halved(stretch: Stretch) -> list[Stretch]:
    """Two or three stretches in place of one, cut in a pause; the same alone if it is short."""
    spoken = sum(part.duration for part in stretch.speech)
    if spoken < 2 * SMALLEST:
        return [stretch]
    halves = cut_into_stretches(stretch.speech, spoken / 2, stretch.interval.end, stretch.quiet)
    first = replace(halves[0].interval, start=stretch.interval.start)
    return [replace(halves[0], interval=first), *halves[1:]]


def joined(parts: Sequence[Transcript]) -> Transcript:
    """Transcripts of stretches that follow each other as one."""
    return replace(
        parts[0],
        words=tuple(word for part in parts for word in part.words),
        evidence=tuple(sure for part in parts for sure in part.evidence),
        sent=tuple(sent for part in parts for sent in part.sent),
        word_times=False
        if any(part.word_times is False for part in parts)
        else parts[0].word_times,
    )
