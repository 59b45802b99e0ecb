"""What one engine and model took for the speech of the benchmark, as it is kept."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from subtitled.db.kv import BENCHMARK_KEY, KeyValueStore

MAX_BUSY_SHARE = 0.2
"""From this share of the processor that other programs use, a speed is called too low."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one engine and model took."""

    engine: str
    """The name of its section, or of the plugin if it has none."""
    plugin: str
    """What ``plugin`` says in the configuration."""
    model: str
    device: str
    """Where it ran, as its section says."""
    sound_seconds: float
    """Seconds of speech that it was given."""
    work_seconds: float
    """How long it took."""
    load_seconds: float | None = None
    """How long its process took to start and load the model; None of a service elsewhere."""
    processor_seconds: float | None = None
    """Seconds of all cores together; None of a service elsewhere."""
    peak_memory_mb: float | None = None
    """The most memory that its process had; None of a service elsewhere."""
    busy_share: float = 0.0
    """The share of all cores that other programs used meanwhile. The more, the less the speed
    says."""
    words: int | None = None
    """Words of the known text; None if it is not known."""
    word_errors: int | None = None
    sample: str = ""
    """What the speech was."""
    measured_at: float = 0.0
    """Seconds since 1970."""

    @property
    def speed(self) -> float:
        """Seconds of sound in a second of work."""
        return self.sound_seconds / self.work_seconds

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs used so much that the engine is faster than was measured."""
        return self.busy_share > MAX_BUSY_SHARE

    @property
    def error_rate(self) -> float | None:
        """Errors per word; None if the text is not known."""
        if self.words is None or self.word_errors is None or not self.words:
            return None
        return self.word_errors / self.words

    @property
    def label(self) -> str:
        """What people call it: ``whisper base``."""
        return " ".join(filter(None, (self.engine, self.model)))

    def to_dict(self) -> dict[str, Any]:
        """Return the measurement as JSON has it."""
        rate = self.error_rate
        return asdict(self) | {
            "speed": round(self.speed, 3),
            "error_rate": None if rate is None else round(rate, 4),
        }


def keep_measurement(kv: KeyValueStore, machine: str, measurement: Measurement) -> bool:
    """Keep a measurement instead of an earlier one of the same engine, model and device.

    Returns:
        False if the earlier one is kept, because it was disturbed less.
    """
    key = _key(machine, measurement)
    earlier = parse_measurement(kv.get(key) or "")
    if earlier is not None and measurement.is_disturbed and not earlier.is_disturbed:
        return False
    kv.set(key, json.dumps(asdict(measurement)))
    return True


def load_measurements(kv: KeyValueStore, machine: str) -> list[Measurement]:
    """Return what was measured on a machine, the fastest first.

    Args:
        kv: The key-value table.
        machine: :meth:`~.machine.Machine.identity` of the machine.
    """
    prefix = f"{BENCHMARK_KEY}{machine}:"
    rows = kv.get_prefix(prefix).items()
    # The database compares letters in any case, and takes some characters for others.
    kept = [parse_measurement(text) for key, text in rows if key.startswith(prefix)]
    return sorted((one for one in kept if one is not None), key=lambda one: -one.speed)


def parse_measurement(text: str) -> Measurement | None:
    """Parse a kept measurement; None if it is none, or one of another version that says less."""
    names = {field.name for field in fields(Measurement)}
    try:
        values = json.loads(text)
        found = Measurement(**{key: value for key, value in values.items() if key in names})
        is_usable = found.work_seconds > 0 < found.sound_seconds and math.isfinite(found.speed)
    except (ValueError, TypeError, AttributeError):
        return None
    return found if is_usable else None


def select_current(
    measurements: Iterable[Measurement], sections: Mapping[str, tuple[str, str]]
) -> list[Measurement]:
    """Return the measurements that hold for engines as they are set now.

    Args:
        measurements: The measurements of a machine.
        sections: The plugin of each section, and the device on which its engine runs. An engine
            without a section has run where it would run again.
    """
    return [
        one
        for one in measurements
        if sections.get(one.engine, (one.plugin, one.device)) == (one.plugin, one.device)
    ]


def measured_speeds(measurements: Iterable[Measurement]) -> dict[tuple[str, str], float]:
    """Return seconds of sound in a second of work, by section and model."""
    return {(one.engine, one.model): one.speed for one in measurements}


def _key(machine: str, one: Measurement) -> str:
    return f"{BENCHMARK_KEY}{machine}:{one.engine}:{one.plugin}/{one.model}@{one.device}"
