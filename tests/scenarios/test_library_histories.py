"""Random histories of a library: arrivals, edits, renames, upgrades, deletions and crashes.

Ingest, database, policy, planner, jobs, pipeline and publisher are the real ones, on real files.
Only what is slow and independent of libraries is replaced: ffprobe and ffmpeg, the engine, and the
durable queue, which forgets nothing in a crash either.

Two things must hold at any time: no human file is ever changed, and nothing is transcribed twice.
At the end every media file has what it requires, complete.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from subtitled.config.load import Configuration, load_config
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines.protocol import error_from_json, error_to_json
from subtitled.jobcontext.services import Services
from subtitled.jobs import probes_ahead, runner
from subtitled.jobs.dbos_queue import JOB_CANCELLED
from subtitled.jobs.planner import JobPlanner
from subtitled.jobs.runner import JobRunner
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.ingest import Ingest
from subtitled.library.removal import SidecarRemover
from subtitled.media.decode import DecodedTrack
from subtitled.media.errors import unreadable_error
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.vad import SpeechActivity
from subtitled.pipeline import decision_digests, preparation
from subtitled.plugin import (
    UNDETERMINED,
    Audio,
    Language,
    LanguageGuess,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)
from subtitled.subtitles.filenames import parse_sidecar_name
from subtitled.subtitles.ownership import read_signature
from subtitled.transcription import track_analysis
from subtitled.transcripts.store import TranscriptStore

SPEECHES = ("harbour", "bridges", "bees", "")
"""The words of the media files. The last one contains no speech."""
SPOKEN = Language("es")
DURATION = 120.0
NAMES = ("a.mkv", "a.mp4", "é [x] 100%.mkv", "Season/a.mkv")
BY_HAND = "1\n00:00:01,000 --> 00:00:02,000\nBy hand, {}.\n\n"
JUST_IN_TIME = BY_HAND.format("just in time").encode()
A_MOMENT_BEFORE = BY_HAND.format("a moment before").encode()
HUMAN = ("es.srt", "srt", "en.srt", "es.forced.srt", "fi.srt", "es.vtt")
LATER = 30 * 24 * 3600.0
"""Seconds after which every file is stable, and every retry is due."""

MANY = settings(
    max_examples=1000,
    stateful_step_count=30,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


class PowerGone(BaseException):
    """The process ends here and now."""


def intervals(speech: str) -> tuple[TimeSpan, ...]:
    """Return where there is speech in a media file. Each speech has a pattern of its own."""
    if not speech:
        return ()
    chance = random.Random(speech)
    found, at = [], 1.0
    while at < DURATION - 10:
        length = chance.uniform(0.8, 4.0)
        found.append(TimeSpan(round(at, 3), round(at + length, 3)))
        at += length + chance.uniform(0.5, 5.0)
    return tuple(found)


def words_of(speech: str) -> list[str]:
    """Return the words of a speech, in order."""
    return [f"{speech}{number}" for number in range(len(intervals(speech)))]


@dataclass(kw_only=True)
class Shelf:
    """The database of the durable queue: jobs with the results of their steps."""

    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    fuse: int | None = None
    """The number of steps until the process is killed, or None."""
    surprise: tuple[int, Callable[[], object]] | None = None
    """The number of steps until a person does something, and what."""
    before_publishing: Callable[[str], object] | None = None
    """What a person does just before the next sidecar is published.

    It is called with the ending.
    """
    running: str = ""

    def burn(self) -> None:
        """Let a moment between two steps pass."""
        if self.surprise is not None:
            steps, act = self.surprise
            self.surprise = (steps - 1, act) if steps else None
            if not steps:
                act()
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                self.fuse = None
                raise PowerGone


SHELF = Shelf()


class FakeQueue:
    """A fake for :class:`subtitled.jobs.dbos_queue.JobQueue` that runs one job when it
    is told to.
    """

    def __init__(
        self, database: Path, work: Callable[..., None], name: str, server: str | None
    ) -> None:
        self._work = work
        self._name = name

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def put(self, job_id: str, file_id: int, content: str, priority: int) -> None:
        SHELF.burn()
        fresh = {"arguments": (file_id, content), "priority": priority, "steps": {}}
        SHELF.jobs.setdefault(job_id, fresh | {"status": "ENQUEUED"})

    def rank_of(self, job_id: str) -> int | None:
        rank: int | None = SHELF.jobs.get(job_id, {}).get("priority")
        return rank

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        return {
            job: SHELF.jobs[job]["priority"]
            for job in job_ids
            if job in SHELF.jobs and SHELF.jobs[job]["status"] == "ENQUEUED"
        }

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        SHELF.burn()
        for job in self.waiting_ranks(list(ranks)):
            SHELF.jobs[job]["priority"] = ranks[job]

    def cancel(self, job_id: str) -> None:
        if self.is_active(job_id):
            SHELF.jobs[job_id]["status"] = "CANCELLED"

    def active_jobs(self) -> dict[str, str]:
        return {
            job: self._name if SHELF.jobs[job]["status"] == "PENDING" else ""
            for job in SHELF.jobs
            if self.is_active(job)
        }

    def is_active(self, job_id: str) -> bool:
        return SHELF.jobs.get(job_id, {}).get("status") in ("ENQUEUED", "PENDING")

    def work_on_one(self) -> bool:
        """Run the job that was active at the crash, or else the most urgent one, and return
        whether there was one.
        """
        live = [name for name in SHELF.jobs if self.is_active(name)]
        if not live:
            return False
        SHELF.running = min(
            live,
            key=lambda name: (
                SHELF.jobs[name]["status"] != "PENDING",
                SHELF.jobs[name]["priority"],
            ),
        )
        job = SHELF.jobs[SHELF.running]
        job["status"] = "PENDING"
        with contextlib.suppress(JOB_CANCELLED):
            self._work(SHELF.running, *job["arguments"])
        if job["status"] == "PENDING":
            job["status"] = "SUCCESS"
        return True


class FakeDurable:
    """A fake for :class:`subtitled.jobs.dbos_queue.DbosStepRunner`: results survive a crash."""

    def __init__(self, gate: object) -> None: ...

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        job = SHELF.jobs[SHELF.running]
        if job["status"] == "CANCELLED":
            raise JOB_CANCELLED(SHELF.running)
        if name not in job["steps"]:
            SHELF.burn()
            if name.startswith("publish ") and SHELF.before_publishing is not None:
                act, SHELF.before_publishing = SHELF.before_publishing, None
                act(name.removeprefix("publish "))
            try:
                result = {"result": function()}
            except SubtitledError as problem:
                result = {"problem": error_to_json(problem)}
            SHELF.burn()
            job["steps"][name] = json.dumps(result)
        is_reported = json.loads(job["steps"][name])
        if "problem" in is_reported:
            raise error_from_json(is_reported["problem"])
        return is_reported["result"]

    def checkpoint(self, engine: str = "") -> None: ...


class FakeEngines:
    """Finds the speech of :func:`intervals`, and counts what it transcribes."""

    name = "whisper"

    def __init__(self, configuration: Configuration, recognised: Counter[Any]) -> None:
        self.configured = configuration.engines["whisper"]
        self.capabilities = self.configured.component_class.capabilities(self.configured.settings)
        self._recognised = recognised

    def __getitem__(self, name: str) -> FakeEngines:
        return self

    def preload(self, *, only_in_free_room: bool = False) -> None: ...

    def find_speech(self, audio: Audio, max_seconds: float | None = None) -> SpeechActivity:
        if max_seconds is not None:
            raise TransientError("these hear whole sound only", "")
        return SpeechActivity(intervals(_speech_of(audio)))

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {SPOKEN: 0.9}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        speech = _speech_of(audio)
        self._recognised[audio.path.stem, request.translate_to, request.chunk.span] += 1
        words = tuple(
            Word(text=f" {word}.", start=part.start, end=part.end)
            for word, part in zip(words_of(speech), intervals(speech), strict=True)
            if part in request.chunk.speech
        )
        return Transcript(language=request.translate_to or request.language, words=words)


def _speech_of(audio: Audio) -> str:
    with audio.path.open("rb") as file:
        return file.read(20).rstrip(b"\0").decode()


def fake_decode(path: Path, track: AudioTrack, into: Path, **_: object) -> DecodedTrack:
    fake_probe(path)
    with into.open("wb") as file:
        file.write(json.loads(path.read_bytes())["speech"].encode())
        file.truncate(round(DURATION * 32_000))
    return DecodedTrack(into)


def fake_probe(path: Path, limit: float = 0.0) -> MediaInfo:
    try:
        json.loads(path.read_bytes())
    except OSError as error:
        raise unreadable_error(path, error) from error
    track = AudioTrack(
        index=1, language=UNDETERMINED, title="", codec="flac", channels=2, is_default=True
    )
    return MediaInfo(
        duration=DURATION,
        format="matroska",
        audio_tracks=(track,),
        subtitle_tracks=(),
        has_video=True,
    )


class Histories(RuleBasedStateMachine):
    """What people do to two libraries, and what the daemon does."""

    def __init__(self) -> None:
        super().__init__()
        self.home = HOME
        shutil.rmtree(self.home, ignore_errors=True)
        for library in ("films", "series"):
            (self.home / library / "Season").mkdir(parents=True)
        self.state = self.home / "state"
        self.state.mkdir()
        SHELF.__init__()  # type: ignore[misc]
        self.recognised: Counter[Any] = Counter()
        self.media: dict[Path, tuple[str, int]] = {}
        """What each medium says that is there, and which version of all it is."""
        self.theirs: dict[Path, bytes] = {}
        self.once_ours: set[Path] = set()
        """Files of theirs that they made of ours."""
        self.unwanted: set[int] = set()
        """Versions of media from beside which somebody deleted a subtitle of ours."""
        self.undone: set[Path] = set()
        """Media of which somebody took ours back: none is made there until a person asks."""
        self.versions = 0

    @initialize(
        languages=st.sampled_from([("original",), ("original", "en")]),
        media=st.lists(
            st.tuples(
                st.sampled_from(["films", "series"]),
                st.sampled_from(NAMES),
                st.sampled_from(SPEECHES),
            ),
            min_size=1,
            max_size=4,
        ),
        rested=st.booleans(),
    )
    def begin(
        self, languages: tuple[str, ...], media: list[tuple[str, str, str]], rested: bool
    ) -> None:
        self.languages, self.formats = languages, ("srt",)
        self.yielding = "keep"
        self.life()
        for library, name, speech in media:
            self.a_medium_arrives(library, name, speech, is_reported=False)
        if rested:
            self.come_to_rest()

    def life(self) -> None:
        """Start the daemon."""
        self.configuration = configured(self.home, self.languages, self.formats, self.yielding)
        self.database = Database(self.state / "subtitled.sqlite")
        self.intake = Ingest(self.database, self.configuration.settings.libraries)
        scratch = self.state / "scratch"
        scratch.mkdir(exist_ok=True)
        engines: Any = FakeEngines(self.configuration, self.recognised)
        services = Services(
            config=self.configuration,
            engines=engines,
            store=TranscriptStore(self.state / "transcripts"),
            db=self.database,
            scratch=scratch,
        )
        hands = JobRunner(services, self.state / "jobs.sqlite")
        self.jobs = JobPlanner(hands)
        hands.start()
        self.jobs.start()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.come_to_rest()
            self.database.close()

    # What the daemon does.

    @rule(walks=st.booleans(), plans=st.integers(0, 4), works=st.integers(0, 4))
    def it_goes_on(self, walks: bool, plans: int, works: int) -> None:
        """Scan, plan some files and run some jobs, in the daemon's order, or be killed."""
        try:
            if walks:
                self.walk()
            self.plan(plans)
            for _ in range(works):
                self.work()
        except PowerGone:
            self.database.close()
            self.life()

    @rule(steps=st.integers(0, 26))
    def the_power_will_go(self, steps: int) -> None:
        SHELF.fuse = steps

    @rule(
        languages=st.sampled_from([("original",), ("original", "en")]),
        formats=st.sampled_from([("srt",), ("srt", "vtt")]),
        yielding=st.sampled_from(["keep", "remove"]),
        changed=st.booleans(),
    )
    def it_is_restarted(
        self, languages: tuple[str, ...], formats: tuple[str, ...], yielding: str, changed: bool
    ) -> None:
        """Restart with the same settings or with others."""
        if changed:
            self.languages, self.formats, self.yielding = languages, formats, yielding
        self.database.close()
        self.life()

    @rule()
    def its_ledger_is_lost(self) -> None:
        """Lose the database and the queue. The sidecars and transcripts must suffice."""
        self.database.close()
        for left in self.state.glob("subtitled.sqlite*"):
            left.unlink()
        SHELF.jobs.clear()
        self.life()

    @rule()
    def all_comes_to_rest(self) -> None:
        self.come_to_rest()

    def walk(self) -> None:
        for library in ("films", "series"):
            self.intake.scan(library)

    def plan(self, most: int = 10**6) -> int:
        due = self.intake.ready_files(time.time() + LATER)[:most]
        for record in due:
            self.jobs.plan(record)
        return len(due)

    def work(self) -> bool:
        queue: Any = self.jobs.queue
        return bool(queue.work_on_one())

    def come_to_rest(self) -> None:
        """Let everything be found and done, and check the result."""
        SHELF.fuse = SHELF.surprise = SHELF.before_publishing = None
        for _ in range(3):
            self.walk()
            for _ in range(20):
                if not self.plan() and not self.work():
                    break
                while self.work():
                    pass
            else:
                raise AssertionError(f"it never rests: {self.remembered()}")
        self.all_is_right()

    # What people do.

    @rule(
        library=st.sampled_from(["films", "series"]),
        name=st.sampled_from(NAMES),
        speech=st.sampled_from(SPEECHES),
        is_reported=st.booleans(),
    )
    def a_medium_arrives(self, library: str, name: str, speech: str, is_reported: bool) -> None:
        """Add a media file, or replace one."""
        path = self.home / library / name
        self.versions += 1
        fresh = path.with_name("arriving.part")
        fresh.write_bytes(json.dumps({"speech": speech, "version": self.versions}).encode())
        fresh.rename(path)
        self.media[path] = (speech, self.versions)
        self.happened(is_reported, path)

    @rule(
        data=st.data(),
        library=st.sampled_from(["films", "series"]),
        name=st.sampled_from(NAMES),
        together=st.booleans(),
        is_reported=st.booleans(),
    )
    @precondition(lambda self: self.media)
    def a_medium_is_moved(
        self, data: st.DataObject, library: str, name: str, together: bool, is_reported: bool
    ) -> None:
        """Rename a media file, or move it within or between libraries, with or without its
        sidecars.
        """
        old = data.draw(st.sampled_from(sorted(self.media)))
        new = self.home / library / name
        if new in self.media or new == old:
            return
        for sidecar in self.sidecars_of(old) if together else ():
            target = new.with_name(new.stem + sidecar.name.removeprefix(old.stem))
            wrong = sidecar not in self.theirs and self.speech_in(sidecar) != self.media[old][0]
            if target.exists() or wrong or self.is_of_another(sidecar, old):
                continue
            sidecar.rename(target)
            if sidecar in self.theirs:
                self.theirs[target] = self.theirs.pop(sidecar)
            if sidecar in self.once_ours:
                self.once_ours.add(target)
        old.rename(new)
        self.media[new] = self.media.pop(old)
        if old in self.undone:
            self.undone.add(new)
        self.happened(is_reported, old, new)

    @rule(data=st.data(), is_reported=st.booleans())
    @precondition(lambda self: self.media)
    def a_medium_is_deleted(self, data: st.DataObject, is_reported: bool) -> None:
        path = data.draw(st.sampled_from(sorted(self.media)))
        path.unlink()
        del self.media[path]
        self.happened(is_reported, path)

    @rule(data=st.data(), ending=st.sampled_from(HUMAN), is_reported=st.booleans())
    @precondition(lambda self: self.media)
    def somebody_adds_a_subtitle(self, data: st.DataObject, ending: str, is_reported: bool) -> None:
        media_file = data.draw(st.sampled_from(sorted(self.media)))
        path = media_file.with_name(f"{media_file.stem}.{ending}")
        self.versions += 1
        text = f"1\n00:00:01,000 --> 00:00:02,000\nBy hand {self.versions}.\n\n"
        self.by_hand(path, text.encode(), is_reported)

    @rule(
        data=st.data(),
        steps=st.integers(0, 26),
        ending=st.sampled_from(("es.srt", *HUMAN)),
        is_reported=st.booleans(),
    )
    @precondition(lambda self: self.media)
    def somebody_will_add_a_subtitle_amid_the_work(
        self, data: st.DataObject, steps: int, ending: str, is_reported: bool
    ) -> None:
        media_file = data.draw(st.sampled_from(sorted(self.media)))
        path = media_file.with_name(f"{media_file.stem}.{ending}")
        SHELF.surprise = steps, lambda: self.by_hand(path, JUST_IN_TIME, is_reported)

    @rule(data=st.data(), is_reported=st.booleans())
    @precondition(lambda self: self.media)
    def somebody_will_be_faster_than_our_publishing(
        self, data: st.DataObject, is_reported: bool
    ) -> None:
        media_file = data.draw(st.sampled_from(sorted(self.media)))

        def act(ending: str) -> None:
            path = media_file.with_name(f"{media_file.stem}.{ending}")
            self.by_hand(path, A_MOMENT_BEFORE, is_reported)

        SHELF.before_publishing = act

    @rule(data=st.data(), speech=st.sampled_from(SPEECHES), is_reported=st.booleans())
    def somebody_edits_ours_and_then_replaces_the_medium(
        self, data: st.DataObject, speech: str, is_reported: bool
    ) -> None:
        ours = [path for path in self.all_sidecars() if path not in self.theirs]
        if not ours:
            return
        path = data.draw(st.sampled_from(ours))
        self.by_hand(path, path.read_bytes() + b"\n\nEdited.\n", is_reported)
        beside = [one for one in self.media if parse_sidecar_name(one.name, path.name)]
        for media_file in beside[:1]:
            library = media_file.relative_to(self.home).parts[0]
            name = media_file.relative_to(self.home / library).as_posix()
            self.a_medium_arrives(library, name, speech, is_reported=is_reported)

    @rule(data=st.data(), is_reported=st.booleans())
    def somebody_edits_a_subtitle(self, data: st.DataObject, is_reported: bool) -> None:
        there = self.all_sidecars()
        if there:
            path = data.draw(st.sampled_from(there))
            self.by_hand(path, path.read_bytes() + b"\n\nEdited.\n", is_reported)

    @rule(data=st.data())
    def somebody_deletes_a_subtitle(self, data: st.DataObject) -> None:
        """Delete a subtitle.

        One that is or was ours is not made again, because a person deleted it.
        """
        there = self.all_sidecars()
        if there:
            path = data.draw(st.sampled_from(there))
            path.unlink()
            if self.theirs.pop(path, None) is None or path in self.once_ours:
                self.unwanted |= {
                    version
                    for media_file, (_, version) in self.media.items()
                    if media_file.parent == path.parent
                    and parse_sidecar_name(media_file.name, path.name)
                }
            self.intake.on_paths_changed(path)

    @rule(data=st.data())
    @precondition(lambda self: self.media)
    def somebody_takes_ours_back(self, data: st.DataObject) -> None:
        """Run ``subtitled undo``."""
        media_file = data.draw(st.sampled_from(sorted(self.media)))
        SidecarRemover(self.database).remove(self.database.sidecars.of_media(media_file))
        self.undone.add(media_file)

    @rule(data=st.data())
    @precondition(lambda self: self.media)
    def somebody_says_retry(self, data: st.DataObject) -> None:
        record = self.database.files.get(data.draw(st.sampled_from(sorted(self.media))))
        if record is not None:
            self.jobs.retry(record)

    def by_hand(self, path: Path, content: bytes, is_reported: bool) -> None:
        if path.exists() and path not in self.theirs:
            self.once_ours.add(path)
        path.write_bytes(content)
        self.theirs[path] = content
        self.happened(is_reported, path)

    def happened(self, is_reported: bool, *paths: Path) -> None:
        """Report an event, or leave the change to be found."""
        if is_reported:
            for path in paths:
                self.intake.on_paths_changed(path)

    # What must hold.

    @invariant()
    def no_human_file_is_ever_changed(self) -> None:
        for path, content in self.theirs.items():
            assert path.read_bytes() == content, path

    @invariant()
    def nothing_is_made_twice(self) -> None:
        twice = {what: times for what, times in self.recognised.items() if times > 1}
        assert not twice, twice

    @invariant()
    def every_subtitle_of_ours_is_whole(self) -> None:
        for path in self.all_sidecars():
            if path not in self.theirs:
                assert self.speech_in(path) in SPEECHES, path.read_text("utf-8")

    def all_is_right(self) -> None:
        """Check that every media file has what it requires, of its own speech, or a reason
        why not.
        """
        for media_file, (speech, version) in self.media.items():
            record = self.database.files.get(media_file)
            assert record is not None, f"{media_file} was never seen"
            assert record.state not in (
                FileState.STABILISING,
                FileState.QUEUED,
                FileState.WORKING,
                FileState.RETRYING,
            ), record
            assert "unexpected" not in record.reason, record
            left_alone = version in self.unwanted or media_file in self.undone
            if speech and not left_alone and not self.shared(media_file):
                for fmt in self.formats:
                    self.has(media_file, speech, SPOKEN, fmt)
        known = {path for path, state in self.remembered().items() if state != "missing"}
        assert known == self.media.keys()
        self.what_we_know_bears_its_name()
        assert list((self.state / "scratch").iterdir()) == []
        self.no_human_file_is_ever_changed()
        self.nothing_is_made_twice()

    def what_we_know_bears_its_name(self) -> None:
        """Check that sidecars are signed with their names, so that they are recognised
        without a database.
        """
        for path in self.all_sidecars():
            known, signed = self.database.sidecars.get(path), read_signature(path)
            if known and signed and known.fingerprint == signed.fingerprint:
                assert signed.name == path.name, f"{path} is signed {signed.name}"

    def has(self, media_file: Path, speech: str, language: Language, fmt: str) -> None:
        """Check that a media file has a subtitle in a language and format, ours or another."""
        ours = media_file.with_name(f"{media_file.stem}.{language}.{fmt}")
        by_others = any(
            parsed.language in (None, language) and parsed.kind == "full"
            for path in self.all_sidecars()
            if path.parent == media_file.parent
            and (path in self.theirs or self.was_put_there(path, media_file))
            and (parsed := parse_sidecar_name(media_file.name, path.name)) is not None
        )
        assert by_others or ours.exists(), f"{ours} is missing: {self.remembered()}"
        served = by_others or self.speech_in(ours) == speech
        assert served, f"{ours} is of another speech: {self.remembered()}"

    def was_put_there(self, sidecar: Path, media_file: Path) -> bool:
        """Return whether a person gave a sidecar of ours its name beside another media file.

        Then it is human beside that file. This happens when a media file is moved together with its
        sidecars, and away again without them before it was processed. The name that remains looks
        like a copy that was meant for the media file there.
        """
        signed = read_signature(sidecar)
        return (
            signed is not None
            and signed.name != sidecar.name
            and signed.fingerprint != content_fingerprint(media_file)
        )

    def shared(self, media_file: Path) -> bool:
        """Return whether another media file has the same stem, and so shares the names of
        sidecars.
        """
        return any(
            other.parent == media_file.parent
            and other.stem == media_file.stem
            and other != media_file
            for other in self.media
        )

    def remembered(self) -> dict[Path, str]:
        return {
            record.path: str(record.state) for record in self.database.states.by_state(*FileState)
        }

    def sidecars_of(self, media_file: Path) -> list[Path]:
        return [
            path
            for path in self.all_sidecars()
            if path.parent == media_file.parent and parse_sidecar_name(media_file.name, path.name)
        ]

    def is_of_another(self, sidecar: Path, media_file: Path) -> bool:
        return any(
            other != media_file and other.parent == sidecar.parent and other.stem == media_file.stem
            for other in self.media
        )

    def all_sidecars(self) -> list[Path]:
        return sorted(
            path
            for library in ("films", "series")
            for path in (self.home / library).rglob("*")
            if path.suffix in (".srt", ".vtt")
        )

    def speech_in(self, path: Path) -> str | None:
        """Return the speech whose words, all of them and in order, a subtitle of ours contains."""
        words = [
            word.rstrip(".")
            for line in path.read_text("utf-8").splitlines()
            if line and "-->" not in line and not line.isdigit() and line != "WEBVTT"
            for word in line.split()
        ]
        return next((speech for speech in SPEECHES if speech and words_of(speech) == words), None)


