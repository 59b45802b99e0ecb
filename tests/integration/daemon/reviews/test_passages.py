"""Another engine is asked about a passage, and its words are an alternative of the cues."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon.answers.review_cue import show_cue
from subtitled.daemon.reviews.errors import ReviewNotFoundError
from subtitled.daemon.reviews.passage_worker import PassageWorker
from subtitled.daemon.reviews.passages import (
    MAX_UNFINISHED,
    PassageError,
    ask_engine,
    list_engines,
)
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.actors import Actor
from subtitled.db.kv import PAUSED_KEY
from subtitled.db.passages import PassageRecord, PassageStatus
from subtitled.engines.protocol import CallCancelledError
from subtitled.plugin import (
    Audio,
    Cue,
    Engine,
    EngineCapabilities,
    Language,
    Settings,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from support.harness import Harness
from support.review_library import CUES, ENGLISH, FULL, add_film
from support.tone_film import make_film

ANA = Actor.user("ana")


class Remote(Engine[Settings]):
    """An engine that sends sound away, and knows German only or every language."""

    languages: frozenset[Language] | None = None

    @classmethod
    def capabilities(cls, settings: Settings) -> EngineCapabilities:
        return EngineCapabilities(destination="https://example.org", languages=cls.languages)


class GermanRemote(Remote):
    languages = frozenset((Language("de"),))


_REMOTES: dict[str, Any] = {"remote": Remote, "german": GermanRemote}


class Desk:
    """A review of a film with a tone, and the thread that asks engines."""

    def __init__(self, folder: Path, cues: tuple[Cue, ...] = CUES) -> None:
        self.harness = Harness(folder)
        self.db = self.harness.database
        film, self.sidecar = add_film(self.db, self.harness.root / "Film.mkv", cues)
        film.path.write_bytes(make_film())
        self.film = film
        self.service = ReviewService(self.harness.configuration, self.db)
        self.number = self.service.open(film, ENGLISH, FULL).id
        self.heard: list[tuple[TimeSpan, float, float]] = []
        self.harness.engine.transcribe = self.transcribe  # type: ignore[method-assign]
        self.error: Exception | None = None
        self.word = "Schufa"

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Understand one word in the middle of the passage, and note how loud it is there."""
        if self.error is not None:
            raise self.error
        span = request.chunk.span
        loud, before = (
            float(np.abs(audio.read_samples(one)).mean())
            for one in (span, TimeSpan(0.0, span.start))
        )
        self.heard.append((span, loud, before))
        middle = (span.start + span.end) / 2
        word = Word(text=f" {self.word}", start=middle, end=middle + 0.2, confidence=0.5)
        return Transcript(language=request.language, words=(word,), engine="other")

    def ask(self, *cues: str, engine: str = "whisper") -> PassageRecord:
        return ask_engine(self.service, self.number, cues, engine, ANA)

    def work(self) -> list[PassageRecord]:
        """Let the thread look once, and return what became of each passage."""
        PassageWorker(self.harness.working).tick()
        return self.db.passages.of_review(self.number)

    def alternatives(self, cue: str) -> list[dict[str, Any]]:
        review = self.service.load(self.number)
        return list(show_cue(self.service, review, cue, None)["alternatives"])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.harness.close()


def test_its_words_are_an_alternative_of_the_cue_and_no_transcript(desk: Desk) -> None:
    assert desk.alternatives("2") == []
    asked = desk.ask("2")
    assert (asked.status, asked.span) == (PassageStatus.WAITING, TimeSpan(3.5, 7.0))
    assert desk.alternatives("2") == []
    (done,) = desk.work()
    assert (done.status, done.reason) == (PassageStatus.DONE, "")
    (other,) = desk.alternatives("2")
    assert (other["number"], other["engine"], other["text"]) == (1, "whisper", "Schufa")
    assert other["words"][0]["start"] == 5.25
    assert desk.alternatives("1") == []
    ((span, loud, before),) = desk.heard
    assert span == TimeSpan(3.5, 7.0)
    assert loud > 0.01, "it hears the film where the cue is"
    assert before == 0.0, "and nothing else of it"
    assert desk.harness.transcripts.tracks(desk.film.fingerprint or "") == []
    assert list(desk.harness.working.services.scratch.iterdir()) == []


def test_what_was_asked_is_not_asked_again_and_a_later_passage_counts(desk: Desk) -> None:
    first = desk.ask("1")
    assert desk.ask("1").id == first.id
    desk.work()
    assert desk.ask("1").status is PassageStatus.DONE
    desk.work()
    assert len(desk.heard) == 1
    desk.word = "Later"
    desk.ask("1", "2", "3")
    desk.work()
    texts = [one["text"] for cue in "123" for one in desk.alternatives(cue)]
    assert texts == ["Later"], "what lies in the later passage was replaced"


def test_a_failure_is_told_with_what_to_do_and_can_be_asked_again(desk: Desk) -> None:
    desk.error = SetupError("the key is wrong", "Write the right one")
    desk.ask("1")
    (failed,) = desk.work()
    assert failed.status is PassageStatus.FAILED
    assert (failed.reason, failed.hint) == ("the key is wrong", "Write the right one")
    desk.error = RuntimeError("a bug")
    desk.ask("2")
    assert "RuntimeError" in desk.work()[-1].reason
    desk.error = None
    desk.harness.working.services.breakers.reset("whisper")
    assert desk.ask("1").id != failed.id
    assert desk.work()[-1].status is PassageStatus.DONE


