"""The routes about what would be made, and what it would cost."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.answers.plan import PlanAnswer, find_media, plan_files
from subtitled.daemon.answers.plan_summary import PlanSummary, summarise_plan

from . import models
from .callers import Caller, caller_of
from .files import find_file
from .json_responses import answer_json
from .limits import PLANS
from .parameters import MAX_NUMBER, Input, Name
from .problems import ApiError
from .services import ApiServices

MAX_PLANNED = 200
"""Most files of one plan. Each is probed, and the answer has to come within a minute."""


class PlanSummaryQuery(Input):
    """Of which library."""

    library: Name | None = Field(None, description="One library; without it all of them.")


class PlanQuery(Input):
    """Which files, and how much is told of them."""

    file: Annotated[
        list[Annotated[int, Field(ge=1, le=MAX_NUMBER)]], Field(max_length=MAX_PLANNED)
    ] = Field([], description="Numbers of files; without any, those of the libraries on the disk.")
    library: Name | None = Field(None, description="One library, unless files are named.")
    summary: bool = Field(
        False, description="Only totals. Files that the daemon is done with are not probed again."
    )


def add_plan_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the routes."""

    @api.get(
        "/plan/summary",
        response_model=models.PlanSummaryModel,
        tags=["files"],
        summary="Count what is to be made",
    )
    def show_plan_summary(
        request: Request, query: Annotated[PlanSummaryQuery, Query()]
    ) -> Response:
        """Return what `subtitled plan --summary --json` says. No file is read."""
        caller = caller_of(request)
        summary = summarise_plan(services.configuration, services.db)

        def is_meant(library: str) -> bool:
            return caller.sees(library) and query.library in (None, library)

        visible = PlanSummary(
            tuple(one for one in summary.libraries if is_meant(one.library)),
            tuple(one for one in summary.wanted if is_meant(one.library)),
        )
        return answer_json(visible.to_dict())

    @api.get(
        "/plan",
        response_model=models.PlanAnswerModel,
        tags=["files"],
        summary="Show what would be made",
    )
    def show_plan(request: Request, query: Annotated[PlanQuery, Query()]) -> Response:
        """Return what `subtitled plan --json` says. Each file is read, which takes a moment."""
        with PLANS.enter():
            media_files = _find_media(services, caller_of(request), query)
            rows = plan_files(
                services.configuration, services.db, media_files, skip_decided=query.summary
            )
            answer = PlanAnswer(tuple(rows))
        return answer_json(answer.summary_to_dict() if query.summary else answer.to_dict())


def _find_media(services: ApiServices, caller: Caller, query: PlanQuery) -> list[Path]:
    """Return the files of a plan.

    Raises:
        ApiError: One does not exist, or there are too many.
    """
    if query.file:
        return [find_file(services, caller, number).path for number in dict.fromkeys(query.file)]
    folders = [
        library.path
        for name, library in services.configuration.settings.libraries.items()
        if caller.sees(name) and query.library in (None, name)
    ]
    found = list(islice(find_media(services.configuration, folders), MAX_PLANNED + 1))
    if len(found) > MAX_PLANNED:
        raise ApiError(
            409,
            "too-many-files",
            f"these are more than {MAX_PLANNED} files",
            "Name files by `file`; for a whole library: subtitled plan --summary",
        )
    return found