HOME = Path()
_CONFIGURATIONS: dict[tuple[object, ...], Configuration] = {}


def configured(
    home: Path, languages: tuple[str, ...], formats: tuple[str, ...], yielding: str
) -> Configuration:
    key = (home, languages, formats, yielding)
    if key not in _CONFIGURATIONS:
        config = home.parent / "config.toml"
        requirements = (
            f"languages = {json.dumps(languages)}\nformats = {json.dumps(formats)}\n"
            f'stability_delay = "0s"\non_human_subtitle = "{yielding}"\n'
        )
        config.write_text(
            f'[daemon]\nstate_dir = "{home}/state"\nchunk_duration = "30s"\n'
            f'[libraries.films]\npath = "{home}/films"\n{requirements}'
            f'[libraries.series]\npath = "{home}/series"\n{requirements}',
            "utf-8",
        )
        _CONFIGURATIONS[key] = load_config(config)
    return _CONFIGURATIONS[key]


@pytest.fixture
def somewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder in memory, because each history opens a durable database many times."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="subtitled-histories-", dir=memory)
    monkeypatch.setattr(f"{__name__}.HOME", Path(folder) / "home")
    monkeypatch.setattr(runner, "JobQueue", FakeQueue)
    monkeypatch.setattr(runner, "DbosStepRunner", FakeDurable)
    monkeypatch.setattr(probes_ahead, "probe_media", fake_probe)
    monkeypatch.setattr(preparation, "probe_media", fake_probe)
    monkeypatch.setattr(track_analysis, "decode_track", fake_decode)
    monkeypatch.setattr(decision_digests, "list_installed", lambda: [("whisper", "subtitled", "1")])
    yield
    shutil.rmtree(folder)


@pytest.mark.parametrize(
    "histories",
    [25, pytest.param(1000, marks=[pytest.mark.faults, pytest.mark.timeout(1800)])],
)
@pytest.mark.usefixtures("somewhere")
def test_no_history_changes_a_human_file_or_makes_anything_twice(histories: int) -> None:
    number = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={number}")
    run_state_machine_as_test(
        seed(number)(Histories), settings=settings(MANY, max_examples=histories)
    )


@pytest.mark.usefixtures("somewhere")
def test_audio_of_a_film_that_is_moved_after_a_power_cut_is_deleted() -> None:
    left = 0
    for fuse in (16, 17, 18):
        state = Histories()
        state.begin(("original",), [("films", "a.mkv", "harbour")], rested=False)
        state.walk()
        state.the_power_will_go(fuse)
        state.it_goes_on(walks=False, plans=1, works=1)
        left += any((state.state / "scratch").iterdir())
        ((path, known),) = state.media.items()
        state.media = {path.rename(path.with_name("b.mkv")): known}
        state.teardown()
    assert left, "no power cut left audio behind"
