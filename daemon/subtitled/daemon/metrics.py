"""Metrics in the text format of Prometheus (exposition format 0.0.4).

What is counted since the daemon began ends with ``_total`` and begins at 0 with it.
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

from .workers import list_workers

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class MetricValues:
    """What the metrics tell."""

    files: Mapping[str, int]
    """How many are in each state; every state is there."""
    active_jobs: int = 0
    """Worked on, or waiting for leave to be."""
    is_paused: bool = False
    audio_seconds: Mapping[str, float] = field(default_factory=dict)
    """Heard, by engine."""
    engine_seconds: Mapping[str, float] = field(default_factory=dict)
    """Spent on that, by engine."""
    failures_by_kind: Mapping[str, float] = field(default_factory=dict)
    """Of jobs, by what was wrong: temporary, misconfigured, rejected."""
    open_breakers: Mapping[str, bool] = field(default_factory=dict)
    """Whether each engine's is open."""
    server_is_up: Mapping[str, bool] = field(default_factory=dict)
    """Whether each media server took what it was last told."""
    worker_is_up: Mapping[str, bool] = field(default_factory=dict)
    """Whether each worker beside the daemon is there."""


def collect_metrics(
    configuration: Configuration, db: Database, counters: Counters, jobs: int
) -> MetricValues:
    """The facts of a daemon, from its ledger and what it counted."""
    counts, kv = db.count_by_state(), db.kv
    breakers = CircuitBreakers(kv)
    return MetricValues(
        files={str(state): counts.get(state, 0) for state in FileState},
        active_jobs=jobs,
        is_paused=RemoteThrottles(kv).first_reason() is not None,
        audio_seconds=dict.fromkeys(configuration.engines, 0.0)
        | counters.by_label("audio seconds"),
        engine_seconds=dict.fromkeys(configuration.engines, 0.0)
        | counters.by_label("engine seconds"),
        failures_by_kind=counters.by_label("failures"),
        open_breakers={
            name: not breakers.state_of(name).is_closed for name in configuration.engines
        },
        server_is_up={
            name: kv.get(f"{SERVER_ERROR_KEY}{name}") is None for name in configuration.servers
        },
        worker_is_up={one.name: one.lock is not None for one in list_workers(db, db.path.parent)},
    )


def render_metrics(values: MetricValues) -> str:
    """The facts as Prometheus reads them."""
    return generate_latest(_Collector(values)).decode()


class _Collector(Collector):
    def __init__(self, facts: MetricValues) -> None:
        self._facts = facts

    def collect(self) -> Iterator[Metric]:
        facts = self._facts
        yield _gauge("info", "The version.", "version", {__version__: 1})
        yield _gauge("files", "Files of all libraries by state.", "state", facts.files)
        yield GaugeMetricFamily("subtitled_jobs", "Jobs in work.", facts.active_jobs)
        yield GaugeMetricFamily(
            "subtitled_halted", "1 while work gives way to others.", facts.is_paused
        )
        yield _counter(
            "audio_seconds", "Seconds of audio that an engine heard.", "engine", facts.audio_seconds
        )
        yield _counter(
            "engine_seconds", "Seconds that an engine took for it.", "engine", facts.engine_seconds
        )
        yield _counter("failures", "Jobs that failed.", "kind", facts.failures_by_kind)
        yield _gauge(
            "breaker_open", "1 while an engine is left alone.", "engine", facts.open_breakers
        )
        yield _gauge(
            "server_up",
            "0 for a media server that could not be told.",
            "server",
            facts.server_is_up,
        )
        yield _gauge("worker_up", "0 for a worker that was lost.", "worker", facts.worker_is_up)


def _gauge(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    return _filled(GaugeMetricFamily(f"subtitled_{name}", about, labels=[label]), values)


def _counter(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    """Its name ends with ``_total`` when it is told."""
    return _filled(CounterMetricFamily(f"subtitled_{name}", about, labels=[label]), values)


def _filled(family: GaugeMetricFamily | CounterMetricFamily, values: Mapping[str, float]) -> Metric:
    for value, amount in sorted(values.items()):
        family.add_metric([value], amount)
    return family
