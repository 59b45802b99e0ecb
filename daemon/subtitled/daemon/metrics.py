"""Metrics in the text format of Prometheus (exposition format 0.0.4).

Names of counters end with ``_total``. Counters are 0 when the daemon starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from subtitled import __version__
from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.records import FileState
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.counters import Counters
from subtitled.jobs.throttle_state import RemoteThrottles

from .answers.backlog import BacklogAnswer, describe_backlog
from .workers import list_workers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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


def render_metrics(values: MetricValues) -> str:
    """Return the metrics in the text format of Prometheus."""
    return generate_latest(_Collector(values)).decode()


class _Collector(Collector):
    def __init__(self, values: MetricValues) -> None:
        self._values = values

    def collect(self) -> Iterator[Metric]:
        values = self._values
        yield _gauge("info", "The version.", "version", {__version__: 1})
        yield _gauge("files", "Files of all libraries by state.", "state", values.files)
        yield GaugeMetricFamily("subtitled_jobs", "Running jobs.", values.active_jobs)
        yield GaugeMetricFamily(
            "subtitled_paused", "1 while a throttle pauses all work.", values.is_paused
        )
        yield _counter(
            "audio_seconds",
            "Seconds of audio that an engine transcribed.",
            "engine",
            values.audio_seconds,
        )
        yield _counter(
            "engine_seconds",
            "Seconds that an engine took to transcribe.",
            "engine",
            values.engine_seconds,
        )
        yield _counter("failures", "Failed jobs.", "kind", values.failures_by_kind)
        yield _gauge(
            "breaker_open",
            "1 while the circuit breaker of an engine is open.",
            "engine",
            values.open_breakers,
        )
        yield _gauge(
            "server_up",
            "0 for a media server that could not be updated.",
            "server",
            values.server_is_up,
        )
        yield _gauge("worker_up", "0 for a worker that was lost.", "worker", values.worker_is_up)
        if values.backlog is not None:
            yield from _backlog_metrics(values.backlog)


def _backlog_metrics(backlog: BacklogAnswer) -> Iterator[Metric]:
    """Yield what is left. What is not known yet has no sample."""
    libraries = backlog.libraries
    yield _gauge(
        "backlog_files",
        "Files that something is made for.",
        "library",
        {one.library: one.files for one in libraries},
    )
    yield _gauge(
        "backlog_sound_seconds",
        "The length of those files, as far as it is known.",
        "library",
        {one.library: one.sound_seconds for one in libraries},
    )
    work, done_at = backlog.work, backlog.done_at
    yield _gauge(
        "backlog_work_seconds",
        "How long they take if work never pauses.",
        "bound",
        {} if work is None else {"low": work.low, "expected": work.expected, "high": work.high},
    )
    times = (
        {"low": done_at.low, "expected": done_at.expected, "high": done_at.high} if done_at else {}
    )
    yield _gauge(
        "backlog_done_timestamp_seconds",
        "When they are done, in the working hours as they are.",
        "bound",
        {bound: at for bound, at in times.items() if at is not None},
    )
    speed = GaugeMetricFamily(
        "subtitled_speed",
        "Seconds of sound in a second of work, all steps of a job together.",
        labels=["engine", "model"],
    )
    for one in backlog.speeds:
        if one.speed is not None:
            speed.add_metric([one.engine, one.model], one.speed)
    yield speed


def _gauge(name: str, description: str, label: str, values: Mapping[str, float]) -> Metric:
    return _with_values(GaugeMetricFamily(f"subtitled_{name}", description, labels=[label]), values)


def _counter(name: str, description: str, label: str, values: Mapping[str, float]) -> Metric:
    """Create a counter. The client adds ``_total`` to its name."""
    family = CounterMetricFamily(f"subtitled_{name}", description, labels=[label])
    return _with_values(family, values)


def _with_values(
    family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]
) -> Metric:
    for value, amount in sorted(values.items()):
        family.add_metric([value], amount)
    return family
