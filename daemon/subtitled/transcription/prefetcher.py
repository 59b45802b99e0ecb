"""Chunks that are transcribed ahead of their durable steps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from subtitled.plugin import Chunk, EngineCapabilities, Transcript

PREFETCH_COUNT = 2
"""Chunks that are started before their steps, for each call that an engine takes at a time.

A slow chunk then holds up no other, and the engine has work while a text is aligned.
"""


class Prefetcher:
    """Transcribes chunks in threads ahead of their steps.

    Steps only wait for the results, so they are in the order of the chunks, and each result is
    stored as soon as it is there. An engine that takes one call at a time is called in the step
    itself. Steps that were done in an earlier run start nothing.
    """

    def __init__(
        self,
        transcribe: Callable[[Chunk], Transcript],
        chunks: Sequence[Chunk],
        capabilities: EngineCapabilities,
    ) -> None:
        self._transcribe = transcribe
        self._chunks = chunks
        self.reach = capabilities.max_concurrency * PREFETCH_COUNT
        """How many chunks are asked for at a time."""
        self._begun: dict[int, Future[Transcript]] = {}
        self._pool: ThreadPoolExecutor | None = None
        if capabilities.max_concurrency > 1 and len(chunks) > 1:
            workers = capabilities.max_concurrency if capabilities.word_timestamps else self.reach
            self._pool = ThreadPoolExecutor(workers, "chunk")

    def __enter__(self) -> Prefetcher:
        return self

    def __exit__(self, *raised: object) -> None:
        # Calls in flight are stored for the next try when they end. The others are dropped.
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def finish(self) -> None:
        """Wait for the calls that engines have, and begin no other one that was planned.

        Their errors are raised when the chunks are asked for again.
        """
        running = [future for future in self._begun.values() if not future.cancel()]
        self._begun.clear()
        wait(running)

    def result(self, number: int, *following: int) -> dict[str, Any]:
        """Return the small JSON result of a step. The words are in the store.

        Args:
            number: The number of a chunk.
            *following: Those that are probably asked for next.
        """
        if self._pool is None:
            return {"words": len(self._transcribe(self._chunks[number]).words)}
        for ahead in (number, *following):
            if ahead not in self._begun:
                self._begun[ahead] = self._pool.submit(self._transcribe, self._chunks[ahead])
        return {"words": len(self._begun.pop(number).result().words)}
