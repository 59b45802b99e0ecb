"""The services that jobs use, and how they are built from a configuration."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import (
    ensure_private_folder,
    resolve_models_dir,
    resolve_scratch_dir,
    resolve_state_dir,
)
from subtitled.costs.egress_gate import EgressGate
from subtitled.db.database import Database
from subtitled.engines.breaker import CircuitBreakers
from subtitled.engines.pausable_clock import PausableClock
from subtitled.engines.pool import EnginePool
from subtitled.transcripts.store import TranscriptStore

from .counters import Counters
from .database import open_database as open_database
from .engine_usage import EngineUsage, EngineUse
from .job import Job
from .viewing import Viewers

Progress = Callable[[Job, str, float], None]
"""A function that is told the job, what is being done and the share that is done (0 to 1)."""


def _ignore(job: Job, what: str, share: float) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that jobs use."""

    config: Configuration
    engines: EnginePool
    store: TranscriptStore
    db: Database
    scratch: Path
    progress: Progress = _ignore
    counters: Counters = field(default_factory=Counters)
    engine_usage: EngineUsage = field(default_factory=EngineUsage)
    viewers: Viewers = field(default_factory=Viewers)
    """Who watches what now."""
    clock: PausableClock = field(default_factory=PausableClock)
    """A clock that stands still while the engines are suspended."""

    @property
    def breakers(self) -> CircuitBreakers:
        """The circuit breakers of engines."""
        return CircuitBreakers(self.db.kv)

    @property
    def egress_gate(self) -> EgressGate:
        """The gate that everything sent off this machine passes."""
        return EgressGate(self.config, self.db.egress_log)

    @contextmanager
    def call_engine(
        self, engine: str, fingerprint: str, seconds: float, *, counts_as_success: bool = True
    ) -> Iterator[None]:
        """Guard a call of an engine by its circuit breaker, and count what was done.

        Time for which the engine was suspended is not counted.

        Args:
            engine: The configured name of the engine.
            fingerprint: The media file that the call is about.
            seconds: The duration of the audio.
            counts_as_success: Whether a success proves that the engine works; see
                :meth:`~subtitled.engines.breaker.CircuitBreakers.guard`.
        """
        now = self.clock.now
        began = now()
        with self.breakers.guard(engine, fingerprint, counts_as_success=counts_as_success):
            yield
        use = EngineUse(seconds, now() - began)
        self.counters.add("audio_seconds", engine, use.speech_seconds)
        self.counters.add("engine_seconds", engine, use.work_seconds)
        self.engine_usage.add(fingerprint, engine, use)


def open_transcript_store(state: Path) -> TranscriptStore:
    """Open the transcript store of a state folder."""
    return TranscriptStore(state / "transcripts")


def open_engine_pool(config: Configuration) -> EnginePool:
    """Open the engines and translators of a configuration. No process is started yet."""
    settings = config.settings
    threads = settings.daemon.threads or len(os.sched_getaffinity(0))
    return EnginePool(config, resolve_models_dir(settings), threads)


def build_services(
    config: Configuration,
    db: Database,
    *,
    scratch: str = "scratch",
    progress: Progress | None = None,
    counters: Counters | None = None,
) -> Services:
    """Build the services of a configuration.

    Args:
        config: The configuration.
        db: Its database.
        scratch: The name of the folder for decoded audio. Each process that runs jobs needs its
            own.
        progress: Where progress is reported; by default the database.
        counters: Counters to continue, if the process had services before.
    """
    settings = config.settings
    state = ensure_private_folder(resolve_state_dir(settings))
    engines = open_engine_pool(config)
    return Services(
        config=config,
        engines=engines,
        clock=engines.clock,
        store=open_transcript_store(state),
        db=db,
        scratch=ensure_private_folder(resolve_scratch_dir(settings) / scratch),
        progress=progress or record_progress(db),
        counters=counters or Counters(),
    )


def record_progress(db: Database, every: float = 1.0) -> Progress:
    """Return a function that stores progress at most once in ``every`` seconds."""
    last: tuple[float, str] = (0.0, "")

    def tell(job: Job, what: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if what != last[1] or now - last[0] >= every:
            last = (now, what)
            db.states.set_progress(job.media, f"{what} ({share:.0%})" if share else what, share)

    return tell
