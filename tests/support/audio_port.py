"""A real port with the routes for programs that send audio, and an engine of the tests' own.

Tones stand for speech, as in the harness: the engine returns each as one word that says its length.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from subtitled.config.load import load_config
from subtitled.daemon.audio_requests.service import AudioRequests
from subtitled.daemon.health import HealthReport
from subtitled.jobcontext.services import Services, open_database
from subtitled.jobs.gate import WorkGate
from subtitled.jobs.throttle_state import ThrottleRegistry
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Language,
    LanguageGuess,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled.transcripts.store import TranscriptStore
from subtitled.web.auth.roles import Role, Scope
from subtitled.web.server import WebServer

from .harness import FakeEngine

DEADLINE = 60.0
"""Seconds for which a test waits for something that takes a moment."""


class AudioEngine(FakeEngine):
    """A fake engine that can be stopped before each chunk, and remembers what it was told."""

    def __init__(self, configured: Any) -> None:
        super().__init__(configured)
        self.language = Language("en")
        self.go = threading.Event()
        self.go.set()
        self.began = threading.Event()
        self.error: Exception | None = None
        self.requests: list[TranscriptionRequest] = []

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {self.language: 0.9}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.requests.append(request)
        self.began.set()
        assert self.go.wait(DEADLINE)
        if self.error is not None:
            raise self.error
        return super().transcribe(audio, request)


class Rules:
    """What questions use of the job runner: its services, its gate and its throttles."""

    def __init__(self, services: Services, state: Path) -> None:
        self.services = services
        self.active_jobs: set[str] = set()
        self.throttles = ThrottleRegistry(services.db.kv)
        self.gate = WorkGate(
            settings=services.config.settings,
            state=state,
            kv=services.db.kv,
            throttles=self.throttles,
            breakers=services.breakers,
        )


class AudioPort:
    """The port, its thread of questions, its keys and its engine."""

    def __init__(self, folder: Path, port: int, **asr: Any) -> None:
        sections = asr.pop("sections", {})
        self.films = folder / "films"
        self.films.mkdir(exist_ok=True)
        self.state = folder / "state"
        overrides = {
            "daemon": {"state_dir": str(self.state), "chunk_duration": "20s"},
            "web": {"port": port, "asr": {"enabled": True, **asr}},
            "libraries": {"films": {"path": str(self.films)}},
        }
        self.configuration = load_config(None, overrides=overrides | sections)
        self.db = open_database(self.configuration)
        self.engine = AudioEngine(self.configuration)
        self.store = TranscriptStore(self.state / "transcripts")
        scratch = self.state / "scratch"
        scratch.mkdir(exist_ok=True)
        self.services = Services(
            config=self.configuration,
            engines=self.engine,  # type: ignore[arg-type]
            store=self.store,
            db=self.db,
            scratch=scratch,
            progress=lambda job, what, share: None,
        )
        self.runner = Rules(self.services, self.state)
        self.audio_requests = AudioRequests(self.configuration, self.runner)  # type: ignore[arg-type]
        self.web = WebServer(
            self.configuration, self.db, lambda: HealthReport(True, ()), {}, self.audio_requests
        )

    def start(self) -> None:
        self.audio_requests.start()
        self.web.start()

    def stop(self) -> None:
        self.engine.go.set()
        self.audio_requests.request_stop()
        self.web.stop()
        self.audio_requests.join(DEADLINE)
        self.db.close()

    def add_key(self, name: str, grants: Role | Scope, *libraries: str) -> str:
        accounts = self.web._accounts
        assert accounts is not None
        given = grants if isinstance(grants, Role) else [grants]
        return accounts.keys.add(name, given, created_by="a test", libraries=libraries or None)

    def url(self, path: str, key: str = "") -> str:
        """Return an address; with a key as Bazarr has it, in the password."""
        who = f"bazarr:{key}@" if key else ""
        return f"http://{who}127.0.0.1:{self.web.port}{path}"

    def reset(self) -> None:
        """Make the engine what it was, and forget all audio."""
        self.engine.__init__(self.configuration)  # type: ignore[misc]
        self.audio_requests.folder.prune(keeps_recent=False)

    @property
    def scratch(self) -> Path:
        return self.audio_requests.folder.root

    def unfinished(self) -> list[str]:
        """Return the scratch files of uploads that did not end."""
        return [path.name for path in self.scratch.glob("receiving-*")]


def tones(*spans: tuple[float, float], seconds: float = 8.0, pitch: int = 440) -> bytes:
    """Return 16-bit PCM at 16 kHz: silence with tones from and to these seconds."""
    samples = np.zeros(round(seconds * SAMPLE_RATE))
    for start, end in spans:
        at = np.arange(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE))
        samples[at] = np.sin(2 * np.pi * pitch * at / SAMPLE_RATE) * 0.3
    return (samples * 32767).astype("<i2").tobytes()


def wait_until(is_true: Callable[[], object]) -> None:
    """Wait until something holds, which another thread brings about."""
    waiting = threading.Event()
    for _ in range(round(DEADLINE / 0.02)):
        if is_true():
            return
        waiting.wait(0.02)
    raise AssertionError("it did not come about")
