"""Sounds that make speech hard to hear, and mixes at a level. Pure functions, with fixed seeds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RATE = 16_000
SEED = 20
Samples = npt.NDArray[np.float64]


def mix(speech: Samples, sound: Samples, level: float) -> Samples:
    """Add a sound, repeated to the length of the speech, so many dB below it."""
    fitted = np.resize(sound, len(speech))
    power, other = float(np.mean(speech**2)), float(np.mean(fitted**2))
    gain = np.sqrt(power / other / 10 ** (level / 10)) if other else 0.0
    return _keep_in_range(speech + gain * fitted)


def make_engine(count: int) -> Samples:
    """Generate the sound of an engine: twenty harmonics of 40 to 60 Hz, and low noise."""
    chance = np.random.default_rng(SEED)
    times = np.arange(count) / RATE
    phase = 2 * np.pi * np.cumsum(50 + 10 * np.sin(2 * np.pi * times / 7)) / RATE
    harmonics = sum(
        (np.sin(n * phase + chance.uniform(0, 6)) / n for n in range(1, 21)), np.zeros(count)
    )
    low = np.convolve(chance.standard_normal(count), np.ones(16) / 4, mode="same")
    return np.asarray(harmonics + low, np.float64)


def make_crowd(voices: Sequence[Samples], count: int) -> Samples:
    """Lay voices of the same loudness over each other, each from a place of its own."""
    chance = np.random.default_rng(SEED)
    crowd = np.zeros(count)
    for voice in voices:
        shifted = np.roll(voice, int(chance.integers(len(voice))))
        crowd += np.resize(shifted, count) / (np.sqrt(np.mean(voice**2)) + 1e-9)
    return crowd


def add_reverberation(speech: Samples, level: float) -> Samples:
    """Add what a room returns: noise that decays by 60 dB in a second, so many dB below."""
    times = np.arange(RATE) / RATE
    tail = np.random.default_rng(SEED).standard_normal(RATE) * 10 ** (-3 * times)
    size = len(speech) + RATE
    spectrum = np.fft.rfft(speech, size) * np.fft.rfft(tail, size)
    return mix(speech, np.fft.irfft(spectrum, size)[: len(speech)], level)


def _keep_in_range(sound: Samples) -> Samples:
    return sound / max(1.0, float(np.abs(sound).max()) / 0.99)
