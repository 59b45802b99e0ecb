"""The key ``device`` of ``[engines.NAME]``, which the core reads and every engine may use."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from subtitled.plugin import EngineCapabilities, Settings

from .errors import ConfigIssue, find_line, format_key

AUTO_DEVICE = "auto"
"""The engine chooses by itself."""
DEVICE_DESCRIPTION = (
    "Where the engine runs: auto, cpu, cuda, cuda:1, vulkan ..., as far as its plugin can."
)
_DEVICE = re.compile(r"[a-z][a-z0-9_-]{0,31}(:[0-9]{1,3})?")


def split_device(
    kind: str, options: Mapping[str, Any], model: type[Settings]
) -> tuple[object, dict[str, Any]]:
    """Take the device out of a section.

    Args:
        kind: The section, such as ``engines``. Only engines have a device.
        options: Its keys.
        model: The settings class of the plugin. If it has a field ``device`` of its own, it gets
            the value too.

    Returns:
        The device, which may be no text, and the keys that the plugin validates.
    """
    rest = dict(options)
    if kind != "engines":
        return AUTO_DEVICE, rest
    device = rest.get("device", AUTO_DEVICE)
    if "device" not in model.model_fields:
        rest.pop("device", None)
    return device, rest


def find_device_issue(
    device: object,
    capabilities: EngineCapabilities,
    model: type[Settings],
    section: tuple[str, ...],
    text: str,
) -> ConfigIssue | None:
    """Return what is wrong with a device, for an engine with these capabilities.

    Args:
        device: The value of the key.
        capabilities: What the engine states.
        model: The settings class of its plugin. A field ``device`` of its own was validated by it.
        section: The key of the section, such as ``("engines", "mine")``.
        text: The file, in which the line is looked up.
    """
    if "device" in model.model_fields and not capabilities.devices:
        return None
    key = (*section, "device")
    offered = ", ".join((AUTO_DEVICE, *capabilities.devices))
    if not isinstance(device, str) or not _DEVICE.fullmatch(device):
        message, hint = "no device", f"Write one of: {offered}; or with a number, such as cuda:1"
    elif device == AUTO_DEVICE or device.partition(":")[0] in capabilities.devices:
        return None
    elif capabilities.devices:
        message, hint = f"the engine does not run on {device!r}", f"Write one of: {offered}"
    else:
        message, hint = "the engine cannot be told where to run", "Delete this line"
    return ConfigIssue(format_key(key), message, hint, find_line(text, key))
