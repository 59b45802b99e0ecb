"""Whether the daemon is well, from what is known of it: a judgement without effects.

What the daemon knows of itself while it lives: its metrics, and how it is.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.jobcontext.counters import Counters

from .metrics import MetricValues, collect_metrics, render_metrics

MAX_HEARTBEAT_AGE_SECONDS = 60.0
"""Seconds for which the main loop may be silent: it turns each second."""


@dataclass(frozen=True, slots=True)
class HealthInputs:
    """What is known of a daemon."""

    heartbeat_age_seconds: float
    """Seconds since its main loop last turned."""
    is_state_writable: bool = True
    is_database_readable: bool = True
    unavailable_plugins: Sequence[str] = ()
    """Plugins that could not be loaded, each in a sentence."""
    unavailable_libraries: Sequence[str] = ()
    """Libraries whose folder is not there."""
    engines_down: Sequence[str] = ()
    """Engines whose breaker is open."""
    servers_down: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The judgement. ``is_ok`` is false only where starting anew, or somebody's hand, is needed for
    any work at all to go on; ``problems`` also hold what keeps single parts from working."""

    is_ok: bool
    problems: tuple[str, ...]


def assess_health(inputs: HealthInputs) -> HealthReport:
    """How it is."""
    grave, light = tuple(_critical(inputs)), tuple(_degraded(inputs))
    return HealthReport(not grave, (*grave, *light))


def _critical(inputs: HealthInputs) -> Iterator[str]:
    if inputs.heartbeat_age_seconds > MAX_HEARTBEAT_AGE_SECONDS:
        yield f"the main loop has not turned for {inputs.heartbeat_age_seconds:.0f} s"
    if not inputs.is_state_writable:
        yield "the state folder cannot be written to"
    if not inputs.is_database_readable:
        yield "the ledger cannot be read"


def _degraded(inputs: HealthInputs) -> Iterator[str]:
    yield from inputs.unavailable_plugins
    yield from (f"library {name} is away" for name in inputs.unavailable_libraries)
    yield from (f"engine {name} is left alone after failures" for name in inputs.engines_down)
    yield from (f"media server {name} could not be told" for name in inputs.servers_down)


PROBE_BYTES = bytes(4096)
"""What is written to see whether anything can be: a full disk still makes empty files."""


class HealthMonitor:
    """Asked from any thread; only :meth:`heartbeat` is the main loop's."""

    def __init__(
        self,
        configuration: Configuration,
        db: Database,
        counters: Counters,
        active_jobs: Callable[[], int],
        unavailable_libraries: Callable[[], Iterable[str]],
    ) -> None:
        """``jobs`` says how many are in work, ``unavailable_libraries`` which libraries were last
        found so: nobody waits here for a share that hangs."""
        self._configuration = configuration
        self._db = db
        self._counters = counters
        self._active_jobs = active_jobs
        self._unavailable_libraries = unavailable_libraries
        self._last_heartbeat_at = time.monotonic()

    def heartbeat(self) -> None:
        """The main loop has turned."""
        self._last_heartbeat_at = time.monotonic()

    def render_metrics(self) -> str:
        """As Prometheus reads them."""
        return render_metrics(self._collect_metrics())

    def evaluate_health(self) -> HealthReport:
        """How it is now."""
        facts, readable = MetricValues(files={}), True
        try:
            facts = self._collect_metrics()
        except Exception:  # noqa: BLE001 - whatever it is, it is not well
            readable = False
        return assess_health(
            HealthInputs(
                time.monotonic() - self._last_heartbeat_at,
                is_state_writable=_is_writable(self._db.path.parent),
                is_database_readable=readable,
                unavailable_plugins=[str(broken) for broken in self._configuration.unavailable],
                unavailable_libraries=sorted(self._unavailable_libraries()),
                engines_down=[name for name, is_open in facts.open_breakers.items() if is_open],
                servers_down=[name for name, is_up in facts.server_is_up.items() if not is_up],
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
