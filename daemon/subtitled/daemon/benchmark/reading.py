"""What the benchmark measured on this machine, for those who predict."""

from __future__ import annotations

import os
from functools import cache

from subtitled.config.load import Configuration
from subtitled.db.database import Database

from .machine import Machine, read_machine
from .measurements import load_measurements, measured_speeds


def count_threads(configuration: Configuration) -> int:
    """Return how many threads engines use."""
    return configuration.settings.daemon.threads or len(os.sched_getaffinity(0))


@cache
def _this_machine() -> Machine:
    """Return this machine, read once: what names it does not change."""
    return read_machine()


def read_benchmarks(configuration: Configuration, db: Database) -> dict[tuple[str, str], float]:
    """Return seconds of speech in a second of work, by section and model."""
    identity = _this_machine().identity(count_threads(configuration))
    return measured_speeds(load_measurements(db.kv, identity))
