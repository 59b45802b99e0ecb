"""Tests of the windows that are encoded once."""

from __future__ import annotations

from typing import Any

import numpy as np

from subtitled_plugins.whisper.encoded_windows import KEPT_WINDOWS, EncodedWindows


def _windows(*levels: float) -> Any:
    return np.stack([np.full((4, 6), level, np.float32) for level in levels])


def _halve(calls: list[float]) -> EncodedWindows:
    def encode(window: Any) -> Any:
        calls.append(float(window[0, 0, 0]))
        return window[:, :, ::2].transpose(0, 2, 1) + 100

    return EncodedWindows(encode)


def test_a_window_is_encoded_once_alone_and_among_others() -> None:
    calls: list[float] = []
    windows = _halve(calls)
    first = windows.encode(_windows(1.0))
    assert first.shape == (1, 3, 4)
    both = windows.encode(_windows(2.0, 1.0))
    assert np.array_equal(both[:, 0, 0], [102.0, 101.0])
    assert calls == [1.0, 2.0]


def test_what_is_returned_may_be_changed_without_changing_what_is_kept() -> None:
    windows = _halve([])
    windows.encode(_windows(1.0))[:] = 0
    assert windows.encode(_windows(1.0))[0, 0, 0] == 101.0


def test_windows_of_another_length_are_others() -> None:
    calls: list[float] = []
    windows = _halve(calls)
    windows.encode(np.zeros((1, 4, 6), np.float32))
    windows.encode(np.zeros((1, 4, 8), np.float32))
    assert len(calls) == 2


def test_only_the_windows_used_last_are_kept() -> None:
    calls: list[float] = []
    windows = _halve(calls)
    for level in range(KEPT_WINDOWS):
        windows.encode(_windows(level))
    windows.encode(_windows(0))  # used again, so 1 is the oldest
    windows.encode(_windows(KEPT_WINDOWS))
    windows.encode(_windows(0))
    assert len(calls) == KEPT_WINDOWS + 1
    windows.encode(_windows(1))
    assert len(calls) == KEPT_WINDOWS + 2
