"""Checks of the devices on which engines run."""

from __future__ import annotations

from collections.abc import Iterator

from subtitled.config.engine_device import AUTO_DEVICE
from subtitled.config.load import Configuration
from subtitled.engines.devices import is_seen, list_devices
from subtitled.plugin import CheckResult


def check_devices(configuration: Configuration) -> Iterator[CheckResult]:
    """Say which devices are there, and check those that engines are told to use."""
    seen = list_devices()
    yield CheckResult("devices", True, ", ".join(map(str, seen)))
    for name, configured in configuration.engines.items():
        if configured.device == AUTO_DEVICE:
            continue
        if is_seen(configured.device, seen):
            yield CheckResult(f"device of engine {name}", True, configured.device)
            continue
        yield CheckResult(
            f"device of engine {name}",
            False,
            f"{configured.device} is not there",
            "Install the driver; in a container, hand the device over (--gpus all, or --device "
            f'/dev/dri); or set engines.{name}.device = "auto"',
        )
