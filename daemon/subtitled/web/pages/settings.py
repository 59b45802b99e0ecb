"""The page of the settings in force, where each comes from, and the mistakes in their file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.config.errors import find_line
from subtitled.config.load import (
    ConfigIssue,
    Configuration,
    ConfigurationError,
    find_missing_folders,
    load_config,
)
from subtitled.config.reference import dump_settings, settings_digest
from subtitled.plugin.paths import display_path

from .services import SiteServices
from .site import render


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    key: str
    value: str
    line: int | None
    """Its line in the configuration file; None for a default."""


class SettingsPage:
    """The page of the settings."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/settings", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the page. Secrets are shown as references only."""
        configuration = self._services.configuration
        issues, is_changed = check_file(configuration)
        return render(
            request,
            "settings",
            file=display_path(configuration.path) if configuration.path else None,
            sections=list_settings(configuration),
            issues=issues,
            unavailable=configuration.unavailable,
            warnings=configuration.warnings,
            is_changed=is_changed,
        )


def list_settings(configuration: Configuration) -> dict[str, list[Setting]]:
    """Return the settings in force by their section."""
    text = _read(configuration.path)
    sections: dict[str, list[Setting]] = {}
    for key, value in _flatten(dump_settings(configuration)):
        # A line counts only if it names the key itself, and not just the table around it.
        line = find_line(text, key)
        is_named = line is not None and line != find_line(text, key[:-1])
        section = ".".join(key[:-1])
        written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        sections.setdefault(section, []).append(
            Setting(key[-1], written, line if is_named else None)
        )
    return sections


def check_file(configuration: Configuration) -> tuple[list[ConfigIssue], bool]:
    """Return what is wrong in the file as it is now, and whether it differs from what is in force.

    A daemon goes on with its old settings when the new ones have mistakes.
    """
    try:
        now = load_config(configuration.path)
    except ConfigurationError as error:
        return list(error.issues), True
    is_changed = settings_digest(now) != settings_digest(configuration)
    return list(find_missing_folders(now)), is_changed


def _read(path: Path | None) -> str:
    try:
        return path.read_text("utf-8", "replace") if path is not None else ""
    except OSError:
        return ""


def _flatten(
    values: Mapping[str, Any], prefix: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the key and the value of each setting in nested tables."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, (*prefix, name))
        else:
            yield (*prefix, name), value
