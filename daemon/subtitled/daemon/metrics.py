"""Metrics in the text format of Prometheus (exposition format 0.0.4).

Names of counters end with ``_total``. Counters are 0 when the daemon starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from subtitled import __version__

from .answers.backlog import BacklogAnswer
from .metric_values import MetricValues

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


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
