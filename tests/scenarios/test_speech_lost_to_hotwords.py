"""Hotwords are hints: an engine that loses words over them is asked again without."""

from __future__ import annotations

import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    InputRejectedError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.transcription.lost_speech import find_lost_speech
from support.harness import FakeEngine, Harness, film


class HintedEngine(FakeEngine):
    """Loses most words of a request with hotwords, as Whisper does behind a short prompt."""

    loses = True
    refuses_second = False

    def __init__(self, configured: object) -> None:
        super().__init__(configured)
        self.capabilities = replace(self.capabilities, checks_hotwords=False)
        self.requests: list[tuple[str, ...]] = []

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.requests.append(request.hotwords)
        if self.refuses_second and not request.hotwords:
            raise InputRejectedError("not today", "")
        transcript = super().transcribe(audio, request)
        if request.hotwords and self.loses:
            return replace(transcript, words=transcript.words[:2])
        return transcript


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Harness, HintedEngine, Path]]:
    harness = Harness(tmp_path, 'languages = ["en"]')
    engine = HintedEngine(harness.configuration)
    object.__setattr__(harness.jobs._services, "engines", engine)
    yield harness, engine, film(harness.root / "Moby Dick (1851).wav", 12)
    harness.close()


def written(media: Path) -> str:
    return media.with_name(f"{media.stem}.en.srt").read_text("utf-8")


def test_a_chunk_that_lost_words_is_transcribed_again_without_hotwords(
    place: tuple[Harness, HintedEngine, Path],
) -> None:
    harness, engine, media = place
    harness.scan()
    assert {bool(hotwords) for hotwords in engine.requests} == {True, False}
    with_hotwords = written(media)
    engine.loses = False
    fingerprint = harness.the(media).fingerprint
    assert fingerprint is not None
    harness.transcripts.clear_transcripts(fingerprint)
    media.with_name(f"{media.stem}.en.srt").unlink()
    harness.jobs.retry(harness.the(media))
    harness.settle()
    assert written(media) == with_hotwords


def test_an_engine_that_loses_nothing_is_asked_once(
    place: tuple[Harness, HintedEngine, Path],
) -> None:
    harness, engine, _ = place
    engine.loses = False
    harness.scan()
    assert engine.requests and all(engine.requests)


def test_the_first_transcript_stays_where_the_second_request_fails(
    place: tuple[Harness, HintedEngine, Path],
) -> None:
    harness, engine, media = place
    engine.refuses_second = True
    harness.scan()
    assert written(media)


def test_speech_without_a_word_is_found_between_pauses_and_at_the_end() -> None:
    speech = [TimeSpan(0, 10), TimeSpan(12, 20), TimeSpan(21, 23)]
    words = [Word(text=" a", start=n, end=n + 0.9) for n in range(6)] + [
        Word(text=" b", start=12, end=19)
    ]
    assert find_lost_speech(speech, (), words) == [TimeSpan(5.9, 10), TimeSpan(14, 20)]
    assert find_lost_speech(speech, [TimeSpan(6, 10), TimeSpan(13, 20)], words) == []
    assert find_lost_speech([], (), words) == []


def test_speech_in_which_no_word_was_recognised_is_kept_for_explain(
    place: tuple[Harness, HintedEngine, Path],
) -> None:
    harness, engine, _ = place
    engine.refuses_second = True
    media = harness.root / "Film (2020).wav"
    spoken = [(1.0, 5.0), (6.0, 10.0), (11.0, 15.0)]
    samples = np.zeros(16 * SAMPLE_RATE)
    for start, end in spoken:
        time = np.arange(round((end - start) * SAMPLE_RATE)) / SAMPLE_RATE
        first = round(start * SAMPLE_RATE)
        samples[first : first + len(time)] = 0.3 * np.sin(2 * np.pi * 440 * time)
    with wave.open(str(media), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((samples * 32767).astype("<i2").tobytes())
    harness.scan()
    fingerprint = harness.the(media).fingerprint
    assert fingerprint is not None
    (removals,) = harness.transcripts.removals(fingerprint, 0).values()
    lost = [(round(one.start), round(one.end)) for one in removals if not one.text]
    assert (11, 15) in lost
    assert all("no word was recognised" in one.reason for one in removals if not one.text)
