"""Tests of cutting speech: in pauses, and between two words where nobody pauses."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from subtitled.plugin import SAMPLE_RATE, Audio, Chunk, TimeSpan, speech_windows
from subtitled.plugin.speech_windows import cut_windows, find_quiet_moment, quiet_cuts

GAPS = (3.1, 9.0, 21.4, 26.5, 40.2, 47.7, 55.0, 69.3, 80.6, 88.8)
"""Where the speaker of :func:`speech` breathes, each time for a quarter of a second."""
GAP_SECONDS = 0.25
SECONDS = 95.0


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Audio:
    """Write words of noise with stop consonants in them, and breaths of low noise between some."""
    random = np.random.default_rng(1)
    samples = random.normal(0, 3000, int(SECONDS * SAMPLE_RATE))
    for stop in np.arange(0.4, SECONDS - 0.2, 0.37):  # silent, but much shorter than a breath
        samples[int(stop * SAMPLE_RATE) : int((stop + 0.06) * SAMPLE_RATE)] = 0
    for gap in GAPS:
        first, last = (int(time * SAMPLE_RATE) for time in (gap, gap + GAP_SECONDS))
        samples[first:last] = random.normal(0, 60, last - first)
    path = tmp_path_factory.mktemp("speech") / "track.pcm"
    samples.clip(-32768, 32767).astype("<i2").tofile(path)
    return Audio(path)


def _is_in_gap(time: float) -> bool:
    return any(gap <= time <= gap + GAP_SECONDS for gap in GAPS)


@pytest.mark.parametrize("limit", [28.0, 29.5, 30.0, 60.0])
def test_speech_without_a_pause_is_cut_where_the_speaker_breathes(
    speech: Audio, limit: float
) -> None:
    span = TimeSpan(0.7, SECONDS)
    cuts = quiet_cuts(speech, span, limit)
    bounds = [span.start, *cuts, span.end]
    assert len(cuts) >= SECONDS // limit - 1
    assert all(_is_in_gap(cut) for cut in cuts), cuts
    assert all(0 < end - start <= limit for start, end in zip(bounds, bounds[1:], strict=False))


def test_speech_that_is_short_enough_is_not_cut(speech: Audio) -> None:
    assert quiet_cuts(speech, TimeSpan(10.0, 38.0), 28.0) == []


def test_the_quietest_moment_is_found_across_the_blocks_that_are_read(
    speech: Audio, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The only breath is at 9 s, across the end of the first block.
    monkeypatch.setattr(speech_windows, "BLOCK_SECONDS", 3.0)
    for start in (6.0, 6.1, 6.2, 5.9):
        assert 9.0 <= find_quiet_moment(speech, TimeSpan(start, 15.0)) <= 9.25
    assert 3.1 <= find_quiet_moment(speech, TimeSpan(-5.0, 5.0)) <= 3.35, "before the track"


def test_a_span_without_audio_is_cut_in_its_middle(speech: Audio) -> None:
    assert find_quiet_moment(speech, TimeSpan(200.0, 210.0)) == 205.0
    assert find_quiet_moment(speech, TimeSpan(94.95, 94.99)) == pytest.approx(94.97)


def test_windows_hold_all_speech_once_and_none_is_too_long(speech: Audio) -> None:
    spans = (TimeSpan(1.0, 2.5), TimeSpan(4.0, 62.0), TimeSpan(63.0, 64.0), TimeSpan(70.0, 95.0))
    chunk = Chunk(TimeSpan(0.5, 96.0), spans, (TimeSpan(63.0, 64.0),))
    windows = cut_windows(speech, chunk, 28.0)
    assert sum(part.duration for window in windows for part in window.speech) == pytest.approx(
        sum(span.duration for span in spans)
    )
    for window in windows:
        assert chunk.span.start <= window.span.start < window.span.end <= chunk.span.end
        assert window.span.duration <= 28.0
        assert window.speech
    for one, following in zip(windows, windows[1:], strict=False):
        assert one.span.end <= following.span.start
        is_hard = any(span.start < one.span.end < span.end for span in spans)
        assert not is_hard or _is_in_gap(one.span.end)
    assert [part for window in windows for part in window.low_energy] == [TimeSpan(63.0, 64.0)]


def test_a_chunk_without_speech_has_no_windows(speech: Audio) -> None:
    assert cut_windows(speech, Chunk(TimeSpan(0, 90), ()), 28.0) == []


def test_a_chunk_without_a_pause_is_split_where_it_is_quiet(speech: Audio) -> None:
    chunk = Chunk(TimeSpan(10.0, 38.0), (TimeSpan(10.0, 38.0),))
    first, second = chunk.split(speech)
    assert first.span.end == second.span.start
    assert _is_in_gap(first.span.end)
    assert not _is_in_gap(chunk.split()[0].span.end), "the middle is inside a word here"
    # A pause is better than a quiet moment.
    paused = Chunk(TimeSpan(10.0, 38.0), (TimeSpan(10.0, 24.9), TimeSpan(25.1, 38.0)))
    assert paused.split(speech)[0].span.end == pytest.approx(25.0)


def test_memory_does_not_grow_with_the_length_of_the_track(tmp_path: Path) -> None:
    path = tmp_path / "long.pcm"
    with path.open("wb") as file:
        file.truncate(4 * 3600 * SAMPLE_RATE * 2)  # four hours, which take no space

    def measure(span: TimeSpan) -> int:
        tracemalloc.start()
        try:
            find_quiet_moment(Audio(path), span)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    measure(TimeSpan(0.0, 40.0))  # imports
    assert measure(TimeSpan(12_000.0, 12_600.0)) < 1.2 * measure(TimeSpan(12_000.0, 12_060.0))
    cuts = quiet_cuts(Audio(path), TimeSpan(0.0, 4 * 3600.0), 600.0)
    assert len(cuts) >= 24
