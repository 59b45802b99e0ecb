"""Throttle rules about the machine: load, temperature, memory and power.

The sensors are read in a thread of their own: a sensor, or the program that asks a UPS, may hang.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from subtitled.config.daemon_settings import ThrottleSettings
from subtitled.jobs.throttle_state import Throttle
from subtitled.polling import PollingWorker

from . import sensors
from .sensors import OwnLoad

_log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
"""Seconds between two readings of the sensors, while there is work."""
TEMPERATURE_HYSTERESIS = 5.0
"""Degrees below the limit at which work resumes."""
LOAD_HYSTERESIS = 0.8
"""Share of a limit below which a value must fall before work resumes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensorReadings:
    """Values of the sensors that the rules need; None where a sensor has no value."""

    others_load: float | None = None
    """Load average without our own processes."""
    temperature: float | None = None
    """Degrees Celsius of the hottest sensor."""
    available_mb: int | None = None
    memory_pressure: float | None = None
    """Percentage of the last 10 seconds in which some process waited for memory."""
    is_on_battery: bool = False
    ups_status: str | None = None
    """Status words of the UPS, such as ``OB LB``."""


def evaluate_rules(
    settings: ThrottleSettings, readings: SensorReadings, previous: Mapping[str, object]
) -> dict[str, Throttle]:
    """Return the throttles that the rules demand, by rule.

    A throttle that was active (``previous``) stays until the value is clearly better, so that work
    does not stop and start all the time.
    """
    throttles = dict[str, Throttle]()

    def is_over(rule: str, value: float | None, limit: float, release_limit: float) -> bool:
        current_limit = release_limit if rule in previous else limit
        return bool(limit) and value is not None and value > current_limit

    if is_over(
        "load", readings.others_load, settings.max_load, settings.max_load * LOAD_HYSTERESIS
    ):
        throttles["load"] = Throttle(
            f"the load by other processes is {readings.others_load:.1f}, "
            f"more than {settings.max_load:g}"
        )
    if is_over(
        "temperature",
        readings.temperature,
        settings.max_temperature,
        settings.max_temperature - TEMPERATURE_HYSTERESIS,
    ):
        throttles["temperature"] = Throttle(
            f"the temperature is {readings.temperature:.0f} °C, "
            f"and the limit is {settings.max_temperature:g}"
        )
    # An engine that is suspended keeps its memory. One that is idle for long is unloaded.
    min_free_mb = (
        settings.min_free_memory_mb / LOAD_HYSTERESIS
        if "memory" in previous
        else settings.min_free_memory_mb
    )
    if min_free_mb and readings.available_mb is not None and readings.available_mb < min_free_mb:
        throttles["memory"] = Throttle(
            f"{readings.available_mb} MB of memory are available, less than {min_free_mb:.0f}",
            is_immediate=False,
        )
    limit = settings.max_memory_pressure
    if is_over("pressure", readings.memory_pressure, limit, limit * LOAD_HYSTERESIS):
        throttles["pressure"] = Throttle(
            f"processes wait for memory {readings.memory_pressure:.0f} % of the time",
            is_immediate=False,
        )
    if settings.pause_on_battery and readings.is_on_battery:
        throttles["battery"] = Throttle("the machine runs on its battery")
    if settings.ups and readings.ups_status is not None and "OB" in readings.ups_status.split():
        throttles["ups"] = Throttle(f"the UPS {settings.ups} runs on its battery")
    return throttles


def read_sensors(
    settings: ThrottleSettings, others_load: Callable[[], float | None]
) -> SensorReadings:
    """Read the sensors that the active rules need."""
    return SensorReadings(
        others_load=others_load() if settings.max_load else None,
        temperature=sensors.max_temperature() if settings.max_temperature else None,
        available_mb=sensors.available_memory_mb() if settings.min_free_memory_mb else None,
        memory_pressure=sensors.memory_pressure() if settings.max_memory_pressure else None,
        is_on_battery=settings.pause_on_battery and sensors.is_on_battery(),
        ups_status=sensors.ups_status(settings.ups) if settings.ups else None,
    )


def unsupported(settings: ThrottleSettings, readings: SensorReadings) -> Iterator[str]:
    """Yield the keys of active rules whose sensor this machine does not have."""
    for key, value in (
        ("max_load", readings.others_load),
        ("max_temperature", readings.temperature),
        ("min_free_memory_mb", readings.available_mb),
        ("max_memory_pressure", readings.memory_pressure),
        ("ups", readings.ups_status),
    ):
        if getattr(settings, key) and value is None:
            yield key


class ResourceMonitor(PollingWorker):
    """A thread that reads the sensors while that is wanted and updates :attr:`throttles`."""

    def __init__(
        self,
        settings: ThrottleSettings,
        processes: Callable[[], Iterable[int]],
        is_wanted: Callable[[], bool],
    ) -> None:
        super().__init__("resource monitor")
        self._settings = settings
        self._processes = processes
        self._is_wanted = is_wanted
        self._own_load = OwnLoad()
        self._reported_unsupported = set[str]()
        self.throttles: dict[str, Throttle] = {}
        self.last_reading_at = 0.0
        """When the sensors were last read, by the monotonic clock."""

    def tick(self) -> float:
        """Read the sensors if that is wanted and due."""
        if self._is_wanted() and time.monotonic() - self.last_reading_at >= POLL_SECONDS:
            try:
                self.throttles = evaluate_rules(self._settings, self._read(), self.throttles)
            except Exception:  # noqa: BLE001 - logged
                _log.exception("the sensors cannot be read")
            self.last_reading_at = time.monotonic()
        return 0.5

    def _read(self) -> SensorReadings:
        readings = read_sensors(self._settings, self._others_load)
        for key in set(unsupported(self._settings, readings)) - self._reported_unsupported:
            self._reported_unsupported.add(key)
            _log.warning(
                "throttle.%s: not supported on this machine; the rule is ignored "
                "(`subtitled doctor` says more)",
                key,
            )
        return readings

    def _others_load(self) -> float | None:
        cpu_seconds = {process: sensors.processor_seconds(process) for process in self._processes()}
        own = self._own_load.update(time.monotonic(), cpu_seconds)
        load = sensors.load_average()
        return max(0.0, load - own) if load is not None else None
