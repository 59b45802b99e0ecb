"""The services that jobs are run with, and how they are built from a configuration."""

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
    resolve_database_url,
    resolve_models_dir,
    resolve_scratch_dir,
    resolve_state_dir,
)
from subtitled.costs.egress_gate import EgressGate
from subtitled.db.database import Database
from subtitled.engines.breaker import CircuitBreakers
from subtitled.engines.pool import EnginePool
from subtitled.engines.process import PausableClock
from subtitled.transcripts.store import TranscriptStore

from .counters import Counters
from .job import Job

Progress = Callable[[Job, str, float], None]
"""Told what is being done and which share of it is done, 0 to 1."""


def _ignore(job: Job, what: str, share: float) -> None:
    return


@dataclass(frozen=True, slots=True)
class Services:
    """Everything that jobs are run with."""

    config: Configuration
    engines: EnginePool
    store: TranscriptStore
    db: Database
    scratch: Path
    progress: Progress = _ignore
    counters: Counters = field(default_factory=Counters)
    clock: PausableClock = field(default_factory=PausableClock)
    """A clock that stands still while the engines are stopped."""

    @property
    def breakers(self) -> CircuitBreakers:
        """What is known of engines that failed."""
        return CircuitBreakers(self.db.kv)

    @property
    def egress_gate(self) -> EgressGate:
        """What all that leaves this machine passes."""
        return EgressGate(self.config, self.db.egress_log)

    @contextmanager
    def call_engine(
        self, engine: str, fingerprint: str, seconds: float, *, counts_as_success: bool = True
    ) -> Iterator[None]:
        """Around a call of an engine about so many seconds of a media file.

        The circuit breaker learns from how the call ends, and what was done is counted. With
        ``counts_as_success`` a call that goes well says that the engine works, as for
        :meth:`~subtitled.engines.breaker.CircuitBreakers.guard`. The time for which an engine was
        suspended is not counted.
        """
        now = self.clock.now
        began = now()
        with self.breakers.guard(engine, fingerprint, counts_as_success=counts_as_success):
            yield
        self.counters.add("audio_seconds", engine, seconds)
        self.counters.add("engine_seconds", engine, now() - began)


def open_database(configuration: Configuration) -> Database:
    """The ledger of the configuration: in its state folder, which is made if it is missing, or on
    its server."""
    settings = configuration.settings
    return Database(
        ensure_private_folder(resolve_state_dir(settings)) / "ledger.sqlite",
        resolve_database_url(settings),
    )


def open_transcript_store(state: Path) -> TranscriptStore:
    """The transcripts of a state folder."""
    return TranscriptStore(state / "transcripts")


def build_services(
    config: Configuration,
    db: Database,
    *,
    scratch: str = "scratch",
    progress: Progress | None = None,
    counters: Counters | None = None,
) -> Services:
    """The services over the configuration's state folder.

    ``scratch`` names the folder for decoded sound: each process that works needs its own.
    ``counters`` go on counting where earlier services of this process ended.
    """
    settings = config.settings
    state = ensure_private_folder(resolve_state_dir(settings))
    threads = settings.daemon.threads or len(os.sched_getaffinity(0))
    engines = EnginePool(config, resolve_models_dir(settings), threads)
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
    """Writes progress into the database for ``status`` and ``explain``, at most once in ``every``
    seconds."""
    last: tuple[float, str] = (0.0, "")

    def tell(job: Job, what: str, share: float) -> None:
        nonlocal last
        now = time.monotonic()
        if what != last[1] or now - last[0] >= every:
            last = (now, what)
            db.set_progress(job.media, f"{what} ({share:.0%})" if share else what)

    return tell
