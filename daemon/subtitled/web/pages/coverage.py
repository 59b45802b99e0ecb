"""The page of which subtitles are there and which are missing, as bars and as a table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.answers.coverage import (
    LanguageCoverage,
    LibraryCoverage,
    count_coverage,
    count_present,
)
from subtitled.db.presence import SubtitleOrigin

from ..i18n import mark_text as _
from ..refusals import RefusedError
from . import labels
from .listing import UNEXAMINED
from .services import SiteServices, is_visible, visible_libraries
from .site import render
from .slow_pages import OneAtATime

BAR_WIDTH = 1000.0
"""The width of a bar in its own units, which the page scales."""


@dataclass(frozen=True, slots=True)
class BarPart:
    """A part of a bar."""

    status: str
    x: float
    width: float


class CoveragePage:
    """The page of the coverage."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services
        self._one_at_a_time = OneAtATime()

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/coverage", self.show, methods=["GET"]),
            Route("/coverage/origins", self.show_origins, methods=["GET"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the page."""
        services = self._services
        answer = count_coverage(services.configuration.settings, services.db)
        return render(
            request,
            "coverage",
            labels=labels,
            libraries=[one for one in answer.libraries if is_visible(request, one.library)],
            bar_parts=bar_parts,
            bar_width=BAR_WIDTH,
            unexamined=UNEXAMINED,
        )

    async def show_origins(self, request: Request) -> Response:
        """Show whose the subtitles are that the files of a library have."""
        return await self._one_at_a_time.call(partial(self._show_origins, request))

    def _show_origins(self, request: Request) -> Response:
        library = request.query_params.get("library", "")
        if library not in visible_libraries(self._services, request):
            raise RefusedError(404, _("there is no such library"))
        return render(
            request,
            "origins",
            labels=labels,
            library=library,
            rows=count_present(self._services.db, library),
            origins=tuple(SubtitleOrigin),
        )


def bar_parts(library: LibraryCoverage, row: LanguageCoverage) -> list[BarPart]:
    """Return the parts of the bar of a language, which together are as wide as all files."""
    numbers = {
        "met": row.met,
        "nothing-to-write": row.nothing_to_write,
        "missing": row.missing,
        "impossible": row.impossible,
        "removed": row.removed,
        UNEXAMINED: library.unexamined,
    }
    total, x, parts = sum(numbers.values()), 0.0, []
    for status, number in numbers.items():
        if number:
            width = BAR_WIDTH * number / total
            parts.append(BarPart(status, round(x, 2), round(width, 2)))
            x += width
    return parts
