"""The page of the settings in force, where each comes from, and the mistakes in their file."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.settings import SettingValue, describe_settings
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
        answer = describe_settings(self._services.configuration)
        return render(
            request,
            "settings",
            file=display_path(answer.file) if answer.file else None,
            sections=group_by_section(answer.values),
            issues=answer.issues,
            warnings=answer.warnings,
            is_changed=answer.is_changed,
        )


def group_by_section(values: Iterable[SettingValue]) -> dict[str, list[Setting]]:
    """Return the settings in force by their section."""
    sections: dict[str, list[Setting]] = {}
    for value in values:
        text = value.value
        written = text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        sections.setdefault(value.section or value.name, []).append(
            Setting(value.name, written, value.line)
        )
    return sections
