"""VAD: speech and whispers are detected, noise and music are not."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media import vad
from subtitled.media.vad import (
    HYSTERESIS,
    MIN_SILENCE_SECONDS,
    detect_speech,
    find_frame_ranges,
    map_blocks,
)
from subtitled.media.vad_model import SpeechModel
from subtitled.plugin import SAMPLE_RATE, Audio, TimeSpan
from support.recorded_speech import Recording

Floats = npt.NDArray[np.float32]


def _pcm(source: list[str], target: Path) -> Audio:
    subprocess.run(
        [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            *source,
            "-ar",
            str(SAMPLE_RATE),
            "-ac",
            "1",
            "-f",
            "s16le",
            target,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return Audio(target)


def _samples(audio: Audio) -> Floats:
    return audio.read_samples(TimeSpan(0, audio.duration))


def _written(samples: Floats, target: Path, decibels: float = 0.0) -> Audio:
    loud = samples * 10 ** (decibels / 20) * 32768
    target.write_bytes(np.clip(np.round(loud), -32768, 32767).astype("<i2").tobytes())
    return Audio(target)


def _whispered(samples: Floats) -> Floats:
    """Make whispered speech: the spectral envelope of speech with noise instead of a voice."""
    size, step = 512, 128
    window = np.hanning(size)
    noise = np.random.default_rng(1).standard_normal(len(samples))
    out = np.zeros(len(samples))
    for at in range(0, len(samples) - size, step):
        here = slice(at, at + size)
        shape = np.convolve(np.abs(np.fft.rfft(samples[here] * window)), np.ones(9) / 9, "same")
        out[here] += np.fft.irfft(np.fft.rfft(noise[here] * window) * shape) * window
    quieter = np.sqrt((samples**2).mean() / (out**2).mean())
    return (out * quieter).astype(np.float32)


def _total(parts: tuple[TimeSpan, ...]) -> float:
    return sum(part.duration for part in parts)


@pytest.fixture
def spoken(english_speech: Recording, tmp_path: Path) -> Floats:
    return _samples(_pcm(["-i", str(english_speech.path)], tmp_path / "prompts.s16"))


def test_speech_is_found_in_order_and_apart(spoken: Floats, tmp_path: Path) -> None:
    found = detect_speech(_written(spoken, tmp_path / "a"))
    assert _total(found.spans) > 6
    assert found.low_energy == ()
    assert all(a.end < b.start for a, b in zip(found.spans, found.spans[1:], strict=False))


@pytest.mark.parametrize("decibels", [-30, -40])
def test_speech_that_is_played_quietly_is_found_as_well(
    spoken: Floats, tmp_path: Path, decibels: float
) -> None:
    loud = detect_speech(_written(spoken, tmp_path / "a"))
    quiet = detect_speech(_written(spoken, tmp_path / "b", decibels))
    assert _total(quiet.spans) > 0.93 * _total(loud.spans)


def test_whispered_speech_is_found_and_marked_as_low_energy(speech: Path, tmp_path: Path) -> None:
    """The first threshold alone detects nothing in this recording."""
    spoken = _samples(_pcm(["-i", str(speech / "jfk.flac")], tmp_path / "jfk.s16"))
    found = detect_speech(_written(_whispered(spoken), tmp_path / "a", -30))
    assert _total(found.low_energy) > 4
    for part in found.low_energy:
        assert any(one.start <= part.start and part.end <= one.end for one in found.spans)


def test_more_of_a_noisy_radio_is_found(speech: Path, tmp_path: Path) -> None:
    found = detect_speech(_pcm(["-i", str(speech / "apollo11.mp3")], tmp_path / "a"))
    clear = _total(found.spans) - _total(found.low_energy)
    assert _total(found.low_energy) > 0.2 * clear


@pytest.mark.parametrize(
    "sound",
    [
        "anoisesrc=c=pink:a=0.2",
        "anoisesrc=c=brown:a=0.5",
        "anoisesrc=c=pink:a=0.003",
        "sine",
        "anullsrc",
        "aevalsrc='0.2*(sin(2*PI*220*t)+sin(2*PI*277*t)+sin(2*PI*330*t))*exp(-2*mod(t\\,1))'",
        "aevalsrc='(random(0)*2-1)*exp(-20*mod(t\\,0.5))'",
    ],
)
def test_noise_tones_chords_and_drums_are_no_speech(sound: str, tmp_path: Path) -> None:
    found = detect_speech(_pcm(["-f", "lavfi", "-i", sound, "-t", "20"], tmp_path / "a"))
    assert found.spans == ()


def test_a_track_of_no_length_has_no_speech(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"")
    assert detect_speech(Audio(tmp_path / "a")).spans == ()


@given(st.lists(st.floats(0, 1), max_size=200), st.floats(0.2, 0.9))
def test_runs_hold_every_frame_that_reaches_the_threshold(
    probabilities: list[float], threshold: float
) -> None:
    found = find_frame_ranges(probabilities, threshold)
    for number, probability in enumerate(probabilities):
        inside = any(first <= number < last for first, last in found)
        assert inside or probability < threshold
    silence = round(MIN_SILENCE_SECONDS * SAMPLE_RATE / 512)
    for (_, end), (start, _) in zip(found, found[1:], strict=False):
        assert start - end >= silence
        assert probabilities[end] < threshold - HYSTERESIS


def test_blocks_heard_at_the_same_time_give_the_speech_of_one_after_the_other(
    english_speech: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vad, "BLOCK_SECONDS", 4.0)
    audio = _pcm(["-i", str(english_speech.path)], tmp_path / "speech.s16")
    one_by_one = detect_speech(audio)
    assert len(one_by_one.spans) > 1
    assert detect_speech(audio, threads=3) == one_by_one


def test_the_model_says_of_small_pieces_what_it_says_of_a_large_one(
    english_speech: Recording, tmp_path: Path
) -> None:
    from faster_whisper.vad import get_vad_model

    samples = _samples(_pcm(["-i", str(english_speech.path)], tmp_path / "speech.s16"))
    whole = np.pad(samples, (0, 512 - len(samples) % 512))
    model, chance = SpeechModel(), random.Random(7)
    probabilities: list[float] = []
    position = 0
    while position < len(samples):
        count = chance.choice([0, 1, 100, 511, 512, 5000, 60_000])
        probabilities += model.predict(samples[position : position + count])
        position += count
    probabilities += model.finish()
    assert probabilities == get_vad_model()(whole).reshape(-1).tolist()


def _pieces(count: int, taken: list[int]) -> Iterator[Floats]:
    """Yield pieces of two samples that have their number as value."""
    for number in range(count):
        taken.append(number)
        yield np.full(2, number, np.float32)


def _first(pieces: Iterator[Floats]) -> list[int]:
    return [int(piece[0]) for piece in pieces]


def test_no_more_blocks_are_read_than_are_worked_on() -> None:
    taken: list[int] = []
    for count, result in enumerate(map_blocks(_first, _pieces(26, taken), 6, 3), 1):
        assert result == list(range(3 * (count - 1), min(26, 3 * count)))
        assert len(taken) <= 3 * (count + 2)
    assert (count, len(taken)) == (9, 26)


def test_a_block_is_worked_on_while_its_pieces_arrive() -> None:
    seen: SimpleQueue[int] = SimpleQueue()

    def pieces() -> Iterator[Floats]:
        for number in range(3):
            yield np.full(2, number, np.float32)
            assert seen.get(timeout=30) == number

    def work(block: Iterator[Floats]) -> None:
        for piece in block:
            seen.put(int(piece[0]))

    assert list(map_blocks(work, pieces(), 100, 1)) == [None]


def test_a_block_that_cannot_be_heard_fails_the_detection() -> None:
    def work(pieces: Iterator[Floats]) -> int:
        if 4 in _first(pieces):
            raise MemoryError
        return 0

    with pytest.raises(MemoryError):
        list(map_blocks(work, _pieces(10, []), 4, 2))


@pytest.mark.timeout(30)
def test_sound_that_breaks_off_fails_the_detection_and_leaves_no_thread_waiting() -> None:
    def pieces() -> Iterator[Floats]:
        yield from _pieces(5, [])
        raise OSError

    with pytest.raises(OSError):
        list(map_blocks(_first, pieces(), 8, 2))
