"""A harness: one library with a real database, ingest and jobs, and a fake engine.

Tones stand for speech. The engine returns each as one word that says how long it is.
"""

from __future__ import annotations

import random
import time
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.config.load import Configuration, load_config
from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.engines.protocol import EngineCrashedError
from subtitled.jobcontext.services import Services, open_engine_pool
from subtitled.jobs.planner import JobPlanner
from subtitled.jobs.runner import JobRunner
from subtitled.library.ingest import Ingest
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Language,
    LanguageGuess,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)
from subtitled.transcripts.store import TranscriptStore


class FakeEngine:
    """A fake of the engine pool and its engine, in this process."""

    name = "whisper"

    def __init__(self, configuration: Configuration) -> None:
        engines = configuration.engines
        self.configured: Any = engines.get("whisper") or next(iter(engines.values()))
        self.capabilities = self.configured.capabilities()
        self.pool = open_engine_pool(configuration)
        self.open_translator = self.pool.open_translator
        self.recognised = 0
        self.crashes = False

    def __getitem__(self, name: str) -> FakeEngine:
        return self

    def preload(self, *, only_in_free_room: bool = False) -> None:
        return

    def close(self) -> None:
        return

    def find_speech(self, audio: Audio, limit: float | None = None) -> SpeechActivity:
        if limit is not None:
            raise TransientError("this fake_engine hears whole sound only", "")
        loud = np.abs(audio.read_samples(TimeSpan(0, audio.duration))) > 0.02
        frames = loud[: len(loud) // 160 * 160].reshape(-1, 160).any(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], frames.astype(int), [0])))) / 100
        return SpeechActivity(tuple(TimeSpan(float(a), float(b)) for a, b in edges.reshape(-1, 2)))

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {Language("en"): 0.9}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.recognised += 1
        if self.crashes:
            raise EngineCrashedError("the engine crashed (SIGSEGV)")
        words = (
            Word(text=f" w{one.duration:.2f}", start=one.start, end=one.end)
            for one in request.chunk.speech
        )
        return Transcript(language=request.language, words=tuple(words), engine="fake_engine")


class Harness:
    """One library in its own folder. :meth:`settle` runs everything until it is idle."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.root, self.state = folder / "films", folder / "state"
        self.root.mkdir(exist_ok=True)
        self.state.mkdir(exist_ok=True)
        config = folder / "config.toml"
        config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\nretry_delay = "0s"\nchunk_duration = "20s"\n'
            f'[libraries.films]\npath = "{self.root}"\nstability_delay = "0s"\n' + "\n".join(more)
        )
        self.configuration = load_config(config)
        self.open()

    def open(self) -> None:
        self.database = Database(self.state / "subtitled.sqlite")
        self.engine = FakeEngine(self.configuration)
        self.transcripts = TranscriptStore(self.state / "transcripts")
        scratch = self.state / "scratch"
        scratch.mkdir(exist_ok=True)
        services = Services(
            config=self.configuration,
            engines=self.engine,  # type: ignore[arg-type]
            store=self.transcripts,
            db=self.database,
            scratch=scratch,
        )
        self.intake = Ingest(self.database, self.configuration.settings.libraries)
        self.working = JobRunner(services, self.state / "jobs.sqlite")
        self.jobs = JobPlanner(self.working)
        self.working.start()
        self.jobs.start()

    def close(self) -> None:
        self.working.stop()
        self.database.close()

    def lose_the_database(self) -> None:
        self.close()
        for file in self.state.glob("subtitled.sqlite*"):
            file.unlink()
        self.open()

    def scan(self) -> None:
        self.intake.scan("films")
        self.settle()

    def settle(self, limit: float = 60.0) -> None:
        """Plan what is due and wait until nothing is queued or running."""
        deadline = time.monotonic() + limit
        while True:
            due = self.intake.ready_files(time.time() + 1)
            for record in due:
                self.jobs.plan(record)
            busy = (FileState.QUEUED, FileState.WORKING, FileState.STABILISING, FileState.RETRYING)
            left = self.database.states.count_by_state()
            if not due and not any(left.get(state) for state in busy):
                return
            assert time.monotonic() < deadline, left
            time.sleep(0.05)

    def the(self, path: Path) -> FileRecord:
        record = self.database.files.get(path)
        assert record is not None, path
        return record

    def names(self) -> list[str]:
        return sorted(path.name for path in self.root.rglob("*") if path.is_file())


def film(path: Path, seed: int, *, head: float = 0.5, pitch: int = 440) -> Path:
    """Write a media file with some thirty tones that starts after ``head`` seconds of silence."""
    chance = random.Random(seed)
    parts = [np.zeros(round(head * SAMPLE_RATE))]
    for _ in range(30):
        beep = np.arange(round(chance.uniform(0.4, 2.0) * SAMPLE_RATE)) * 2 * np.pi * pitch
        parts += [np.sin(beep / SAMPLE_RATE) * 0.3]
        parts += [np.zeros(round(chance.uniform(0.4, 2.0) * SAMPLE_RATE))]
    sound = (np.concatenate(parts) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path
