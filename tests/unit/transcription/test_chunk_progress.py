"""Tests of how much of a track is done while its chunks are transcribed."""

from __future__ import annotations

import pytest

from subtitled.plugin import Chunk, TimeSpan
from subtitled.transcription.chunk_progress import ChunkProgress

CHUNKS = [Chunk(TimeSpan(start, start + 100.0), ()) for start in (0.0, 100.0, 200.0)]


def _progress(chunks: list[Chunk]) -> tuple[ChunkProgress, list[tuple[int, float]]]:
    told: list[tuple[int, float]] = []
    return ChunkProgress(chunks, lambda number, share: told.append((number, share))), told


def test_one_long_chunk_shows_how_far_the_engine_is() -> None:
    progress, told = _progress([Chunk(TimeSpan(0.0, 7200.0), ())])
    progress.begin(0)
    progress.report(1800.0)
    progress.report(7200.0)
    assert told == [(0, 0.0), (0, 0.25), (0, 0.99)]


def test_chunks_transcribed_ahead_count_and_those_that_are_done_count_once() -> None:
    progress, told = _progress(CHUNKS)
    progress.begin(0)
    progress.report(250.0)  # the last chunk
    progress.report(50.0)
    assert told[-1] == (0, pytest.approx(1.0))
    progress.begin(1)
    assert told[-1] == (1, pytest.approx(0.5))
    progress.report(30.0)  # of a chunk that is done
    assert told[-1] == (1, pytest.approx(0.5))


@pytest.mark.parametrize("time", [-1.0, 300.1, float("nan"), float("inf")])
def test_a_time_that_is_in_no_chunk_is_ignored(time: float) -> None:
    progress, told = _progress(CHUNKS)
    progress.report(time)
    assert told == []


def test_a_chunk_without_length_is_survived() -> None:
    progress, told = _progress([Chunk(TimeSpan(5.0, 5.0), ())])
    progress.report(5.0)
    assert told == [(0, 0.0)]
