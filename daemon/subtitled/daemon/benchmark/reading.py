"""What the benchmark measured on this machine, for those who predict."""

from __future__ import annotations

import os
from functools import cache

from subtitled.config.load import Configuration
from subtitled.db.database import Database

from .machine import Machine, read_machine
from .measurements import Measurement, load_measurements, measured_speeds, select_current


def count_threads(configuration: Configuration) -> int:
    """Return how many threads engines use."""
    return configuration.settings.daemon.threads or len(os.sched_getaffinity(0))


@cache
def _this_machine() -> Machine:
    """Return this machine, read once: what names it does not change."""
    return read_machine()


def read_benchmarks(configuration: Configuration, db: Database) -> dict[tuple[str, str], float]:
    """Return seconds of speech in a second of work, by section and model."""
    return measured_speeds(load_current(configuration, db, _this_machine()))


def load_current(configuration: Configuration, db: Database, machine: Machine) -> list[Measurement]:
    """Return what was measured on a machine with the plugins and devices that sections name now."""
    identity = machine.identity(count_threads(configuration))
    sections = {name: (one.reference, one.device) for name, one in configuration.engines.items()}
    return select_current(load_measurements(db.kv, identity), sections)
