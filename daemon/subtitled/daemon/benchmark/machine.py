"""The parts of this machine that decide how fast engines are, and what limits them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from subtitled.engines.devices import CPU, list_devices

_MB = 1024 * 1024
NO_AVX_FACTOR = 3.2
"""How many times as long Whisper takes without AVX."""
_UNLIMITED = 1 << 60
"""From so many bytes on, a limit of an old control group means that there is none."""
_INSTRUCTIONS = (
    ("AVX", {"avx"}),
    ("AVX2", {"avx2"}),
    ("AVX-512", {"avx512f"}),
    ("VNNI", {"avx512_vnni", "avx_vnni"}),
    ("bf16", {"avx512_bf16", "amx_bf16", "bf16"}),
    ("AMX", {"amx_int8", "amx_tile"}),
    ("NEON", {"asimd", "neon"}),
    ("dot product", {"asimddp"}),
    ("i8mm", {"i8mm"}),
    ("SVE", {"sve"}),
)
"""Sets of instructions that speech models use, and the flags of Linux that stand for them."""
_CPUINFO = re.compile(r"^(model name|Model|flags|Features)\s*:\s*(.*?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What engines can use here."""

    processor: str
    cores: int
    """Cores that this process may use."""
    cpu_limit: float | None = None
    """Cores that a container or systemd leaves to it; None without a limit."""
    instructions: tuple[str, ...] = ()
    """Those of the sets that matter to speech models."""
    memory_mb: int
    available_mb: int
    """What processes may still take: of the machine, and of its limit."""
    memory_limit_mb: int | None = None
    """What a container or systemd allows; None without a limit."""
    graphics: tuple[str, ...] = ()
    """Graphics cards, as ``doctor`` names them."""

    @property
    def lacks_avx(self) -> bool:
        """Whether this is a processor of the PC kind without AVX."""
        return bool(self.instructions) and self.instructions == ("SSE only",)

    @property
    def usable_mb(self) -> int:
        """The memory that there would be if nothing else used any."""
        return min(self.memory_mb, self.memory_limit_mb or self.memory_mb)

    def identity(self, threads: int) -> str:
        """Return what says that measurements hold: they are of no use on another machine."""
        parts = (f"{self.processor}, {threads} threads", *self.graphics)
        limit = "" if self.cpu_limit is None else f"limited to {self.cpu_limit:g} cores"
        return ", ".join(filter(None, (*parts, limit)))


def read_machine(root: Path = Path("/")) -> Machine:
    """Read what this machine has.

    Args:
        root: Where the system is; other than ``/`` in tests.
    """
    processor, instructions = parse_cpuinfo(_read(root / "proc/cpuinfo"))
    board = _read(root / "proc/device-tree/model").strip("\0\n ")
    memory = psutil.virtual_memory()
    limit, left = _memory_limits(root)
    available = min(memory.available, memory.available if left is None else max(0, left))
    graphics = (str(one) for one in list_devices(root) if one.kind != CPU)
    return Machine(
        processor=processor or board or os.uname().machine,
        cores=len(os.sched_getaffinity(0)),
        cpu_limit=_cpu_limit(root),
        instructions=instructions,
        memory_mb=memory.total // _MB,
        available_mb=available // _MB,
        memory_limit_mb=None if limit is None or limit >= memory.total else limit // _MB,
        graphics=tuple(graphics),
    )


def describe_machine(machine: Machine) -> Iterator[str]:
    """Yield what a machine has, for people."""
    limit = f", limited to {machine.cpu_limit:g}" if machine.cpu_limit is not None else ""
    sets = ", ".join(machine.instructions) or "instructions not known"
    yield f"processor: {machine.processor}, {machine.cores} cores{limit}; {sets}"
    if machine.lacks_avx:
        yield f"Whisper takes {NO_AVX_FACTOR:g} times as long without AVX"
    limited = f", limited to {machine.memory_limit_mb} MB" if machine.memory_limit_mb else ""
    yield f"memory: {machine.memory_mb} MB, {machine.available_mb} MB free{limited}"
    yield f"graphics: {', '.join(machine.graphics) or 'none that engines can use'}"


def parse_cpuinfo(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the name of the processor and its sets of instructions, by ``/proc/cpuinfo``.

    A processor of the PC kind that has none of the sets has ``SSE only``.
    """
    name, flags, is_pc = "", set[str](), False
    for key, value in _CPUINFO.findall(text):
        if key in ("model name", "Model"):
            name = name or " ".join(value.split())
        else:
            flags |= set(value.split())
            is_pc = is_pc or key == "flags"
    found = tuple(label for label, names in _INSTRUCTIONS if names & flags)
    return name, found or (("SSE only",) if is_pc else ())


def _memory_limits(root: Path) -> tuple[int | None, int | None]:
    """Return the smallest limit of memory and the smallest rest, in bytes; None without a limit."""
    limits, rests = [], []
    for group in _own_groups(root, "memory"):
        limit = _read_number(group / "memory.max", group / "memory.limit_in_bytes")
        if limit is None or limit >= _UNLIMITED:
            continue
        limits.append(int(limit))
        used = _read_number(group / "memory.current", group / "memory.usage_in_bytes") or 0
        # What is only kept of files is given back when somebody needs it.
        rests.append(int(limit - used + _kept_of_files(group)))
    return min(limits, default=None), min(rests, default=None)


def _kept_of_files(group: Path) -> int:
    kept = re.findall(
        r"^(?:inactive_file|active_file) (\d+)$", _read(group / "memory.stat"), re.MULTILINE
    )
    return sum(map(int, kept))


def _cpu_limit(root: Path) -> float | None:
    """Return the cores that control groups leave; None without a limit."""
    limits = []
    for group in _own_groups(root, "cpu"):
        quota, _, period = _read(group / "cpu.max").strip().partition(" ")
        if not quota:
            quota = _read(group / "cpu.cfs_quota_us").strip()
            period = _read(group / "cpu.cfs_period_us").strip()
        if quota.isdecimal() and period.isdecimal() and int(period):
            limits.append(int(quota) / int(period))
    return min(limits, default=None)


def _own_groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folders of the control groups of this process, in both versions of them."""
    top = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        if number != "0" and controller not in controllers.split(","):
            continue
        base = top if number == "0" else top / controller
        group = base / name.lstrip("/")
        yield from (each for each in (group, *group.parents) if each.is_relative_to(base))


def _read_number(*files: Path) -> float | None:
    for file in files:
        text = _read(file).strip()
        if text.isdecimal():
            return float(text)
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
