"""The devices of this machine on which engines can run, as far as the system tells of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

CPU = "cpu"
_VENDORS = {"0x8086": "Intel", "0x1002": "AMD", "0x10de": "NVIDIA"}
_GRAPHICS = ("vulkan", "openvino")
"""Kinds of devices that reach any graphics card by its render node."""
_MODEL = re.compile(r"^Model:\s*(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Device:
    """A device that engines may use."""

    kind: str
    """``cpu``, ``cuda`` or ``gpu``: a graphics card with a render node, for Vulkan and the like."""
    number: int
    name: str
    """What it is called."""

    def __str__(self) -> str:
        return f"{self.kind}:{self.number} ({self.name})" if self.kind != CPU else CPU


def list_devices(root: Path = Path("/")) -> list[Device]:
    """List the devices that the system shows: files of drivers, no library is loaded.

    A library may still refuse one, for example without the CUDA libraries of its version.

    Args:
        root: Where the system is; other than ``/`` in tests.
    """
    found = [Device(CPU, 0, CPU)]
    cards = sorted(root.glob("proc/driver/nvidia/gpus/*/information"))
    nodes = sorted(root.glob("dev/nvidia[0-9]*"))
    for number in range(max(len(cards), len(nodes))):
        name = _MODEL.search(_read(cards[number])) if number < len(cards) else None
        found.append(Device("cuda", number, name[1] if name else "NVIDIA"))
    for number, node in enumerate(sorted(root.glob("dev/dri/renderD*"))):
        vendor = _read(root / "sys/class/drm" / node.name / "device/vendor").strip()
        found.append(Device("gpu", number, _VENDORS.get(vendor, "graphics card")))
    return found


def choose_slot(device: str, offered: Collection[str], seen: Collection[Device]) -> str:
    """Return the device on which an engine counts as loaded.

    Args:
        device: The device of its section. ``auto`` counts as the best that is there.
        offered: The kinds of devices that the engine states.
        seen: The devices of this machine.
    """
    kind, _, number = device.partition(":")
    if device == "auto":
        kind = next((k for k in offered if k != CPU and is_seen(k, seen)), CPU)
    return CPU if kind == CPU else f"{'gpu' if kind in _GRAPHICS else kind}:{number or 0}"


def is_seen(device: str, seen: Collection[Device]) -> bool:
    """Return whether a device is there. One of a kind that is unknown here counts as there."""
    kind, _, number = device.partition(":")
    kind = "gpu" if kind in _GRAPHICS else kind
    if kind not in ("cuda", "gpu"):
        return True
    return (kind, int(number or 0)) in {(one.kind, one.number) for one in seen}


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""
