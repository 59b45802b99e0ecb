"""Scenes are translated on another machine while the rest of the track is transcribed."""

from __future__ import annotations

import dataclasses
import threading
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import (
    Services,
    open_database,
    open_engine_pool,
    open_transcript_store,
)
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.vad import SpeechActivity
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import (
    LOCAL,
    SAMPLE_RATE,
    Audio,
    Batch,
    EngineCapabilities,
    Language,
    LanguageGuess,
    Line,
    Settings,
    SpeechWindow,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Translation,
    Translator,
    TranslatorCapabilities,
    Word,
)
from subtitled.subtitles.formats import read_cues

EN = Language("en")
FAR = "cloud:east"
NAMES = "Anna Berta Clara Dora Emma Frida Gerda Hilde Irma Jutta Klara Laura".split()
VERBS = "closed opened painted repaired".split()
SENTENCES = [f"{name} {verb} the old garden gate yesterday." for verb in VERBS for name in NAMES]
SECONDS, PAUSE = 3.0, 1.0
"""Seconds of a sentence, and of the pause behind it."""
SPANS = [TimeSpan(n * (SECONDS + PAUSE), n * (SECONDS + PAUSE) + SECONDS) for n in range(48)]
END = SPANS[-1].end


def _words(part: TimeSpan) -> list[Word]:
    words = []
    for sentence, span in zip(SENTENCES, SPANS, strict=True):
        if part.start <= span.start and span.end <= part.end + 0.5:
            texts = sentence.split()
            step = SECONDS / len(texts)
            words += [
                Word(
                    text=f" {text}",
                    start=span.start + number * step,
                    end=span.start + (number + 1) * step,
                    confidence=0.95,
                )
                for number, text in enumerate(texts)
            ]
    return words


