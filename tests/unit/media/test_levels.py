"""Sound that is far too quiet or lies beside zero is corrected, and no other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from subtitled.media.levels import correct_level
from subtitled.plugin import SAMPLE_RATE

SECONDS = 20


def write(path: Path, decibels: float, *, offset: float = 0.0, click: float = 0.0) -> Path:
    """Write bursts of a tone with pauses between them."""
    times = np.arange(SECONDS * SAMPLE_RATE) / SAMPLE_RATE
    samples = np.sin(2 * np.pi * 300 * times) * np.sqrt(2) * 10 ** (decibels / 20)
    samples *= times % 2 < 1
    samples[5000:5010] += click
    path.write_bytes((np.clip(samples + offset, -1, 0.9999) * 32768).astype("<i2").tobytes())
    return path


def read(path: Path) -> np.ndarray:
    return np.frombuffer(path.read_bytes(), dtype="<i2") / 32768.0


def level(samples: np.ndarray) -> float:
    """Return the level of the bursts in decibels."""
    first = samples[: SAMPLE_RATE * 3 // 4]
    return float(20 * np.log10(first.std()))


@pytest.mark.parametrize("decibels", [-43.0, -50.0, -60.0, -70.0])
def test_quiet_speech_is_raised_to_the_usual_level(tmp_path: Path, decibels: float) -> None:
    path = write(tmp_path / "a", decibels)
    assert correct_level(path)
    assert level(read(path)) == pytest.approx(-24.0, abs=1.5)
    assert len(read(path)) == SECONDS * SAMPLE_RATE


@pytest.mark.parametrize("decibels", [-10.0, -24.0, -40.0, -80.0, -200.0])
def test_usual_and_silent_sound_stays_as_it_is(tmp_path: Path, decibels: float) -> None:
    path = write(tmp_path / "a", decibels)
    before = path.read_bytes()
    assert not correct_level(path)
    assert path.read_bytes() == before
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_click_does_not_make_quiet_speech_loud(tmp_path: Path) -> None:
    path = write(tmp_path / "a", -55.0, click=0.8)
    assert correct_level(path)
    samples = read(path)
    assert level(samples[2 * SAMPLE_RATE :]) == pytest.approx(-24.0, abs=1.5)
    assert np.abs(samples).max() <= 1.0


@pytest.mark.parametrize(("seconds", "spoken"), [(1.0, 0.75), (1.5, 0.8), (5.0, 1.0), (60.0, 1.5)])
def test_one_sentence_of_usual_loudness_is_not_raised(
    tmp_path: Path, seconds: float, spoken: float
) -> None:
    path = tmp_path / "a"
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples = np.where(times < spoken, 0.1, 0.001) * np.sin(2 * np.pi * 300 * times)
    path.write_bytes((samples * 32768).astype("<i2").tobytes())
    assert not correct_level(path)


@pytest.mark.parametrize("offset", [0.05, -0.3, 0.7])
@pytest.mark.parametrize("decibels", [-20.0, -30.0, -50.0])
def test_a_constant_part_is_removed(tmp_path: Path, decibels: float, offset: float) -> None:
    path = write(tmp_path / "a", decibels, offset=offset)
    assert correct_level(path)
    samples = read(path)
    assert abs(samples.mean()) < 0.001
    assert level(samples) == pytest.approx(max(decibels, -30.0), abs=6.5)


@pytest.mark.parametrize("size", [0, 1, 2, 2000, 8001])
def test_a_file_that_is_shorter_than_a_window_is_left_alone(tmp_path: Path, size: int) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\1" * size)
    correct_level(path)
    assert path.stat().st_size in (size, size // 2 * 2)
