"""The fake of Qwen's service in its own process, so that its cost is not measured."""

from __future__ import annotations

import math
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

LATENCY = 1.0
"""Seconds that a request takes."""


def serve(line: Connection, latency: float, task_seconds: float) -> None:
    """Run the fake until the connection is closed. Each message is one question."""
    from support.fakes.dashscope import FakeDashScope, serve_dashscope

    class Clocked(FakeDashScope):
        """The fake that reads durations from file headers and records the times of requests."""

        first, last = math.inf, 0.0

        def decoded(self, file: bytes) -> bytes:
            return bytes(round(length(file) * 16_000) * 2)

        def recognised(self, body: dict[str, Any]) -> dict[str, Any]:
            said = super().recognised(body)
            self.last = time.monotonic()
            return said

        def known(self, model: str) -> None:
            self.first = min(self.first, time.monotonic() - self.latency)
            super().known(model)

    service = Clocked()
    service.latency, service.task_seconds = latency, task_seconds
    with serve_dashscope(service):
        line.send(service.url)
        while True:
            try:
                line.recv()
            except EOFError:
                return
            line.send(
                {
                    "requests": len(service.asked("/multimodal-generation/generation")),
                    "uploads": len(service.uploads),
                    "tasks": len(service.tasks),
                    "billed": sum(service.billed),
                    "most at once": service.most_at_once,
                    "took": service.last - service.first,
                }
            )


def length(file: bytes) -> float:
    """Return the seconds of a FLAC by its header, or of an Ogg Opus by its last page."""
    if file.startswith(b"fLaC"):
        return (int.from_bytes(file[18:26]) & (1 << 36) - 1) / 16_000
    page = file.rindex(b"OggS")
    return int.from_bytes(file[page + 6 : page + 14], "little") / 48_000


class Service:
    """The fake as its own process."""

    def __init__(self, latency: float = LATENCY, task_seconds: float = 2.0) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, theirs = context.Pipe()
        self._process = context.Process(
            target=serve, args=(theirs, latency, task_seconds), daemon=True
        )
        self._process.start()
        theirs.close()
        self.url: str = self._line.recv()

    def counts(self) -> dict[str, float]:
        self._line.send(None)
        said: dict[str, float] = self._line.recv()
        return said

    def close(self) -> None:
        self._line.close()
        self._process.join(10.0)