class Speech:
    """Stands for the engines. It tells when a chunk is asked for."""

    name = "whisper"
    capabilities = EngineCapabilities()
    open_translator: Any

    def __init__(self, before_chunk: Callable[[int], None], sure: float) -> None:
        self.chunks = 0
        self._before_chunk, self._sure = before_chunk, sure

    def __getitem__(self, name: str) -> Speech:
        return self

    def preload(self, *, only_in_free_room: bool = False) -> None:
        return

    def find_speech(self, audio: Audio, limit: float | None = None) -> SpeechActivity:
        return SpeechActivity(tuple(SPANS))

    def detect_language(self, audio: Audio, windows: Sequence[SpeechWindow]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {EN: self._sure}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self._before_chunk(self.chunks)
        self.chunks += 1
        words = tuple(_words(request.chunk.span))
        return Transcript(language=EN, words=words, engine="speech")


class Spanish(Translator):
    """A translator that keeps what it was asked for."""

    asked: list[Batch]
    answer: Callable[[Batch], None]
    destination = FAR

    @classmethod
    def capabilities(cls, settings: object) -> TranslatorCapabilities:
        return TranslatorCapabilities(destination=cls.destination, max_batch_lines=4)

    def translate(self, batch: Batch) -> Translation:
        type(self).answer(batch)
        type(self).asked.append(batch)
        return Translation(
            tuple(
                Line(line.id, line.text.replace("the old garden gate", "la vieja puerta"))
                for line in batch.lines
            )
        )


def _translator(answer: Callable[[Batch], None], destination: str = FAR) -> type[Spanish]:
    facts = {"asked": [], "answer": staticmethod(answer), "destination": destination}
    return type("Spanish", (Spanish,), facts)


def _do_nothing(*_: object) -> None:
    return


Make = Callable[..., tuple[JobResult, Path]]


@pytest.fixture
def make(home: Path) -> Make:
    """Return a function that makes the Spanish subtitle of a film in a folder of its own."""
    config = home / "config.toml"
    config.write_text('[daemon]\nchunk_duration = "24s"\n')

    def make(
        name: str,
        translator: type[Spanish],
        before_chunk: Callable[[int], None] = _do_nothing,
        *,
        sure: float = 0.99,
        **job: Any,
    ) -> tuple[JobResult, Path]:
        media = home / name / "film.wav"
        media.parent.mkdir(exist_ok=True)
        with wave.open(str(media), "wb") as file:
            file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
            file.writeframes(name[0].encode() * 2 * round((END + 1) * SAMPLE_RATE))
        configured = ConfiguredComponent(
            name="mt", plugin="mt", component_class=translator, settings=Settings()
        )
        configuration = dataclasses.replace(load_config(config), translators={"mt": configured})
        speech = Speech(before_chunk, sure)
        speech.configured = configuration.engines["whisper"]  # type: ignore[attr-defined]
        speech.open_translator = open_engine_pool(configuration).open_translator
        state = home / "state" / "subtitled"
        library = LibrarySettings.model_validate(
            {
                "path": media.parent,
                "languages": ["es"],
                "engines": ["whisper"],
                "allowed_destinations": "any",
            }
        )
        services = Services(
            config=configuration,
            engines=speech,  # type: ignore[arg-type]
            store=open_transcript_store(state),
            db=open_database(configuration),
            scratch=state / "scratch",
        )
        return (
            run_job(
                Job(media=media, library=library, fingerprint=content_fingerprint(media), **job),
                services,
                InlineRunner(),
            ),
            media.with_suffix(".es.srt"),
        )

    return make


def _asked_lines(translator: type[Spanish]) -> list[str]:
    return [line.text for batch in translator.asked for line in batch.lines]


def test_the_first_scenes_are_translated_while_later_ones_are_transcribed(make: Make) -> None:
    has_asked = threading.Event()
    translator = _translator(lambda batch: has_asked.set())
    waited: list[bool] = []

    def before_chunk(number: int) -> None:
        if number == 3:  # The fourth chunk begins when the translator was asked.
            waited.append(has_asked.wait(30))

    result, early = make("a", translator, before_chunk)
    assert result.state is FileState.DONE
    assert waited == [True]
    assert _asked_lines(translator) == SENTENCES  # each once, in order

    after = _translator(_do_nothing, LOCAL)
    _, usual = make("z", after)
    assert early.read_bytes() == usual.read_bytes()
    assert [len(batch.lines) for batch in translator.asked] == [
        len(batch.lines) for batch in after.asked
    ]
    assert [batch.previous for batch in translator.asked] == [one.previous for one in after.asked]


def test_a_translator_on_this_machine_leaves_the_processor_to_the_engine(make: Make) -> None:
    chunks: list[int] = []
    begun_at: list[int] = []
    translator = _translator(lambda batch: begun_at.append(len(chunks)), LOCAL)
    result, _ = make("b", translator, chunks.append)
    assert result.state is FileState.DONE
    assert set(begun_at) == {len(chunks)}


def test_nothing_is_translated_early_in_a_language_that_is_not_certain(make: Make) -> None:
    chunks: list[int] = []
    begun_at: list[int] = []
    translator = _translator(lambda batch: begun_at.append(len(chunks)))
    result, _ = make("c", translator, chunks.append, sure=0.15)
    assert result.state is FileState.DONE
    assert set(begun_at) == {len(chunks)}


def test_a_translator_that_fails_early_is_asked_again_when_its_step_comes(make: Make) -> None:
    has_failed = threading.Event()

    def fail_once(batch: Batch) -> None:
        if not has_failed.is_set():
            has_failed.set()
            raise TransientError("the service is restarting", retry_after=900.0)

    translator = _translator(fail_once)
    result, subtitle = make(
        "d", translator, lambda number: has_failed.wait(30) if number == 3 else None
    )
    assert result.state is FileState.DONE
    assert _asked_lines(translator) == SENTENCES
    assert len(list(read_cues(subtitle.read_bytes(), "srt"))) >= len(SENTENCES)


def test_a_call_that_a_translator_has_is_waited_for_and_not_made_twice(make: Make) -> None:
    is_called, may_answer = threading.Event(), threading.Event()

    def answer_late(batch: Batch) -> None:
        is_called.set()
        assert may_answer.wait(30)

    translator = _translator(answer_late)

    def before_chunk(number: int) -> None:
        if number == 3:
            assert is_called.wait(30)
            # All is transcribed while the translator still works on its first batch.
            threading.Timer(1.0, may_answer.set).start()

    result, _ = make("e", translator, before_chunk)
    assert result.state is FileState.DONE
    assert _asked_lines(translator) == SENTENCES


def test_what_was_translated_before_the_job_failed_is_not_asked_for_again(make: Make) -> None:
    has_translated = threading.Event()
    first = _translator(lambda batch: has_translated.set() if first.asked else None)

    def fail_at_the_end(number: int) -> None:
        if number == 4:
            assert has_translated.wait(30)
            raise TransientError("the engine is away", retry_after=900.0)

    with pytest.raises(TransientError, match="the engine is away"):
        make("f", first, fail_at_the_end)
    again = _translator(_do_nothing)
    result, _ = make("f", again)
    assert result.state is FileState.DONE
    assert len(_asked_lines(first)) >= 8
    assert _asked_lines(first) + _asked_lines(again) == SENTENCES


def test_a_job_that_nobody_wants_any_more_translates_no_further_batch(make: Make) -> None:
    is_cancelled = threading.Event()
    translator = _translator(lambda batch: is_cancelled.set())

    def stop(number: int) -> None:
        if number == 3:
            assert is_cancelled.wait(30)
            raise TransientError("the job was cancelled", retry_after=900.0)

    with pytest.raises(TransientError, match="cancelled"):
        make("g", translator, stop, is_cancelled=is_cancelled.is_set)
    assert len(translator.asked) == 1
