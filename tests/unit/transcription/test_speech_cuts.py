"""Tests of where long speech is cut: measured once, and never other than what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from subtitled.media.chunking import chunks_for_engine
from subtitled.plugin import SAMPLE_RATE, Audio, Chunk, EngineCapabilities, TimeSpan
from subtitled.plugin.speech_windows import CutSpan, split_long_spans
from subtitled.transcription.speech_cuts import SpeechCutter, choose_chunks
from subtitled.transcripts.store import TranscriptStore

SPEECH = (TimeSpan(2.0, 5.0), TimeSpan(6.0, 80.0))


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    """Write 90 seconds of noise that is quiet at 30.5 s and 55 s."""
    samples = np.random.default_rng(2).normal(0, 3000, 90 * SAMPLE_RATE)
    for quiet in (30.5, 55.0):
        samples[int(quiet * SAMPLE_RATE) : int((quiet + 0.25) * SAMPLE_RATE)] = 0
    path = tmp_path / "track.pcm"
    samples.clip(-32768, 32767).astype("<i2").tofile(path)
    return Audio(path)


def _cut(cut_span: CutSpan | None) -> list[Chunk]:
    capabilities = EngineCapabilities(max_chunk_seconds=28.0)
    speech = SPEECH if cut_span is None else split_long_spans(SPEECH, 28.0, cut_span)
    return chunks_for_engine(capabilities, speech, 480.0, 90.0)


def _inner_ends(chunks: Sequence[Chunk]) -> list[float]:
    return [c.span.end for c in chunks if any(s.start < c.span.end < s.end for s in SPEECH)]


def test_cuts_are_measured_once_and_then_taken_from_the_store(tmp_path: Path, audio: Audio) -> None:
    store, decoded = TranscriptStore(tmp_path / "store"), []

    def decode() -> Audio:
        decoded.append(1)
        return audio

    first = choose_chunks(_cut, SpeechCutter(store, "ab12", 1, decode), SPEECH, lambda _: False)
    assert decoded
    assert [30.5 <= end <= 30.75 or 55 <= end <= 55.25 for end in _inner_ends(first)][:2] == [
        True,
        True,
    ]
    decoded.clear()
    again = choose_chunks(_cut, SpeechCutter(store, "ab12", 1, decode), SPEECH, lambda _: False)
    assert (again, decoded) == (first, [])


def test_chunks_whose_words_are_stored_keep_their_cuts(tmp_path: Path, audio: Audio) -> None:
    store, at_limit = TranscriptStore(tmp_path / "store"), _cut(None)
    hard = next(chunk for chunk in at_limit if chunk.span.end in _inner_ends(at_limit))
    cutter = SpeechCutter(store, "ab12", 1, lambda: audio)
    assert choose_chunks(_cut, cutter, SPEECH, lambda chunk: chunk == hard) == at_limit
    # Chunks that end in pauses are the same either way, and say nothing about the cuts.
    soft = next(chunk for chunk in at_limit if chunk.span.end not in _inner_ends(at_limit))
    assert choose_chunks(_cut, cutter, SPEECH, lambda chunk: chunk == soft) != at_limit


def test_a_track_with_pauses_enough_is_not_decoded_for_its_cuts(tmp_path: Path) -> None:
    def fail() -> Audio:
        raise AssertionError("nothing has to be measured")

    cutter = SpeechCutter(TranscriptStore(tmp_path), "ab12", 1, fail)
    spans = (TimeSpan(2.0, 25.0), TimeSpan(26.0, 50.0))

    def cut(cut_span: CutSpan | None) -> list[Chunk]:
        capabilities = EngineCapabilities(max_chunk_seconds=28.0)
        speech = spans if cut_span is None else split_long_spans(spans, 28.0, cut_span)
        return chunks_for_engine(capabilities, speech, 480.0, 90.0)

    assert choose_chunks(cut, cutter, spans, lambda _: False) == cut(None)
