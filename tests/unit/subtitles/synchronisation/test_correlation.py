"""Voice activity as curves: one way to draw and correlate for subtitles and for media files."""

from __future__ import annotations

import numpy as np
import pytest

from subtitled.plugin import TimeSpan
from subtitled.subtitles.synchronisation.correlation import (
    choose_size,
    correlate,
    draw_activity,
    transform,
)

SPEECH = [TimeSpan(0.5, 1.0), TimeSpan(2.0, 3.5)]


@pytest.mark.parametrize("step", [0.02, 0.05])
@pytest.mark.parametrize("margin", [0.0, 1.5])
def test_speech_is_one_faint_speech_a_half_and_silence_nothing(step: float, margin: float) -> None:
    faint = [TimeSpan(3.0, 3.5)]
    curve = draw_activity(
        SPEECH, faint, step=step, length=round((4.0 + margin) / step), margin=margin
    )
    for moment, height in ((0.2, 0.0), (0.7, 1.0), (1.5, 0.0), (2.5, 1.0), (3.2, 0.5), (3.8, 0.0)):
        assert curve[round((moment + margin) / step)] == height
    assert curve.sum() * step == pytest.approx(0.5 + 1.0 + 0.25, abs=2 * step)


@pytest.mark.parametrize("lag", [-7, 0, 1, 23])
def test_the_correlation_is_the_sum_of_products_at_each_offset(lag: int) -> None:
    chance = np.random.default_rng(4)
    patterns = [chance.random(40), chance.random(25)]
    curves = [chance.random(60), chance.random(50)]
    size = choose_size(40, 60)
    found = correlate(patterns, [transform(curve, size) for curve in curves], size)
    expected = sum(
        pattern[at] * curve[at + lag]
        for pattern, curve in zip(patterns, curves, strict=True)
        for at in range(len(pattern))
        if 0 <= at + lag < len(curve)
    )
    assert found[lag] == pytest.approx(expected)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (3, 5), (64, 64), (64, 65), (1000, 3)])
def test_a_transform_is_large_enough_that_no_offset_meets_another(first: int, second: int) -> None:
    size = choose_size(first, second)
    assert size >= first + second - 1
    assert size & (size - 1) == 0
