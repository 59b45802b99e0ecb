"""Audio is read while it is decoded, and rejected if decoding does not finish."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from subtitled.media.decode import decode_track
from subtitled.media.growing_pcm import announce, follow_pcm, partial_path
from subtitled.media.probe import probe_media
from subtitled.media.vad import detect_speech, detect_speech_while_decoding
from subtitled.plugin import SAMPLE_RATE, SubtitledError, TransientError
from support.recorded_speech import Recording

SECOND = np.arange(SAMPLE_RATE, dtype="<i2")


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as thread_pool_executor:
        yield thread_pool_executor


def test_each_block_comes_as_soon_as_it_is_there_and_the_rest_at_the_end(tmp_path: Path) -> None:
    into = tmp_path / "sound.s16"
    announce(into)
    blocks = follow_pcm(into, 2.0)
    with partial_path(into).open("ab") as file:
        file.write(np.tile(SECOND, 5).tobytes())
        file.flush()
        first = [next(blocks), next(blocks)]
        partial_path(into).replace(into)
        rest = list(blocks)
    assert [len(block) / SAMPLE_RATE for block in (*first, *rest)] == [2.0, 2.0, 1.0]
    samples = np.concatenate([*first, *rest]) * 32768
    assert np.array_equal(samples.astype("<i2"), np.tile(SECOND, 5))


def test_the_last_block_waits_until_the_sound_is_whole(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    into = tmp_path / "sound.s16"
    announce(into)
    coming = pool.submit(lambda: [len(block) for block in follow_pcm(into, 2.0)])
    partial_path(into).write_bytes(SECOND.tobytes())
    time.sleep(0.4)
    assert not coming.done()
    partial_path(into).replace(into)
    assert coming.result(5.0) == [SAMPLE_RATE]


@pytest.mark.parametrize("restarted", [False, True], ids=["given up", "begun again"])
def test_incomplete_audio_is_an_error(
    tmp_path: Path, pool: ThreadPoolExecutor, restarted: bool
) -> None:
    into = tmp_path / "sound.s16"
    announce(into)
    started = threading.Event()

    def listen() -> None:
        for _ in follow_pcm(into, 1.0):
            started.set()

    coming = pool.submit(listen)
    partial_path(into).write_bytes(np.tile(SECOND, 3).tobytes())
    assert started.wait(5.0)
    partial_path(into).unlink()
    if restarted:
        into.write_bytes(SECOND.tobytes())
    with pytest.raises(TransientError, match="not decoded to its end"):
        coming.result(5.0)


def test_leftover_of_an_earlier_run_is_not_read(tmp_path: Path) -> None:
    into = tmp_path / "sound.s16"
    partial_path(into).write_bytes(SECOND.tobytes())
    announce(into)
    partial_path(into).replace(into)
    assert list(follow_pcm(into, 1.0)) == []


def test_speech_found_while_a_real_file_is_decoded_is_that_of_the_whole_sound(
    english_speech: Recording,
    tmp_path: Path,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("subtitled.media.vad.BLOCK_SECONDS", 4.0)  # 125 frames
    media, into = english_speech.path, tmp_path / "sound.s16"
    announce(into)
    early = pool.submit(detect_speech_while_decoding, into)
    audio = decode_track(media, probe_media(media).audio_tracks[0], into)
    found = early.result(60.0)
    assert found == detect_speech(audio)
    assert found.spans


def test_failed_decoding_ends_the_speech_detection(
    tmp_path: Path, english_speech: Recording, pool: ThreadPoolExecutor
) -> None:
    into, media = tmp_path / "sound.s16", tmp_path / "gone.mkv"
    announce(into)
    early = pool.submit(detect_speech_while_decoding, into)
    with pytest.raises((SubtitledError, FileNotFoundError)):
        decode_track(media, probe_media(english_speech.path).audio_tracks[0], into)
    with pytest.raises(TransientError):
        early.result(5.0)
    assert not partial_path(into).exists()
