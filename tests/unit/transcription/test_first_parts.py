"""Which part of a film is transcribed before the whole is decoded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from subtitled.plugin import SAMPLE_RATE, Audio, TimeSpan
from subtitled.transcription.first_parts import LEAD_SECONDS, choose_window, find_bounds


def test_a_minute_from_the_viewer_comes_first_and_then_what_follows() -> None:
    first = choose_window([], [2400.0], 6000.0)
    assert first == TimeSpan(2400.0, 2460.0)
    assert choose_window([TimeSpan(2398.5, 2521.0)], [2405.0], 6000.0) == TimeSpan(2521.0, 2641.0)


def test_a_viewer_with_enough_ahead_gets_no_more_until_the_film_is_decoded() -> None:
    done = [TimeSpan(2400.0, 2400.0 + LEAD_SECONDS + 10)]
    assert choose_window(done, [2400.0], 6000.0) is None
    assert choose_window([], [], 6000.0) is None
    assert choose_window([], [5999.5], 6000.0) is None, "the film ends"


def test_what_a_viewer_sees_until_a_slow_machine_is_ready_is_left_for_later() -> None:
    done = [TimeSpan(2400.0, 2460.0)]
    assert choose_window(done, [2480.0], 6000.0, 10.0) == TimeSpan(2480.0, 2600.0)
    assert choose_window(done, [2480.0], 6000.0, 80.0) == TimeSpan(2560.0, 2680.0)
    assert choose_window(done, [2410.0], 6000.0, 30.0) == TimeSpan(2460.0, 2580.0)
    done = [*done, TimeSpan(2560.0, 2680.0)]
    assert choose_window(done, [2500.0], 6000.0, 80.0) == TimeSpan(2680.0, 2800.0)


def test_of_two_viewers_the_one_with_less_ahead_is_served() -> None:
    done = [TimeSpan(60.0, 180.0)]
    assert choose_window(done, [60.0, 2400.0], 6000.0) == TimeSpan(2400.0, 2520.0)
    done = [*done, TimeSpan(2400.0, 2700.0)]
    assert choose_window(done, [60.0, 2400.0], 6000.0) == TimeSpan(180.0, 300.0)


def test_a_part_ends_where_one_begins_that_was_made_before() -> None:
    assert choose_window([TimeSpan(100.0, 220.0)], [40.0], 6000.0) == TimeSpan(40.0, 100.0)


@pytest.fixture
def sound(tmp_path: Path) -> Audio:
    """Return ten seconds of noise, with less of it around second 3."""
    noise = np.random.default_rng(1).normal(0, 3000, 10 * SAMPLE_RATE)
    noise[round(2.8 * SAMPLE_RATE) : round(3.2 * SAMPLE_RATE)] = 0
    path = tmp_path / "sound.pcm"
    noise.astype("<i2").tofile(path)
    return Audio(path)


def test_a_part_is_cut_in_pauses(sound: Audio) -> None:
    speech = [TimeSpan(0.0, 2.0), TimeSpan(2.6, 7.0), TimeSpan(8.0, 10.0)]
    part = find_bounds(TimeSpan(3.0, 6.0), TimeSpan(0.0, 10.0), speech, sound, [])
    assert (part.start, part.end) == (2.3, 7.5)


def test_a_part_amid_speech_is_cut_where_it_is_quietest(sound: Audio) -> None:
    speech = [TimeSpan(0.0, 10.0)]
    part = find_bounds(TimeSpan(4.0, 9.0), TimeSpan(0.0, 10.0), speech, sound, [9.0])
    assert part.start == pytest.approx(3.0, abs=0.15)
    assert part.end == 9.0, "another part begins there"
