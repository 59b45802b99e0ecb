"""The pages of the settings in force, the mistakes in their file, and what a library would get."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.settings import SettingValue, describe_settings, render_toml
from subtitled.daemon.plan_runs import PlanRuns
from subtitled.plugin.paths import display_path

from ..i18n import mark_text as _
from ..refusals import RefusedError
from .services import SiteServices
from .site import read_form, redirect, render, text_field

MAX_ROWS = 100
"""How many files a plan lists. Its sums are about all of them."""
REFRESH_SECONDS = 2
"""After this time a browser asks again, with and without JavaScript, while a plan is made."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting."""

    key: str
    value: str | None
    """None if it has none."""
    is_set: bool
    """Whether the configuration file sets it; otherwise it is the default."""
    line: int | None
    """Its line there."""


class SettingsPage:
    """The page of the settings, and that of the plans."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._plans = PlanRuns(services.configuration, services.db)

    def routes(self) -> list[Route]:
        """Return the routes of the pages."""
        return [
            Route("/settings", self.show, methods=["GET"]),
            Route("/settings/toml", self.download, methods=["GET"]),
            Route("/settings/plan", self.show_plans, methods=["GET"]),
            Route("/settings/plan", self.start_plan, methods=["POST"]),
        ]

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
            toml=render_toml(answer),
        )

    def download(self, request: Request) -> Response:
        """Give the settings as a file."""
        content = render_toml(describe_settings(self._services.configuration))
        headers = {"Content-Disposition": 'attachment; filename="subtitled.toml"'}
        return Response(content.encode(), media_type="application/toml", headers=headers)

    def show_plans(self, request: Request) -> Response:
        """Show the last plan of each library."""
        names = list(self._services.configuration.settings.libraries)
        plans = {name: self._plans.last_of(name) for name in names}
        page = render(
            request,
            "plan",
            plans=plans,
            max_rows=MAX_ROWS,
            is_busy=request.query_params.get("busy") == "1",
        )
        if any(run is not None and not run.has_ended for run in plans.values()):
            page.headers["Refresh"] = f"{REFRESH_SECONDS}; url=plan"
        return page

    async def start_plan(self, request: Request) -> Response:
        """Have the plan of a library made."""
        name = text_field(await read_form(request), "library")
        if name not in self._services.configuration.settings.libraries:
            raise RefusedError(400, _("there is no such library"))
        has_started = await run_in_threadpool(self._plans.start, name)
        return redirect(request, "/settings/plan" if has_started else "/settings/plan?busy=1")


def group_by_section(values: Iterable[SettingValue]) -> dict[str, list[Setting]]:
    """Return the settings in force by their section."""
    sections: dict[str, list[Setting]] = {}
    for value in values:
        text = value.value
        is_text = text is None or (isinstance(text, str) and text != "")
        written = text if is_text else json.dumps(text, ensure_ascii=False)
        sections.setdefault(value.section or value.name, []).append(
            Setting(value.name, written, value.is_set, value.line)
        )
    return sections
