"""What is known of each engine and model that this machine could use, with the source of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from subtitled.plugin import Language

from .machine import NO_AVX_FACTOR, Machine
from .measurements import Measurement

QUALITY_ORDER: Final = (
    "large-v3",
    "large-v3-turbo",
    "whisper-turbo",
    "parakeet-tdt-0.6b-v3",
    "medium",
    "qwen3-asr-0.6b",
    "canary-180m-flash",
    "small",
    "sense-voice",
    "base",
    "moonshine-base-en",
    "moonshine-tiny-en",
    "tiny.en",
    "zipformer-en",
)
"""Models by how few errors they make, the best first, as docs/admins/models.md tells it."""
QUALITY_SOURCE: Final = "the order of the models is by published figures"
_PER_CORE: Final = {
    ("whisper", "base"): 13.0,
    ("whispercpp", "base"): 4.0,
    ("sherpa", "moonshine-tiny-en"): 32.0,
}
"""Seconds of sound that one core of our server does in a second, by plugin and model
(docs/admins/engines.md)."""
BY_SIZE_UNCERTAINTY: Final = 1.5
"""By what factor a speed that follows from another model's may be too high."""
ELSEWHERE_UNCERTAINTY: Final = 4.0
"""By what factor a core here may be slower than one of our server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOption:
    """An engine and model that an installed plugin knows."""

    engine: str
    """The name of its section, or of the plugin."""
    plugin: str
    model: str
    size_bytes: int = 0
    memory_mb: int = 0
    """What it needs by its maker; 0 if that is not known."""
    languages: frozenset[Language] | None = None
    """None: any."""
    is_here: bool = True
    is_used: bool = False
    """Whether the configuration uses this engine with this model."""

    @property
    def family(self) -> str:
        """What models of one architecture have in common: their time grows with their size."""
        if self.plugin in ("whisper", "whispercpp"):
            return self.plugin
        return f"{self.plugin}/{self.model.partition('-')[0]}"

    @property
    def label(self) -> str:
        """What people call it: ``whisper base``."""
        return " ".join(filter(None, (self.engine, self.model)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An engine and model with its speed, memory and place in the order of quality."""

    known: KnownOption
    speed: float | None
    """Seconds of sound in a second of work; None if nothing says it."""
    speed_source: str
    uncertainty: float = 1.0
    """By what factor the speed may be too high; 1 if it was measured here."""
    memory_mb: float
    """What it needs; 0 if nothing says it."""
    memory_source: str
    rank: int | None
    """Its place in the order of quality, 0 is the best; None if nothing says it."""


def describe_options(
    known: Sequence[KnownOption],
    measurements: Sequence[Measurement],
    job_speeds: Mapping[tuple[str, str], tuple[float, int]],
    machine: Machine,
    threads: int,
) -> list[Option]:
    """Add to each engine and model what is known of it, the surest first.

    A speed is that of the jobs so far, else that of the benchmark, else that of a measured model of
    the same family by their sizes, else that of another machine by its cores.

    Args:
        known: The engines and models.
        measurements: What the benchmark measured here.
        job_speeds: By section and model: seconds of sound in a second of work, and the jobs.
        machine: This machine.
        threads: Threads that engines use here.
    """
    measured = {(one.engine, one.model): one for one in measurements}

    def sure_speed(one: KnownOption) -> tuple[float, str] | None:
        key = (one.engine, one.model)
        if key in job_speeds:
            speed, jobs = job_speeds[key]
            return speed, f"measured by {jobs} jobs"
        if key in measured:
            return measured[key].speed, _describe_measurement(measured[key])
        return None

    def find_speed(one: KnownOption) -> tuple[float | None, str, float]:
        if sure := sure_speed(one):
            return *sure, 1.0
        for other in known:
            base = sure_speed(other)
            if base and other.family == one.family and other.size_bytes and one.size_bytes:
                factor = one.size_bytes / other.size_bytes
                source = f"estimated from {other.model} by size: {factor:.3g} times the work"
                return base[0] / factor, source, BY_SIZE_UNCERTAINTY
        return *_speed_of_other_machine(one, known, machine, threads), ELSEWHERE_UNCERTAINTY

    options = []
    for one in known:
        speed, source, uncertainty = find_speed(one)
        measurement = measured.get((one.engine, one.model))
        memory, memory_source = _find_memory(one, measurement)
        options.append(
            Option(
                known=one,
                speed=speed,
                speed_source=source,
                uncertainty=uncertainty,
                memory_mb=memory,
                memory_source=memory_source,
                rank=QUALITY_ORDER.index(one.model) if one.model in QUALITY_ORDER else None,
            )
        )
    return options


def _speed_of_other_machine(
    one: KnownOption, known: Sequence[KnownOption], machine: Machine, threads: int
) -> tuple[float | None, str]:
    """Estimate a speed by that of our server, which says little about another processor."""
    cores = min(float(threads), machine.cpu_limit or threads)
    for other in (one, *known):
        per_core = _PER_CORE.get((other.plugin, other.model))
        if per_core is None or other.family != one.family:
            continue
        factor = 1.0
        source = f"measured on a server of ours, {per_core:g} s a core, times {cores:g}"
        if other is not one:
            if not (one.size_bytes and other.size_bytes):
                continue
            factor = one.size_bytes / other.size_bytes
            source += f"; from {other.model} by size: {factor:.3g} times the work"
        if machine.lacks_avx:
            factor *= NO_AVX_FACTOR
            source += f"; without AVX {NO_AVX_FACTOR:g} times the work"
        return per_core * cores / factor, source
    return None, "not known: nothing like it was measured"


def _describe_measurement(measurement: Measurement) -> str:
    if not measurement.is_disturbed:
        return "measured by benchmark"
    share = f"{measurement.busy_share:.0%}"
    return f"measured by benchmark while other programs used {share} of the processor"


def _find_memory(one: KnownOption, measurement: Measurement | None) -> tuple[float, str]:
    if measurement is not None and measurement.peak_memory_mb:
        return measurement.peak_memory_mb, "measured by benchmark"
    if one.memory_mb:
        return one.memory_mb, "stated by the plugin"
    if one.size_bytes:
        return one.size_bytes / 1e6, "at least the size of its files"
    return 0.0, "not known"
