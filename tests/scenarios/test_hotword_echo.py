"""A hotword that an engine repeats where little is heard is its own echo and no speech."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.plugin import (
    Audio,
    Chunk,
    Language,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.subtitles.hallucination import FilterContext, load_phrases
from subtitled.transcription.quality import assess
from support.harness import FakeEngine, Harness, film

HOTWORD = "Moby Dick"
"""From the name of the film."""


class EchoingEngine(FakeEngine):
    """Says each word as a sentence, and an unsure hotword in place of one."""

    def __init__(self, configured: object, supports_hotwords: bool) -> None:
        super().__init__(configured)
        self.capabilities = replace(
            self.capabilities, supports_hotwords=supports_hotwords, checks_hotwords=True
        )

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        transcript = super().transcribe(audio, request)
        words = [replace(word, text=f"{word.text}.") for word in transcript.words]
        words[2] = replace(words[2], text=f" {HOTWORD}.", confidence=0.4)
        return replace(transcript, words=tuple(words))


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Callable[[bool], tuple[Harness, Path]]]:
    built = Harness(tmp_path, 'languages = ["en"]')

    def with_engine(supports_hotwords: bool) -> tuple[Harness, Path]:
        engine = EchoingEngine(built.configuration, supports_hotwords)
        object.__setattr__(built.jobs._services, "engines", engine)
        media = film(built.root / f"{HOTWORD} (1851).wav", 12)
        built.scan()
        return built, media

    yield with_engine
    built.close()


def test_an_echo_of_a_hotword_is_removed_and_the_reason_is_stored(
    harness: Callable[[bool], tuple[Harness, Path]],
) -> None:
    built, media = harness(True)
    assert HOTWORD not in media.with_name(f"{media.stem}.en.srt").read_text("utf-8")
    fingerprint = built.the(media).fingerprint
    assert fingerprint is not None
    ((variant, removals),) = built.transcripts.removals(fingerprint, 0).items()
    assert any(HOTWORD in built.transcripts.hotwords(fingerprint, 0)[variant] for _ in removals)
    echoes = {removal.reason for removal in removals if removal.text == f"{HOTWORD}."}
    assert len(echoes) == 1 and "phrase" in echoes.pop()


def test_the_same_words_of_an_engine_without_hotwords_are_speech(
    harness: Callable[[bool], tuple[Harness, Path]],
) -> None:
    _, media = harness(False)
    assert HOTWORD in media.with_name(f"{media.stem}.en.srt").read_text("utf-8")


def test_an_echo_counts_against_the_quality_of_a_chunk() -> None:
    chunk = Chunk(TimeSpan(0, 10), (TimeSpan(0, 10),))
    transcript = Transcript(
        language=Language("en"),
        words=(
            Word(
                text=" It was a dark and stormy night on the sea.", start=0, end=6, confidence=0.9
            ),
            Word(text=f" {HOTWORD}.", start=7, end=9, confidence=0.4),
        ),
    )
    context = FilterContext(language=Language("en"), duration=10, phrases=load_phrases(None))
    assert not assess(transcript, chunk, context).has_issues
    assert assess(transcript, chunk, replace(context, hotwords=(HOTWORD,))).has_issues
