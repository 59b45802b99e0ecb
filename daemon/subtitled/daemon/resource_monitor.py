"""The rules about the machine itself: which of them has work wait, by what the sensors say.

They are asked in a thread of their own: a sensor, or the program that asks a UPS, may hang.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from subtitled.config.daemon_settings import ThrottleSettings
from subtitled.jobs.throttle_state import Throttle

from . import sensors
from .sensors import OwnLoad

_log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
"""Seconds between two looks at the sensors, while there is work."""
TEMPERATURE_HYSTERESIS = 5.0
"""Degrees by which it must be cooler before work goes on."""
LOAD_HYSTERESIS = 0.8
"""Share of a limit below which something must fall before work goes on."""


@dataclass(frozen=True, slots=True)
class SensorReadings:
    """What was read, of what is asked for; None where a sensor does not say."""

    others_load: float | None = None
    temperature: float | None = None
    available_mb: int | None = None
    memory_pressure: float | None = None
    is_on_battery: bool = False
    ups_status: str | None = None


def evaluate_rules(
    settings: ThrottleSettings, readings_now: SensorReadings, previous: Mapping[str, object]
) -> dict[str, Throttle]:
    """The halts that the rules ask for, by rule. One that was in force (``before``) stays until
    things are clearly better, lest work goes on and off."""
    throttles = dict[str, Throttle]()

    def is_over(rule: str, value: float | None, limit: float, better: float) -> bool:
        held = better if rule in previous else limit
        return bool(limit) and value is not None and value > held

    if is_over(
        "load", readings_now.others_load, settings.max_load, settings.max_load * LOAD_HYSTERESIS
    ):
        reason = f"others load the machine with {readings_now.others_load:.1f}, more than {settings.max_load:g}"
        throttles["load"] = Throttle(reason)
    if is_over(
        "temperature",
        readings_now.temperature,
        settings.max_temperature,
        settings.max_temperature - TEMPERATURE_HYSTERESIS,
    ):
        reason = f"it is {readings_now.temperature:.0f} °C hot, and {settings.max_temperature:g} is the limit"
        throttles["temperature"] = Throttle(reason)
    # An engine that is stopped keeps its memory; one that waits for long gives it back.
    least = (
        settings.min_free_memory_mb / LOAD_HYSTERESIS
        if "memory" in previous
        else settings.min_free_memory_mb
    )
    if least and readings_now.available_mb is not None and readings_now.available_mb < least:
        reason = f"{readings_now.available_mb} MB of memory are available, fewer than {least:.0f}"
        throttles["memory"] = Throttle(reason, is_immediate=False)
    limit = settings.max_memory_pressure
    if is_over("pressure", readings_now.memory_pressure, limit, limit * LOAD_HYSTERESIS):
        reason = f"processes wait for memory {readings_now.memory_pressure:.0f} % of the time"
        throttles["pressure"] = Throttle(reason, is_immediate=False)
    if settings.pause_on_battery and readings_now.is_on_battery:
        throttles["battery"] = Throttle("the machine runs on its battery")
    if (
        settings.ups
        and readings_now.ups_status is not None
        and "OB" in readings_now.ups_status.split()
    ):
        throttles["ups"] = Throttle(f"the UPS {settings.ups} runs on its battery")
    return throttles


def read_sensors(
    settings: ThrottleSettings, others_load: Callable[[], float | None]
) -> SensorReadings:
    """What the sensors that the rules ask for say now."""
    return SensorReadings(
        others_load=others_load() if settings.max_load else None,
        temperature=sensors.max_temperature() if settings.max_temperature else None,
        available_mb=sensors.available_memory_mb() if settings.min_free_memory_mb else None,
        memory_pressure=sensors.memory_pressure() if settings.max_memory_pressure else None,
        is_on_battery=settings.pause_on_battery and sensors.is_on_battery(),
        ups_status=sensors.ups_status(settings.ups) if settings.ups else None,
    )


def unsupported(settings: ThrottleSettings, readings_now: SensorReadings) -> Iterator[str]:
    """The rules that are set and of which this machine does not say what they ask for."""
    for key, value in (
        ("max_load", readings_now.others_load),
        ("max_temperature", readings_now.temperature),
        ("min_free_memory_mb", readings_now.available_mb),
        ("max_memory_pressure", readings_now.memory_pressure),
        ("ups", readings_now.ups_status),
    ):
        if getattr(settings, key) and value is None:
            yield key


class ResourceMonitor(threading.Thread):
    """Looks at the sensors while it is wanted; :attr:`throttles` is what they lead to."""

    def __init__(
        self,
        settings: ThrottleSettings,
        processes: Callable[[], Iterable[int]],
        is_wanted: Callable[[], bool],
    ) -> None:
        super().__init__(name="senses", daemon=True)
        self._settings = settings
        self._processes = processes
        self._is_wanted = is_wanted
        self._own_load = OwnLoad()
        self._stopping = threading.Event()
        self._reported_unsupported = set[str]()
        self.throttles: dict[str, Throttle] = {}
        self.first_reading_event = 0.0
        """When last, by the monotonic clock."""

    def request_stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.wait(0.5):
            if self._is_wanted() and time.monotonic() - self.first_reading_event >= POLL_SECONDS:
                try:
                    self.throttles = evaluate_rules(self._settings, self._read(), self.throttles)
                except Exception:  # noqa: BLE001 - logged
                    _log.exception("the sensors cannot be read")
                self.first_reading_event = time.monotonic()

    def _read(self) -> SensorReadings:
        read = read_sensors(self._settings, self._others_load)
        for key in set(unsupported(self._settings, read)) - self._reported_unsupported:
            self._reported_unsupported.add(key)
            _log.warning(
                "neighbour.%s: this machine does not say, so it is not minded; "
                "`subtitled doctor` knows more",
                key,
            )
        return read

    def _others_load(self) -> float | None:
        taken = {process: sensors.processor_seconds(process) for process in self._processes()}
        own = self._own_load.update(time.monotonic(), taken)
        load = sensors.load_average()
        return max(0.0, load - own) if load is not None else None
