"""The health of the daemon: what is measured, and the verdict."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.jobcontext.counters import Counters

from .answers.servers import find_notifier_errors
from .metric_values import MetricValues, collect_metrics

MAX_HEARTBEAT_AGE_SECONDS = 60.0
"""Seconds that the main loop may be silent. It ticks each second."""
PROBE_BYTES = bytes(4096)
"""What is written to test the state folder. A full disk still creates empty files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthInputs:
    """Facts that decide about the health of a daemon."""

    heartbeat_age_seconds: float
    """Seconds since the last tick of the main loop."""
    is_state_writable: bool = True
    is_database_readable: bool = True
    unavailable_plugins: Sequence[str] = ()
    """Plugins that could not be loaded, a sentence for each."""
    unavailable_libraries: Sequence[str] = ()
    """Names of libraries whose folder does not exist."""
    engines_down: Sequence[str] = ()
    """Names of engines whose circuit breaker is open."""
    servers_down: Sequence[str] = ()
    """Names of media servers that did not take the last update."""
    notifier_errors: Mapping[str, str] = field(default_factory=dict)
    """The last error of each notifier that cannot deliver, by its name."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The verdict about a daemon's health."""

    is_ok: bool
    """False only if no work can go on without a restart or a person's help."""
    problems: tuple[str, ...]
    """All problems, also those of single plugins, libraries, engines and servers."""


def assess_health(inputs: HealthInputs) -> HealthReport:
    """Judge the health of a daemon by some facts. Has no side effects."""
    critical, degraded = tuple(_critical(inputs)), tuple(_degraded(inputs))
    return HealthReport(not critical, (*critical, *degraded))


def _critical(inputs: HealthInputs) -> Iterator[str]:
    if inputs.heartbeat_age_seconds > MAX_HEARTBEAT_AGE_SECONDS:
        yield f"the main loop has not ticked for {inputs.heartbeat_age_seconds:.0f} s"
    if not inputs.is_state_writable:
        yield "the state folder cannot be written to"
    if not inputs.is_database_readable:
        yield "the database cannot be read"


def _degraded(inputs: HealthInputs) -> Iterator[str]:
    yield from inputs.unavailable_plugins
    yield from (f"library {name} is unavailable" for name in inputs.unavailable_libraries)
    yield from (f"engine {name}: circuit breaker is open" for name in inputs.engines_down)
    yield from (f"media server {name} could not be updated" for name in inputs.servers_down)
    yield from (f"notifier {name}: {error}" for name, error in inputs.notifier_errors.items())


class HealthMonitor:
    """Collects metrics and health. Any thread may use it; only the main loop sends heartbeats."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        counters: Counters,
        active_jobs: Callable[[], int],
        unavailable_libraries: Callable[[], Iterable[str]],
    ) -> None:
        """Create a monitor.

        Args:
            configuration: The configuration, whose servers and libraries are reported.
            db: The database.
            counters: The counters of this process.
            active_jobs: Returns the number of jobs that are running.
            unavailable_libraries: Returns the names of libraries that the last check found
                unavailable. It must not touch the file system, where a hung share would block.
        """
        self._configuration = configuration
        self._db = db
        self._counters = counters
        self._active_jobs = active_jobs
        self._unavailable_libraries = unavailable_libraries
        self._last_heartbeat_at = time.monotonic()

    def heartbeat(self) -> None:
        """Record a tick of the main loop."""
        self._last_heartbeat_at = time.monotonic()

    def render_metrics(self) -> str:
        """Return the metrics in the text format of Prometheus."""
        from .metrics import render_metrics  # loads a library that most daemons never need

        return render_metrics(self._collect_metrics())

    def evaluate_health(self) -> HealthReport:
        """Judge the health of the daemon now."""
        metrics, is_readable = MetricValues(files={}), True
        notifier_errors: dict[str, str] = {}
        try:
            metrics = self._collect_metrics()
            notifier_errors = find_notifier_errors(self._db)
        except Exception:  # noqa: BLE001 - any error here is a problem of the database
            is_readable = False
        return assess_health(
            HealthInputs(
                heartbeat_age_seconds=time.monotonic() - self._last_heartbeat_at,
                is_state_writable=_is_writable(self._db.path.parent),
                is_database_readable=is_readable,
                unavailable_plugins=[str(plugin) for plugin in self._configuration.unavailable],
                unavailable_libraries=sorted(self._unavailable_libraries()),
                engines_down=[name for name, is_open in metrics.open_breakers.items() if is_open],
                servers_down=[name for name, is_up in metrics.server_is_up.items() if not is_up],
                notifier_errors=notifier_errors,
            )
        )

    def _collect_metrics(self) -> MetricValues:
        return collect_metrics(self._configuration, self._db, self._counters, self._active_jobs())


def _is_writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
            return file.write(PROBE_BYTES) == len(PROBE_BYTES)
    except OSError:
        return False
