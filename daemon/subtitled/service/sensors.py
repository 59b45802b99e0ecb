"""What the machine says of itself: load, heat, memory, power. None stands for: it does not say.

A sandbox may hide any of it (``ProcSubset=pid`` hides memory and load), a container has no sensors.
"""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

PROC = Path("/proc")
SYS = Path("/sys")
UPSC_LIMIT = 5.0
"""Seconds that ``upsc`` may take."""
LOAD_AVERAGE = 60.0
"""Seconds over which the kernel averages its first load figure, with exponential decay."""


def load_average(proc: Path = PROC) -> float | None:
    """Running processes, averaged over the last minute."""
    try:
        return float((proc / "loadavg").read_text("ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return None


def processor_seconds(process: int, proc: Path = PROC) -> float:
    """Seconds of processor time that a process has taken; 0 of one that is gone."""
    try:
        # The name of the program is in brackets, and may hold any character.
        fields = (proc / str(process) / "stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def children(process: int, proc: Path = PROC) -> list[int]:
    """What a process started and still runs; nothing where it cannot be seen."""
    found: list[int] = []
    for file in proc.glob(f"{process}/task/*/children"):
        with contextlib.suppress(OSError, ValueError):
            found += map(int, file.read_text("ascii").split())
    return found


class OwnLoad:
    """What we ourselves load the machine with, averaged as the kernel does it."""

    def __init__(self) -> None:
        self._last: tuple[float, dict[int, float]] | None = None
        self._average = 0.0

    def measured(self, now: float, taken: Mapping[int, float]) -> float:
        """Take in the processor seconds of each of our processes so far; the average now."""
        last, self._last = self._last, (now, dict(taken))
        if last is None or now <= last[0]:
            return self._average
        passed = now - last[0]
        # Of a process that is new, all that it took lies within the time that passed.
        running = sum(max(0.0, cpu - last[1].get(pid, 0.0)) for pid, cpu in taken.items()) / passed
        decay = math.exp(-passed / LOAD_AVERAGE)
        self._average = self._average * decay + running * (1 - decay)
        return self._average


def hottest(sys: Path = SYS) -> float | None:
    """Degrees Celsius of the hottest sensor. Values that none can have are left out."""
    found = []
    for pattern in ("class/thermal/thermal_zone*/temp", "class/hwmon/hwmon*/temp*_input"):
        for file in sys.glob(pattern):
            try:
                degrees = int(file.read_text("ascii")) / 1000
            except (OSError, ValueError):
                continue
            if 0 < degrees < 150:
                found.append(degrees)
    return max(found, default=None)


def available_megabytes(proc: Path = PROC) -> int | None:
    """Memory that programs may still take without others being put out to swap."""
    try:
        for line in (proc / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) // 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def memory_pressure(proc: Path = PROC) -> float | None:
    """Per cent of the last 10 seconds in which some process waited for memory."""
    try:
        for line in (proc / "pressure" / "memory").read_text("ascii").splitlines():
            if line.startswith("some"):
                return float(line.split()[1].removeprefix("avg10="))
    except (OSError, ValueError, IndexError):
        pass
    return None


def on_battery(sys: Path = SYS) -> bool:
    """Whether a battery of the machine itself is being emptied, and no mains is there."""
    discharging = False
    for supply in sys.glob("class/power_supply/*"):
        kind = _said(supply / "type")
        if kind in ("Mains", "USB") and _said(supply / "online") == "1":
            return False
        # Those of mice and headphones are of scope Device.
        if kind in ("Battery", "UPS") and _said(supply / "scope") != "Device":
            discharging = discharging or _said(supply / "status") == "Discharging"
    return discharging


def _said(file: Path) -> str:
    try:
        return file.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def ups_status(name: str) -> str | None:
    """What a UPS of Network UPS Tools says of itself, such as ``OL CHRG`` or ``OB LB``."""
    try:
        said = subprocess.run(
            ["upsc", name, "ups.status"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=UPSC_LIMIT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return said.stdout.decode("utf-8", "replace").strip() if said.returncode == 0 else None
