"""The first chunk is transcribed while the film is decoded: the end is the same as without that."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.errors import ShutdownRequested
from subtitled.media.growing_pcm import partial_path
from subtitled.media.vad import KnownSpeech, SpeechActivity
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import Audio, Language, SubtitledError
from subtitled.transcription import early_chunk
from subtitled.transcription.early_chunk import EarlyChunk
from support.fake_engines import calls, scripted_services
from support.harness import FakeEngine, film

LIMIT_SECONDS = 60.0
ENGLISH = Language("en")
Changed = Callable[[Path], None]


def _wait(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.02)


class SlowDetection:
    """Speech detection that knows all speech but the end, and then waits for something."""

    def __init__(self, until: Callable[[], object] | None, change: Changed | None) -> None:
        self._until = until
        self._change = change

    def __call__(self, audio: Audio, max_seconds: float | None = None) -> SpeechActivity:
        detect = partial(FakeEngine.find_speech, None)  # type: ignore[arg-type]
        if max_seconds is None or self._until is None:
            return detect(audio, max_seconds)
        _wait(lambda: audio.path.exists() and not partial_path(audio.path).exists())
        activity = detect(audio)
        KnownSpeech.create(audio.duration, activity).write(audio.path)
        _wait(self._until)
        if self._change is not None:
            self._change(audio.path)
        return activity


def _make(services: Services, folder: Path, **job: Any) -> JobResult:
    media = folder / "film.wav"
    if not media.exists():
        film(media, 7)
    return run_job(
        Job(
            media=media,
            library=LibrarySettings(path=folder),
            fingerprint=content_fingerprint(media),
            output_folder=folder,
            force=True,
            **job,
        ),
        services,
        InlineRunner(),
    )


@pytest.fixture
def make(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[str, list[float]]]:
    """Return what makes the film in a folder of its own.

    It returns the subtitle, or the error, and where the chunks began that the engine was asked for.
    """
    monkeypatch.setattr(early_chunk, "MIN_LEFT_SECONDS", -1.0)

    def make(
        name: str,
        *,
        early: bool = True,
        until: Callable[[], object] | None = None,
        change: Changed | None = None,
        spoken: Language | None = ENGLISH,
        **engine: Any,
    ) -> tuple[str, list[float]]:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        monkeypatch.setenv("XDG_STATE_HOME", str(folder / "state"))
        with scripted_services(folder, monkeypatch, first=engine) as services:
            until = until or (lambda: calls(folder, "first"))
            detection = SlowDetection(until if early else None, change)
            monkeypatch.setattr(services.engines, "find_speech", detection)
            try:
                _make(services, folder, spoken=spoken)
                result = (folder / "film.en.srt").read_text("utf-8")
            except SubtitledError as error:
                result = str(error)
            _wait(
                lambda: not [*services.scratch.glob("*.early"), *services.scratch.glob("*.speech")]
            )
        return result, [start for start, _, _ in calls(folder, "first")]

    return make


Make = Callable[..., tuple[str, list[float]]]


def test_the_chunk_that_was_begun_while_decoding_is_waited_for_and_not_transcribed_again(
    make: Make,
) -> None:
    plain, asked = make("plain", early=False)
    assert len(asked) > 2, "the film has several chunks"
    assert make("early", takes=0.2) == (plain, asked)


def test_a_refused_chunk_ends_the_job_as_if_it_were_asked_for_in_its_step(make: Make) -> None:
    plain, asked = make("plain", early=False, refuses=1.0)
    assert "it will not hear this" in plain
    assert make("early", refuses=1.0) == (plain, asked)


def test_an_engine_that_fails_ends_the_job_with_its_error(make: Make) -> None:
    plain, asked = make("plain", early=False, busy=1.0)
    assert "it is busy" in plain
    assert make("early", busy=1.0) == (plain, asked)


def test_a_language_that_turns_out_otherwise_has_the_chunk_transcribed_again(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, asked = make("plain", early=False, spoken=None)
    monkeypatch.setattr(EarlyChunk, "_identify", lambda self, known: Language("de"))
    made, asked_early = make("early", spoken=None)
    assert made == plain
    assert asked_early == [asked[0], *asked]


def test_sound_that_is_another_in_the_end_has_the_chunk_transcribed_again(make: Make) -> None:
    def replace_sound(pcm: Path) -> None:
        copy = pcm.with_name("copy")
        copy.write_bytes(pcm.read_bytes())
        copy.replace(pcm)

    plain, asked = make("plain", early=False)
    made, asked_early = make("early", change=replace_sound)
    assert made == plain
    assert asked_early == [asked[0], *asked]


def test_a_job_stopped_while_the_chunk_is_in_flight_leaves_nothing_behind(make: Make) -> None:
    def stop(pcm: Path) -> None:
        raise ShutdownRequested

    plain, asked = make("plain", early=False)
    with pytest.raises(ShutdownRequested):
        make("early", change=stop)
    assert make("early", early=False) == (plain, [asked[0], *asked])


def test_no_chunk_is_begun_in_a_language_that_nobody_is_sure_of(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(early_chunk, "MIN_CONFIDENCE", 1.1)
    begun: list[object] = []
    monkeypatch.setattr(EarlyChunk, "_transcribe", lambda *asked: begun.append(asked))
    answers: list[Language | None] = []
    identify = EarlyChunk._identify

    def note(self: EarlyChunk, known: KnownSpeech) -> Language | None:
        answers.append(identify(self, known))
        return answers[-1]

    monkeypatch.setattr(EarlyChunk, "_identify", note)
    made, _ = make("early", spoken=None, until=lambda: answers)
    assert answers == [None]
    assert begun == []
    assert made.startswith("1\n")
