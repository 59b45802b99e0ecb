"""Sensors of the machine: load, temperature, memory, power. None means that there is no value.

A sandbox may hide any of them (``ProcSubset=pid`` hides memory), and a container has no sensors.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Mapping
from pathlib import Path

import psutil

PROC = Path("/proc")
SYS = Path("/sys")
MEGABYTE = 1024 * 1024
UPSC_TIMEOUT_SECONDS = 5.0
"""Seconds that ``upsc`` may take."""
LOAD_AVERAGE_SECONDS = 60.0
"""Seconds over which the kernel averages its first load figure, with exponential decay."""


def load_average() -> float | None:
    """Return the number of running processes, averaged over the last minute."""
    try:
        return psutil.getloadavg()[0]
    except OSError:
        return None


def processor_seconds(process: int) -> float:
    """Return the CPU seconds that a process has used; 0 if it has ended."""
    try:
        times = psutil.Process(process).cpu_times()
    except (psutil.Error, OSError):
        return 0.0
    return times.user + times.system


def child_processes(process: int) -> list[int]:
    """Return the ids of a process's children; none where they are hidden."""
    try:
        # Process.children() needs the time of the boot, which a sandbox may hide.
        return [p.pid for p in psutil.process_iter(["ppid"]) if p.info["ppid"] == process]
    except (psutil.Error, OSError):
        return []


class OwnLoad:
    """The load by our own processes, averaged as the kernel does."""

    def __init__(self) -> None:
        self._last: tuple[float, dict[int, float]] | None = None
        self._average = 0.0

    def update(self, now: float, cpu_seconds: Mapping[int, float]) -> float:
        """Update with the CPU seconds of each of our processes so far, and return the average."""
        last, self._last = self._last, (now, dict(cpu_seconds))
        if last is None or now <= last[0]:
            return self._average
        passed = now - last[0]
        # A process that is new used all its CPU seconds since the last update.
        running = (
            sum(max(0.0, cpu - last[1].get(pid, 0.0)) for pid, cpu in cpu_seconds.items()) / passed
        )
        decay = math.exp(-passed / LOAD_AVERAGE_SECONDS)
        self._average = self._average * decay + running * (1 - decay)
        return self._average


def max_temperature() -> float | None:
    """Return the degrees Celsius of the hottest sensor. Impossible values are ignored."""
    try:
        sensors = psutil.sensors_temperatures()
    except (psutil.Error, OSError):
        return None
    temperatures = [sensor.current for group in sensors.values() for sensor in group]
    return max((degrees for degrees in temperatures if 0 < degrees < 150), default=None)


def available_memory_mb() -> int | None:
    """Return the memory that programs can still use without swapping."""
    try:
        return psutil.virtual_memory().available // MEGABYTE
    except (psutil.Error, OSError, LookupError, ValueError):
        return None


def memory_pressure(proc: Path = PROC) -> float | None:
    """Return the percentage of the last 10 seconds in which some process waited for memory."""
    try:
        for line in (proc / "pressure" / "memory").read_text("ascii").splitlines():
            if line.startswith("some"):
                return float(line.split()[1].removeprefix("avg10="))
    except (OSError, ValueError, IndexError):
        pass
    return None


def is_on_battery(sys: Path = SYS) -> bool:
    """Check whether a battery of the machine is being discharged and there is no mains power.

    psutil reads one battery only, which may be that of a mouse.
    """
    discharging = False
    for supply in sys.glob("class/power_supply/*"):
        kind = _read_text(supply / "type")
        if kind in ("Mains", "USB") and _read_text(supply / "online") == "1":
            return False
        # The batteries of mice and headphones have the scope Device.
        if kind in ("Battery", "UPS") and _read_text(supply / "scope") != "Device":
            discharging = discharging or _read_text(supply / "status") == "Discharging"
    return discharging


def _read_text(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def ups_status(name: str) -> str | None:
    """Return the status of a UPS by Network UPS Tools, such as ``OL CHRG`` or ``OB LB``."""
    try:
        result = subprocess.run(
            ["upsc", name, "ups.status"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=UPSC_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.decode("utf-8", "replace").strip() if result.returncode == 0 else None
