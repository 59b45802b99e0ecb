"""The route about the errors of engines on the approved subtitles."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query
from pydantic import Field
from starlette.responses import Response

from subtitled.plugin import Language

from .json_responses import answer_json
from .models import Output
from .parameters import Input, Name
from .problems import ApiError, not_found
from .services import ApiServices

RETRY_SECONDS = 60


class EvaluationQuery(Input):
    """Which approved subtitles are compared."""

    library: Name | None = Field(None, description="One library. Default: all.")
    language: Name | None = Field(None, description="One language, as BCP 47. Default: all.")


class EvaluationAnswer(Output):
    """The errors of engines on the approved subtitles."""

    subtitles: int = Field(description="How many were compared.")
    left_out: dict[str, int] = Field(description="How many were not, by the reason.")
    engines: list[dict[str, Any]] = Field(
        description="Each engine with its settings, by language, the fewest errors first."
    )
    comparisons: list[dict[str, Any]] = Field(
        description="Each two engines in the words that both had. `conclusion` says what that is "
        "worth; `route` is the route that it is evidence for, or null."
    )


def add_evaluation_routes(api: FastAPI, services: ApiServices) -> None:
    """Add the route."""

    @api.get(
        "/engine-errors",
        response_model=EvaluationAnswer,
        tags=["daemon"],
        summary="Count the errors of engines",
    )
    def show_engine_errors(query: Annotated[EvaluationQuery, Query()]) -> Response:
        """Return what `subtitled evaluate --approved --json` says.

        Approved subtitles and stored transcripts are read, which takes a while. One such request
        is answered at a time.
        """
        # Imported here: numpy and jiwer load slowly, and no other route needs them.
        from subtitled.daemon.answers.approved_evaluation import (
            EvaluationBusyError,
            evaluate_alone,
        )
        from subtitled.daemon.answers.engine_conclusions import describe_evaluation

        configuration = services.configuration
        if query.library is not None and query.library not in configuration.settings.libraries:
            raise not_found("library", "Take its name from GET /libraries")
        try:
            language = Language.parse(query.language) if query.language is not None else None
        except ValueError as error:
            raise ApiError(422, "invalid-language", str(error), "Write BCP 47 such as de") from None
        try:
            answer = evaluate_alone(
                configuration, services.db, library=query.library, language=language
            )
        except EvaluationBusyError as error:
            raise ApiError(
                503, "busy", error.message, error.hint, retry_after=RETRY_SECONDS
            ) from None
        return answer_json(describe_evaluation(answer))