def test_a_passage_of_a_daemon_that_was_killed_is_asked_about_again(desk: Desk) -> None:
    asked = desk.ask("1")
    desk.db.passages.set_running(asked.id)
    (done,) = desk.work()
    assert done.status is PassageStatus.DONE


def test_a_daemon_starts_although_a_killed_one_left_the_sound_of_a_passage(desk: Desk) -> None:
    scratch = desk.harness.working.services.scratch
    (scratch / "passage-1").mkdir()
    (scratch / "passage-1" / "track.pcm").write_bytes(b"sound")
    desk.harness.close()
    desk.harness.open()
    assert list(scratch.iterdir()) == []


def test_a_passage_that_the_end_of_the_daemon_cancels_is_asked_about_again(desk: Desk) -> None:
    worker = PassageWorker(desk.harness.working)

    def end_daemon(audio: Audio, request: TranscriptionRequest) -> Transcript:
        worker.request_stop()
        raise CallCancelledError("the call of whisper was cancelled")

    desk.harness.engine.transcribe = end_daemon  # type: ignore[method-assign]
    desk.ask("1")
    worker.tick()
    (waiting,) = desk.db.passages.of_review(desk.number)
    assert (waiting.status, waiting.reason) == (PassageStatus.WAITING, "the daemon stops")
    desk.harness.engine.transcribe = desk.transcribe  # type: ignore[method-assign]
    (done,) = desk.work()
    assert (done.status, done.reason) == (PassageStatus.DONE, "")


def test_an_engine_that_was_removed_from_the_configuration_is_named(desk: Desk) -> None:
    desk.db.passages.ask(desk.number, TimeSpan(1.0, 2.0), "gone", "ana", MAX_UNFINISHED)
    (failed,) = desk.work()
    assert failed.status is PassageStatus.FAILED
    assert "'gone'" in failed.reason and "[engines.gone]" in failed.hint


def test_a_passage_that_waits_reads_no_subtitle(desk: Desk) -> None:
    desk.db.kv.set(PAUSED_KEY, "by hand")
    desk.ask("1")
    desk.sidecar.unlink()
    assert desk.work()[0].status is PassageStatus.WAITING


def test_it_waits_while_work_is_paused_and_says_so(desk: Desk) -> None:
    desk.db.kv.set(PAUSED_KEY, "by hand")
    desk.ask("1")
    (waiting,) = desk.work()
    assert waiting.status is PassageStatus.WAITING
    assert "paused" in waiting.reason
    desk.db.kv.set(PAUSED_KEY, None)
    (done,) = desk.work()
    assert (done.status, done.reason) == (PassageStatus.DONE, "")


def test_a_passage_is_work_for_those_that_look_for_playback_and_load(desk: Desk) -> None:
    runner = desk.harness.working
    worker = PassageWorker(runner)
    runner.throttles.hold_new_jobs(True)
    asked = desk.ask("1")
    worker.tick()
    (waiting,) = desk.db.passages.of_review(desk.number)
    assert waiting.status is PassageStatus.WAITING and "first playback" in waiting.reason
    assert len(runner.active_jobs) == 1
    runner.throttles.hold_new_jobs(False)
    worker.tick()
    (done,) = desk.db.passages.of_review(desk.number)
    assert (done.id, done.status) == (asked.id, PassageStatus.DONE)
    assert runner.active_jobs == set()


def test_a_film_that_is_away_fails_its_passage_alone(desk: Desk) -> None:
    desk.ask("1")
    desk.film.path.rename(desk.film.path.with_suffix(".away"))
    (failed,) = desk.work()
    assert failed.status is PassageStatus.FAILED
    assert "not there" in failed.reason
    assert failed.hint


def test_sound_goes_only_where_the_library_lets_it_and_to_who_knows_the_language(
    desk: Desk,
) -> None:
    configured: dict[str, ConfiguredComponent[Any]] = {
        name: ConfiguredComponent(
            name=name, plugin="test", component_class=component, settings=Settings()
        )
        for name, component in _REMOTES.items()
    }
    configuration = dataclasses.replace(
        desk.harness.configuration, engines=desk.harness.configuration.engines | configured
    )
    desk.service = ReviewService(configuration, desk.db)
    listed = {one.name: one for one in list_engines(configuration, desk.service.load(desk.number))}
    assert listed["whisper"].refusal == ""
    assert "does not allow" in listed["remote"].refusal
    assert "German" not in listed["german"].refusal
    assert "English" in listed["german"].refusal
    for name in ("remote", "german", "nobody"):
        with pytest.raises(PassageError) as raised:
            desk.ask("1", engine=name)
        assert raised.value.hint
    assert desk.db.passages.of_review(desk.number) == []


def test_a_translation_has_no_passage_in_its_language(desk: Desk) -> None:
    with desk.db.files._engine.begin() as c:
        c.exec_driver_sql("UPDATE files SET spoken_language = 'es'")
    with pytest.raises(PassageError, match="is a translation"):
        desk.ask("1")


def test_nobody_asks_without_end(tmp_path: Path) -> None:
    cues = tuple(Cue(3.0 * n + 1, 3.0 * n + 2, f"Line {n}.") for n in range(60))
    desk = Desk(tmp_path, cues)
    for number in range(1, MAX_UNFINISHED + 1):
        desk.ask(str(number))
    with pytest.raises(PassageError, match="wait already"):
        desk.ask("50")
    with pytest.raises(PassageError, match="s long"):
        desk.ask("1", "60")
    for unknown in ("61", "", "\ud800"):
        with pytest.raises(ReviewNotFoundError):
            desk.ask(unknown)
    desk.harness.close()
