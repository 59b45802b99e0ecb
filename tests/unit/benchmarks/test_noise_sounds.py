"""Noises of the noise benchmark: the level that was asked for, and the same in each run."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from support.benchmark_modules import load_benchmark

RATE = 16_000


@pytest.fixture(scope="module")
def sounds() -> ModuleType:
    return load_benchmark("noise_sounds")


@pytest.mark.parametrize("level", [20, 10, 5, 0])
def test_a_sound_is_so_many_decibels_below_the_speech(sounds: ModuleType, level: int) -> None:
    speech = 0.1 * np.sin(np.arange(2 * RATE) / 10)
    added = sounds.mix(speech, sounds.make_engine(RATE // 2), level) - speech
    measured = 10 * np.log10(np.mean(speech**2) / np.mean(added**2))
    assert measured == pytest.approx(level, abs=0.01)


def test_a_loud_mix_is_not_cut_off(sounds: ModuleType) -> None:
    speech = 0.9 * np.sin(np.arange(RATE) / 10)
    assert np.abs(sounds.mix(speech, sounds.make_engine(RATE), 0)).max() <= 0.99


def test_silence_adds_nothing(sounds: ModuleType) -> None:
    speech = 0.1 * np.sin(np.arange(RATE) / 10)
    assert np.array_equal(sounds.mix(speech, np.zeros(100), 0), speech)


def test_each_run_makes_the_same_sounds(sounds: ModuleType) -> None:
    voices = [np.sin(np.arange(RATE) / pitch) for pitch in (10, 13, 17)]
    assert np.array_equal(sounds.make_engine(RATE), sounds.make_engine(RATE))
    assert np.array_equal(sounds.make_crowd(voices, RATE), sounds.make_crowd(voices, RATE))


def test_a_room_answers_after_the_sound_and_fades(sounds: ModuleType) -> None:
    click = np.zeros(2 * RATE)
    click[RATE // 2] = 0.5
    heard = sounds.add_reverberation(click, 0)
    assert np.abs(heard[: RATE // 2]).max() < 1e-9
    early, late = heard[RATE // 2 + 1 :][: RATE // 4], heard[RATE // 2 :][RATE // 2 : RATE]
    assert np.mean(early**2) > 100 * np.mean(late**2)
    assert np.mean(late**2) > 0
