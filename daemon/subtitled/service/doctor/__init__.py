"""What is wrong with this machine: each usual mistake looked for, each with its cure."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.places import state_dir
from subtitled.plugin import Finding

from ..crew import differences
from .care import care
from .daemons import daemons
from .libraries import libraries, watched, watching
from .machine import clock, ffmpeg, senses, state_folder
from .parts import broken, components, credentials, models, phrases

__all__ = ["examine_machine", "watched"]


def examine_machine(configuration: Configuration, path: Path | None) -> list[Finding]:
    """All findings, in the order in which one would look."""
    state = state_dir(configuration.settings)
    return [
        Finding("configuration", True, str(path or "no file: the defaults")),
        *(Finding("configuration", True, f"warning: {said}") for said in configuration.warnings),
        *ffmpeg(),
        *clock(configuration.settings.schedule, state),
        *senses(configuration.settings.neighbour),
        *state_folder(state),
        *care(configuration.settings, files=False),
        *daemons(state, configuration.settings.libraries),
        *differences(configuration),
        *libraries(configuration),
        *watching(configuration),
        *phrases(configuration),
        *broken(configuration),
        *models(configuration),
        *credentials(configuration),
        *components(configuration),
    ]
