"""The values of all metrics of this process and its database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.counters import Counters
from subtitled.jobs.throttle_state import RemoteThrottles

from .answers.backlog import BacklogAnswer, describe_backlog
from .workers import list_workers


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValues:
    """The values of all metrics."""

    files: Mapping[str, int]
    """Number of files in each state. Every state has an entry."""
    active_jobs: int = 0
    """Jobs that run, or wait at the gate."""
    is_paused: bool = False
    audio_seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds of audio that were transcribed, by engine."""
    engine_seconds: Mapping[str, float] = field(default_factory=dict)
    """Seconds that the transcription took, by engine."""
    failures_by_kind: Mapping[str, float] = field(default_factory=dict)
    """Failed jobs by kind: transient, setup, input-rejected, engine-crashed."""
    open_breakers: Mapping[str, bool] = field(default_factory=dict)
    """Whether the circuit breaker is open, by engine."""
    server_is_up: Mapping[str, bool] = field(default_factory=dict)
    """Whether the server took the last update, by media server."""
    worker_is_up: Mapping[str, bool] = field(default_factory=dict)
    """Whether the worker runs, by worker."""
    backlog: BacklogAnswer | None = None
    """How much work is left."""


def collect_metrics(
    configuration: Configuration, db: Database, counters: Counters, active_jobs: int
) -> MetricValues:
    """Collect the values of all metrics from the database and the counters of this process."""
    counts, kv = db.states.count_by_state(), db.kv
    breakers = CircuitBreakers(kv)
    return MetricValues(
        files={str(state): counts.get(state, 0) for state in FileState},
        active_jobs=active_jobs,
        is_paused=RemoteThrottles(kv).first_reason() is not None,
        audio_seconds=dict.fromkeys(configuration.engines, 0.0)
        | counters.by_label("audio_seconds"),
        engine_seconds=dict.fromkeys(configuration.engines, 0.0)
        | counters.by_label("engine_seconds"),
        failures_by_kind=counters.by_label("failures"),
        open_breakers={
            name: not breakers.state_of(name).is_closed for name in configuration.engines
        },
        server_is_up={
            name: kv.get(f"{SERVER_ERROR_KEY}{name}") is None for name in configuration.servers
        },
        worker_is_up={
            worker.name: worker.lock is not None for worker in list_workers(db, db.path.parent)
        },
        backlog=describe_backlog(configuration, db),
    )
