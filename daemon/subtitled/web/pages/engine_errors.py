"""The page of the errors that each engine makes on the approved subtitles, for admins."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.plugin import Language

from ..i18n import mark_text as _
from ..refusals import RefusedError
from .services import SiteServices
from .site import render


class EngineErrorsPage:
    """The page of the errors of engines. They are counted when somebody asks for it."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/engine-errors", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the form, and what was asked for."""
        fields = request.query_params
        libraries = list(self._services.configuration.settings.libraries)
        library = fields.get("library", "")
        library = library if library in libraries else ""
        code = fields.get("language", "").strip()[:40]
        try:
            language = Language.parse(code) if code else None
        except ValueError:
            raise RefusedError(400, _("“%(code)s” is no language"), code=code) from None
        is_asked = fields.get("count") == "yes"
        return render(
            request,
            "engine_errors",
            libraries=libraries,
            library=library,
            code=code,
            answer=self._count(library or None, language) if is_asked else None,
        )

    def _count(self, library: str | None, language: Language | None) -> dict[str, Any]:
        # Imported here: numpy and jiwer load slowly, and no other page needs them.
        from subtitled.daemon.answers.approved_evaluation import (
            EvaluationBusyError,
            evaluate_alone,
        )
        from subtitled.daemon.answers.engine_conclusions import describe_evaluation

        services = self._services
        try:
            answer = evaluate_alone(
                services.configuration, services.db, library=library, language=language
            )
        except EvaluationBusyError:
            raise RefusedError(
                503, _("the engines are compared for somebody else. Ask again in a minute")
            ) from None
        return describe_evaluation(answer)
