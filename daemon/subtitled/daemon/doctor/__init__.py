"""The doctor: checks for common mistakes on this machine, each with a hint."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.plugin import CheckResult

from ..workers import check_workers
from .capacity import check_capacity
from .components import (
    check_components,
    check_credentials,
    check_last_calls,
    check_models,
    check_phrases,
    check_plugins_loaded,
)
from .daemons import check_daemons
from .devices import check_devices
from .libraries import check_libraries, check_watching, describe_watching
from .machine import check_clock, check_ffmpeg, check_sensors, check_state_folder
from .state import check_state

__all__ = ["check_machine", "describe_watching"]


def check_machine(configuration: Configuration, path: Path | None) -> list[CheckResult]:
    """Run all checks, in the order in which a person would look."""
    state = resolve_state_dir(configuration.settings)
    return [
        CheckResult("configuration", True, str(path or "no file: the defaults")),
        *(
            CheckResult("configuration", True, f"warning: {warning}")
            for warning in configuration.warnings
        ),
        *check_ffmpeg(),
        *check_clock(configuration.settings.schedule, state),
        *check_sensors(configuration.settings.throttle),
        *check_state_folder(state),
        *check_state(configuration.settings, files=False),
        *check_daemons(state, configuration.settings.libraries),
        *check_workers(configuration),
        *check_libraries(configuration),
        *check_watching(configuration),
        *check_phrases(configuration),
        *check_plugins_loaded(configuration),
        *check_models(configuration),
        *check_devices(configuration),
        *check_capacity(configuration),
        *check_last_calls(configuration),
        *check_credentials(configuration),
        *check_components(configuration),
    ]
