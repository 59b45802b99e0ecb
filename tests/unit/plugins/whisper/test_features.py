"""A window shorter than half a minute is heard as Whisper was trained: with silence behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from subtitled.plugin import SAMPLE_RATE
from subtitled_plugins.whisper.features import fill_with_silence

if TYPE_CHECKING:
    import numpy.typing as npt

FRAMES = 3000
EDGE_FRAMES = 3
"""Frames whose analysis window reaches from the sound into the silence."""


def make_sound(seconds: float, level: float) -> npt.NDArray[np.float32]:
    noise = np.random.default_rng(7).standard_normal(round(seconds * SAMPLE_RATE))
    return (level * noise).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.5, 8.37, 29.0])
@pytest.mark.parametrize("level", [0.2, 0.001, 0.0])
def test_what_follows_a_window_is_heard_as_silence_however_loud_the_window_is(
    seconds: float, level: float
) -> None:
    sound = make_sound(seconds, level)
    extract = FeatureExtractor()
    silence = np.zeros(30 * SAMPLE_RATE - len(sound), np.float32)
    expected = extract(np.concatenate([sound, silence]))[:, :FRAMES]
    filled = fill_with_silence(extract(sound)[:, :-1], FRAMES)
    assert filled.shape == expected.shape
    far = np.ones(FRAMES, bool)
    border = len(sound) // 160
    far[border - EDGE_FRAMES : border + EDGE_FRAMES] = False
    np.testing.assert_allclose(filled[:, far], expected[:, far], atol=1e-4)


@pytest.mark.parametrize("seconds", [30.0, 31.0])
def test_a_window_of_half_a_minute_or_more_is_not_changed(seconds: float) -> None:
    features = FeatureExtractor()(make_sound(seconds, 0.1))
    np.testing.assert_array_equal(fill_with_silence(features, FRAMES), features[:, :FRAMES])


def test_a_window_without_a_single_frame_is_silence() -> None:
    empty = np.zeros((80, 0), np.float32)
    assert (fill_with_silence(empty, FRAMES) == -1.5).all()
