"""The numbers of the coverage are, after any history, what examining file by file finds.

Ingest, database, policy and planner are the real ones, on real files. ffprobe is replaced, and jobs
only examine their file at their end, as real ones do.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.daemon.answers.coverage import count_coverage
from subtitled.db.database import Database
from subtitled.db.file_list import FileFilter
from subtitled.db.records import FileState
from subtitled.jobcontext.services import Services
from subtitled.jobs import probes_ahead, runner
from subtitled.jobs.planner import JobPlanner
from subtitled.jobs.runner import JobRunner
from subtitled.library.ingest import Ingest
from subtitled.pipeline import decision_digests
from subtitled.transcripts.store import TranscriptStore

from .test_library_histories import FakeEngines, fake_probe

ENDINGS = ("es.srt", "en.srt", "srt", "fr.forced.srt", "en.sdh.vtt", "de.srt")
SPANISH = "El barco vuelve al puerto con la marea de la noche y todos lo esperan en el muelle."
ENGLISH = "The boat comes back to the harbour with the tide, and everybody waits on the quay."
TEXTS = (SPANISH, ENGLISH, "<!doctype html><html><body>404</body></html>", "")
LANGUAGES = (["original"], ["en", "de"], ["original", "en"], ["fr", "es"])
LATER = 30 * 24 * 3600.0
STEPS = 14


class IdleQueue:
    """A queue whose jobs wait."""

    def __init__(self, *_: object) -> None:
        self.jobs: set[str] = set()

    def put(self, job_id: str, *_: object) -> None:
        self.jobs.add(job_id)

    def rank_of(self, job_id: str) -> int | None:
        return None

    def waiting_ranks(self, job_ids: Sequence[str]) -> dict[str, int]:
        return {}

    def set_ranks(self, ranks: Mapping[str, int]) -> None:
        return

    def cancel(self, job_id: str) -> None:
        self.jobs.discard(job_id)

    def active_jobs(self) -> dict[str, str]:
        return dict.fromkeys(self.jobs, "")


class World:
    """Two folders of films, what people do there, and the daemon that follows."""

    def __init__(self, home: Path, seed: int) -> None:
        self.home, self.chance = home, random.Random(seed)
        shutil.rmtree(home, ignore_errors=True)
        for folder in ("one", "two"):
            (home / folder).mkdir(parents=True)
            # A library that is empty counts as one that is not there.
            (home / folder / "stays.mkv").write_text(json.dumps({"speech": "", "in": folder}))
        (home / "state").mkdir()
        shutil.copyfile(home.parent / "empty.sqlite", home / "state" / "subtitled.sqlite")
        self.names = {"one": "films", "two": "series"}
        self.languages = {"one": LANGUAGES[1], "two": LANGUAGES[0]}
        self.versions = 0
        self.begin()

    def begin(self) -> None:
        """Start the daemon with the present configuration."""
        config = self.home / "config.toml"
        text = f'[daemon]\nstate_dir = "{self.home}/state"\n'
        for folder, name in self.names.items():
            text += f'[libraries.{name}]\npath = "{self.home}/{folder}"\nstability_delay = "0s"\n'
            text += f"languages = {json.dumps(self.languages[folder])}\n"
        config.write_text(text, "utf-8")
        self.configuration = load_config(config)
        self.db = Database(self.home / "state" / "subtitled.sqlite")
        self.ingest = Ingest(self.db, self.configuration.settings.libraries)
        engines: Any = FakeEngines(self.configuration, Counter())
        services = Services(
            config=self.configuration,
            engines=engines,
            store=TranscriptStore(self.home / "state" / "transcripts"),
            db=self.db,
            scratch=self.home / "state",
        )
        jobs = JobRunner(services, self.home / "state" / "jobs.sqlite")
        self.planner, self.examiner = JobPlanner(jobs), jobs.results.examiner
        self.planner.start()

    # What people do.

    def films(self) -> list[Path]:
        """Return the films that people do something with."""
        return sorted(self.home.glob("[ot][nw][eo]/?.mkv"))

    def add(self) -> None:
        """Add a film, or replace one."""
        self.versions += 1
        path = self.home / self.chance.choice(["one", "two"]) / f"{self.chance.choice('abcde')}.mkv"
        path.write_text(json.dumps({"speech": "", "version": self.versions}))

    def remove(self) -> None:
        if films := self.films():
            self.chance.choice(films).unlink()

    def move(self) -> None:
        """Rename a film, or move it into the other library, with or without what lies beside it."""
        if films := self.films():
            old = self.chance.choice(films)
            new = (
                self.home / self.chance.choice(["one", "two"]) / f"{self.chance.choice('vwx')}.mkv"
            )
            if self.chance.random() < 0.5:
                for sidecar in old.parent.glob(f"{old.stem}.*[!v]"):
                    sidecar.rename(new.with_name(new.stem + sidecar.name[len(old.stem) :]))
            old.rename(new)

    def vanish_for_a_while(self) -> None:
        """Take a film away, let that be noticed, and bring it back."""
        if films := self.films():
            film = self.chance.choice(films)
            film.rename(self.home / "away")
            self.follow()
            (self.home / "away").rename(film)

    def write_subtitle(self) -> None:
        """Add a subtitle by hand, or another text in place of one, which is judged anew."""
        if films := self.films():
            film = self.chance.choice(films)
            line = self.chance.choice(TEXTS)
            cues = [
                f"{number}\n00:00:{2 * number:02},000 --> 00:00:{2 * number + 1:02},500\n{line}\n"
                for number in range(1, 29)
            ]
            text = "\n".join(cues) if line in (SPANISH, ENGLISH) else line
            path = film.with_name(f"{film.stem}.{self.chance.choice(ENDINGS)}")
            path.write_text(("WEBVTT\n\n" if path.suffix == ".vtt" else "") + text)
            self.ingest.on_paths_changed(path)  # of a text with the same name, a scan sees nothing

    def delete_subtitle(self) -> None:
        if sidecars := sorted(self.home.glob("[ot][nw][eo]/*.[sv][rt]t")):
            self.chance.choice(sidecars).unlink()

    def configure(self) -> None:
        """Rename a library, swap two, or want other languages, and start again."""
        match self.chance.randrange(3):
            case 0:
                free = {"films", "movies", "series"} - {self.names["two"]}
                self.names["one"] = self.chance.choice(sorted(free))
            case 1:
                self.names["one"], self.names["two"] = self.names["two"], self.names["one"]
            case _:
                self.languages[self.chance.choice(["one", "two"])] = self.chance.choice(LANGUAGES)
        self.db.close()
        self.begin()

    # What the daemon does.

    def follow(self) -> None:
        """Scan, plan what is due, and let all jobs end."""
        for _ in range(3):
            for name in self.configuration.settings.libraries:
                if self.ingest.scan(name).new:
                    self.planner.requeue_outdated(name)
            while due := self.ingest.ready_files(time.time() + LATER):
                for record in due:
                    self.planner.plan(record)
        for record in list(self.db.states.by_state(FileState.QUEUED)):
            overview = self.examiner.overview_now(record)
            self.db.states.set_state(record.id, FileState.DONE, overview=overview)
        for name in self.configuration.settings.libraries:
            while self.planner.examine_pending(name, 5):
                pass

    def check(self) -> None:
        """Compare the numbers, the lists behind them, and each file, with an examination now."""
        numbers: Counter[tuple[str, str, str, str]] = Counter()
        files: Counter[str] = Counter()
        configured = self.configuration.settings.libraries
        for record in self.db.states.by_state(*FileState):
            # What is left of a library that is no longer configured is not looked at.
            if record.state is FileState.MISSING or record.library not in configured:
                continue
            found = self.examiner.overview_now(record)
            assert found is not None, record
            assert Counter(self.db.overview.coverage_of(record.id)) == Counter(found.coverage)
            assert Counter(self.db.overview.requirements_of(record.id)) == Counter(
                found.requirements
            )
            files[record.library] += 1
            for one in found.requirements:
                numbers[record.library, one.language or "original", one.kind, one.status] += 1
        assert sum(files.values()) == len(self.films()) + 2
        counted: Counter[tuple[str, str, str, str]] = Counter()
        answer = count_coverage(self.configuration.settings, self.db)
        for library in answer.libraries[: len(configured)]:
            assert (library.files, library.unexamined) == (files[library.library], 0)
            for row in library.languages:
                for status in ("met", "nothing-to-write", "missing", "impossible", "removed"):
                    if number := getattr(row, status.replace("-", "_")):
                        counted[library.library, row.language, row.kind, status] = number
        assert counted == numbers
        for (name, language, kind, status), number in counted.items():
            wanted = FileFilter(library=name, language=language, kind=kind, status=status)
            assert self.db.file_list.count(wanted) == number
            assert len(self.db.file_list.page(wanted, limit=99)) == number


DEEDS = (
    *[World.add] * 4,
    *[World.write_subtitle] * 4,
    *[World.move] * 2,
    World.remove,
    World.vanish_for_a_while,
    World.delete_subtitle,
    World.configure,
    World.follow,
)


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in memory, because each history has a durable database."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="subtitled-coverage-", dir=memory) as folder:
        Database(Path(folder) / "empty.sqlite").close()
        monkeypatch.setattr(runner, "JobQueue", IdleQueue)
        monkeypatch.setattr(probes_ahead, "probe_media", fake_probe)
        monkeypatch.setattr(
            decision_digests, "list_installed", lambda: [("whisper", "subtitled", "1")]
        )
        yield Path(folder) / "home"


@pytest.mark.parametrize(
    "histories", [25, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_the_coverage_counts_what_an_examination_of_each_file_finds(
    home: Path, histories: int
) -> None:
    first = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    for seed in range(first, first + histories):
        print(f"SUBTITLED_TEST_SEED={seed}")
        world = World(home, seed)
        for _ in range(STEPS):
            deed = world.chance.choice(DEEDS)
            print(" ", deed.__name__)
            deed(world)
        world.follow()
        world.check()
        world.db.close()
