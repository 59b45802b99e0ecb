"""The rules about the machine itself: which of them has work wait, by what the sensors say.

They are asked in a thread of their own: a sensor, or the program that asks a UPS, may hang.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from subtitled.config.neighbour import NeighbourSettings
from subtitled.jobs.halts import Halt

from . import sensors
from .sensors import OwnLoad

_log = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks at the sensors, while there is work."""
COOLER = 5.0
"""Degrees by which it must be cooler before work goes on."""
EASIER = 0.8
"""Share of a limit below which something must fall before work goes on."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read, of what is asked for; None where a sensor does not say."""

    others_load: float | None = None
    temperature: float | None = None
    available: int | None = None
    pressure: float | None = None
    on_battery: bool = False
    ups: str | None = None


def judged(
    settings: NeighbourSettings, read: Readings, before: Mapping[str, object]
) -> dict[str, Halt]:
    """The halts that the rules ask for, by rule. One that was in force (``before``) stays until
    things are clearly better, lest work goes on and off."""
    found = dict[str, Halt]()

    def over(rule: str, value: float | None, limit: float, better: float) -> bool:
        held = better if rule in before else limit
        return bool(limit) and value is not None and value > held

    if over("load", read.others_load, settings.load, settings.load * EASIER):
        why = f"others load the machine with {read.others_load:.1f}, more than {settings.load:g}"
        found["load"] = Halt(why)
    if over("temperature", read.temperature, settings.temperature, settings.temperature - COOLER):
        why = f"it is {read.temperature:.0f} °C hot, and {settings.temperature:g} is the limit"
        found["temperature"] = Halt(why)
    # An engine that is stopped keeps its memory; one that waits for long gives it back.
    least = settings.free_memory / EASIER if "memory" in before else settings.free_memory
    if least and read.available is not None and read.available < least:
        why = f"{read.available} MB of memory are available, fewer than {least:.0f}"
        found["memory"] = Halt(why, at_once=False)
    limit = settings.memory_pressure
    if over("pressure", read.pressure, limit, limit * EASIER):
        why = f"processes wait for memory {read.pressure:.0f} % of the time"
        found["pressure"] = Halt(why, at_once=False)
    if settings.on_battery and read.on_battery:
        found["battery"] = Halt("the machine runs on its battery")
    if settings.ups and read.ups is not None and "OB" in read.ups.split():
        found["ups"] = Halt(f"the UPS {settings.ups} runs on its battery")
    return found


def readings(settings: NeighbourSettings, others_load: Callable[[], float | None]) -> Readings:
    """What the sensors that the rules ask for say now."""
    return Readings(
        others_load=others_load() if settings.load else None,
        temperature=sensors.hottest() if settings.temperature else None,
        available=sensors.available_megabytes() if settings.free_memory else None,
        pressure=sensors.memory_pressure() if settings.memory_pressure else None,
        on_battery=settings.on_battery and sensors.on_battery(),
        ups=sensors.ups_status(settings.ups) if settings.ups else None,
    )


def mute(settings: NeighbourSettings, read: Readings) -> Iterator[str]:
    """The rules that are set and of which this machine does not say what they ask for."""
    for key, value in (
        ("load", read.others_load),
        ("temperature", read.temperature),
        ("free_memory", read.available),
        ("memory_pressure", read.pressure),
        ("ups", read.ups),
    ):
        if getattr(settings, key) and value is None:
            yield key


class Senses(threading.Thread):
    """Looks at the sensors while it is wanted; :attr:`halts` is what they lead to."""

    def __init__(
        self,
        settings: NeighbourSettings,
        processes: Callable[[], Iterable[int]],
        wanted: Callable[[], bool],
    ) -> None:
        super().__init__(name="senses", daemon=True)
        self._settings = settings
        self._processes = processes
        self._wanted = wanted
        self._own = OwnLoad()
        self._ending = threading.Event()
        self._mute = set[str]()
        self.halts: dict[str, Halt] = {}
        self.looked = 0.0
        """When last, by the monotonic clock."""

    def end(self) -> None:
        self._ending.set()

    def run(self) -> None:
        while not self._ending.wait(0.5):
            if self._wanted() and time.monotonic() - self.looked >= LOOK:
                try:
                    self.halts = judged(self._settings, self._read(), self.halts)
                except Exception:  # noqa: BLE001 - logged
                    _log.exception("the sensors cannot be read")
                self.looked = time.monotonic()

    def _read(self) -> Readings:
        read = readings(self._settings, self._others)
        for key in set(mute(self._settings, read)) - self._mute:
            self._mute.add(key)
            _log.warning(
                "neighbour.%s: this machine does not say, so it is not minded; "
                "`subtitled doctor` knows more",
                key,
            )
        return read

    def _others(self) -> float | None:
        taken = {process: sensors.processor_seconds(process) for process in self._processes()}
        own = self._own.measured(time.monotonic(), taken)
        load = sensors.load_average()
        return max(0.0, load - own) if load is not None else None
