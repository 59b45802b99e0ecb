"""Subtitles of a lesser engine are made again; the old ones stay until the new are no worse."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.answers.undo import undo_file
from subtitled.daemon.answers.upgrades import (
    UnknownMakerError,
    request_configured_upgrades,
    request_upgrades,
    withdraw_upgrades,
)
from subtitled.daemon.reviews.approving import Approval, approve_review
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.actors import Actor
from subtitled.db.records import UPGRADE, FileRecord, FileState
from subtitled.db.sidecars import SidecarRecord, SidecarStatus
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.library.archive import SidecarArchive
from subtitled.pipeline import upgrading
from subtitled.pipeline.decision_digests import settings_digest
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import Audio, Language, SubtitleKind, Transcript, TranscriptionRequest, Word
from subtitled.subtitles.makers import MadeBy
from support.harness import FakeEngine, Harness, film

BASE, SMALL = '[engines.whisper]\nmodel = "base"\n', '[engines.whisper]\nmodel = "small"\n'


class _Killed(BaseException):
    """Stands for the end of the process."""


class _Hearing(FakeEngine):
    """An engine that hears a word of its model in every piece of speech, or in few of them."""

    share = 1

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.recognised += 1
        word = self.configured.settings.model
        heard = request.chunk.speech[:: self.share]
        words = [Word(text=f" {word}{n}", start=s.start, end=s.end) for n, s in enumerate(heard)]
        return Transcript(language=request.language, words=tuple(words), engine="fake_engine")


class _Jobs:
    """A queue whose jobs run when :meth:`_Library.settle` takes them, in this thread."""

    def __init__(self, *arguments: object) -> None:
        self.waiting: dict[str, tuple[int, str]] = {}

    def start(self) -> None:
        return

    def stop(self) -> None:
        return

    def active_jobs(self) -> dict[str, str]:
        return {}

    def is_active(self, job_id: str) -> bool:
        return job_id in self.waiting

    def cancel(self, job_id: str) -> None:
        self.waiting.pop(job_id, None)

    def put(self, job_id: str, file_id: int, fingerprint: str, priority: int) -> None:
        self.waiting[job_id] = (file_id, fingerprint)

    def rank_of(self, job_id: str) -> int | None:
        return None

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        return {}

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        return


class _Library(Harness):
    """A library whose jobs run one after the other without a durable queue."""

    def open(self) -> None:
        with patch("subtitled.jobs.runner.JobQueue", _Jobs):
            super().open()
        services = self.jobs._services
        self.hearing = _Hearing(services.config)
        object.__setattr__(services, "engines", self.hearing)

    def settle(self, limit: float = 60.0) -> None:
        """Plan what is due and run its jobs, until there is nothing to do."""
        queue: Any = self.jobs.queue
        while due := self.intake.ready_files(time.time() + 1):
            for record in due:
                self.jobs.plan(record)
            while queue.waiting:
                job_id, (file_id, fingerprint) = queue.waiting.popitem()
                file = self.database.files.get_by_id(file_id)
                if file is not None and file.job_id == job_id:
                    self._run(file, fingerprint)

    def _run(self, file: FileRecord, fingerprint: str) -> None:
        library = self.configuration.settings.libraries["films"]
        job = Job(media=file.path, library=library, fingerprint=fingerprint)
        result = run_job(job, self.jobs._services, InlineRunner())
        digest = settings_digest(self.configuration, library)
        self.working.results.record_ended(file, result, digest)


class _Film:
    """A film whose subtitle the model ``base`` made."""

    def __init__(self, folder: Path, formats: str = '"srt"', setting: str = "") -> None:
        self._folder, self._formats, self._setting = folder, formats, setting
        self.harness = _Library(folder, self._library, BASE)
        self.media = film(self.harness.root / "a.wav", 3)
        self.harness.intake.scan("films")
        self.settle()
        self.sidecar = self.media.with_suffix(".en.srt")
        self.before = self.sidecar.read_bytes()

    @property
    def _library(self) -> str:
        return f'languages = ["en"]\nformats = [{self._formats}]\n{self._setting}'

    @property
    def engine(self) -> _Hearing:
        return self.harness.hearing

    def settle(self) -> None:
        self.harness.settle()

    def use(self, engines: str) -> None:
        """Start again with other engines."""
        self.harness.close()
        path = self._folder / "config.toml"
        text = path.read_text()
        path.write_text(text[: text.index("[engines.")] + engines)
        self.harness.configuration = load_config(path)
        self.harness.open()
        self.settle()

    def ask(self, *made_by: str) -> int:
        """Ask for an upgrade, and return for how many files."""
        meant = [MadeBy(text) for text in made_by or ("base",)]
        harness = self.harness
        try:
            return request_upgrades(
                harness.configuration, harness.database, meant, ["films"], "ana"
            ).total.files
        except UnknownMakerError:
            return 0

    def record(self, fmt: str = "srt") -> SidecarRecord:
        record = self.harness.database.sidecars.get(self.sidecar.with_suffix(f".{fmt}"))
        assert record is not None
        return record

    def undo(self) -> list[str]:
        harness = self.harness
        answer = undo_file(
            harness.configuration, harness.database, self.media, restore=False, actor="ana"
        )
        self.settle()
        return [result.outcome for result in answer.results]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[_Film]:
    made = _Film(tmp_path)
    yield made
    made.harness.close()


def test_what_a_lesser_model_made_is_made_again_and_undo_brings_it_back(one: _Film) -> None:
    assert (one.record().makers.engine.name, one.record().makers.engine.model) == (
        "whisper",
        "base",
    )
    one.use(SMALL)
    assert one.engine.recognised == 0  # another model in the configuration starts nothing
    assert one.sidecar.read_bytes() == one.before

    assert one.ask() == 1
    file = one.harness.the(one.media)
    assert (file.state, file.priority) == (FileState.STABILISING, UPGRADE)
    assert one.ask() == 0  # it waits already
    one.settle()
    after = one.sidecar.read_bytes()
    assert b"small1" in after, one.record().not_upgraded
    assert b"base" not in after
    record = one.record()
    assert (record.makers.engine.model, record.is_upgrade_requested) == ("small", False)
    file = one.harness.the(one.media)
    assert file.state is FileState.DONE
    assert "again by whisper/small" in file.reason
    heard = one.engine.recognised

    # The setting of a library asks for nothing that is made already.
    settings = one.harness.configuration.settings
    library = settings.libraries["films"].model_copy(update={"upgrade_made_by": ("base",)})
    settings.libraries["films"] = library
    request_configured_upgrades(one.harness.configuration, one.harness.database)
    one.settle()
    assert one.engine.recognised == heard

    (outcome,) = one.undo()
    assert "whisper/base" in outcome
    assert one.sidecar.read_bytes() == one.before
    assert one.record().makers.engine.model == "base"
    request_configured_upgrades(one.harness.configuration, one.harness.database)
    one.settle()  # what a person took back is not made again by the same
    assert one.sidecar.read_bytes() == one.before
    assert one.engine.recognised == heard
    assert one.undo() == ["removed"]
    assert one.record().status is SidecarStatus.REMOVED_BY_USER


def test_a_text_that_lacks_speech_replaces_nothing_and_is_not_tried_twice(one: _Film) -> None:
    one.use(SMALL)
    one.engine.share = 4
    assert one.ask() == 1
    one.settle()
    assert one.engine.recognised > 0
    assert one.sidecar.read_bytes() == one.before
    file, record = one.harness.the(one.media), one.record()
    assert file.state is FileState.UP_TO_DATE
    assert "kept as it is; whisper/small" in file.reason
    assert "speech without text" in file.reason
    assert "speech without text" in record.not_upgraded
    assert (record.makers.engine.model, record.is_upgrade_requested) == ("base", False)
    assert one.ask() == 0


def test_what_a_person_edited_approved_or_edits_now_is_left_alone(one: _Film) -> None:
    one.use(SMALL)
    # The database does not know yet that a person edited it.
    edited = one.before + b"\n"
    one.sidecar.write_bytes(edited)
    os.utime(one.sidecar, (1_700_000_000, 1_700_000_000))
    one.ask()
    one.settle()
    assert one.sidecar.read_bytes() == edited
    assert one.ask() == 0  # now it does
    one.sidecar.write_bytes(one.before)
    one.harness.jobs.retry(one.harness.the(one.media))
    one.settle()

    reviews = ReviewService(one.harness.configuration, one.harness.database)
    review = reviews.open(one.harness.the(one.media), Language("en"), SubtitleKind.FULL)
    approved = approve_review(reviews, review.id, Actor.user("ana"), accepts_warnings=True)
    assert isinstance(approved, Approval)
    one.settle()
    text = one.sidecar.read_bytes()
    assert one.ask() == 0
    one.settle()
    assert one.sidecar.read_bytes() == text
    assert one.engine.recognised == 0


def test_an_upgrade_that_is_taken_back_ends_and_leaves_the_file_as_it_was(one: _Film) -> None:
    one.use(SMALL)
    one.ask()
    assert withdraw_upgrades(one.harness.database, ["films"], "ana") == 1
    one.settle()
    assert one.harness.the(one.media).state is FileState.UP_TO_DATE
    one.ask()
    one.harness.jobs.cancel(one.harness.the(one.media))  # of one file
    one.settle()
    assert one.harness.the(one.media).state is FileState.UP_TO_DATE
    assert one.engine.recognised == 0
    assert not one.record().is_upgrade_requested


def _kill_after(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int = 1) -> None:
    """Let the process end after a call, the first or a later one."""
    original: Callable[..., object] = getattr(owner, name)
    calls = 0

    def call(*arguments: object, **named: object) -> object:
        nonlocal calls
        result = original(*arguments, **named)
        calls += 1
        if calls == number:
            raise _Killed
        return result

    monkeypatch.setattr(owner, name, call)


def test_a_job_that_is_killed_at_any_point_loses_no_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = _Film(tmp_path, formats='"srt", "vtt"')
    before = {fmt: one.sidecar.with_suffix(f".{fmt}").read_bytes() for fmt in ("srt", "vtt")}
    one.use(SMALL)
    database = one.harness.database
    archive = SidecarArchive(database)
    points: list[tuple[object, str, int]] = [
        (upgrading, "_compare", 1),
        (SidecarArchive, "keep", 1),
        (upgrading, "publish_sidecar", 1),
        (database.sidecars, "record_written", 1),
        (upgrading, "publish_sidecar", 1),  # of the other format
        (database.sidecars, "record_written", 1),
    ]
    fingerprint = one.record().fingerprint
    library = one.harness.configuration.settings.libraries["films"]
    job = Job(media=one.media, library=library, fingerprint=fingerprint)
    services = one.harness.jobs._services
    one.ask()
    for owner, name, number in points:
        with monkeypatch.context() as context:
            _kill_after(context, owner, name, number)
            with pytest.raises(_Killed):
                run_job(job, services, InlineRunner())
        for fmt, content in before.items():
            now = one.sidecar.with_suffix(f".{fmt}").read_bytes()
            is_kept = archive.find(one.record(fmt).sha256, fmt) == content
            assert now == content or is_kept or one.record(fmt).replaced is not None, (name, fmt)
    run_job(job, services, InlineRunner())
    for fmt, content in before.items():
        assert b"small1" in one.sidecar.with_suffix(f".{fmt}").read_bytes()
        record = one.record(fmt)
        assert record.replaced is not None
        assert archive.find(record.replaced.sha256, fmt) == content
        assert not record.is_upgrade_requested
    assert len(one.undo()) == 2
    for fmt, content in before.items():
        assert one.sidecar.with_suffix(f".{fmt}").read_bytes() == content
    one.harness.close()
