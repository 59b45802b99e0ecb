"""The API as an application of its own, with its description in OpenAPI 3.1."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.reviews.media import ReviewMedia
from subtitled.daemon.reviews.service import ReviewService

from .access import API_PATH
from .actions import add_action_routes
from .evaluation import add_evaluation_routes
from .event_stream import add_event_routes
from .files import add_file_routes
from .json_responses import answer_with_etag, encode_json
from .links import add_links
from .overview import add_overview_routes
from .planning import add_plan_routes
from .problems import MEDIA_TYPE, Problem, add_problem_handlers
from .review_batch import add_review_batch_routes
from .review_cues import add_review_cue_routes
from .review_edits import add_review_edit_routes
from .review_media import add_review_media_routes
from .review_notes import add_note_routes
from .review_passages import add_passage_routes
from .review_reports import add_review_report_routes
from .reviews import add_review_routes
from .services import ApiServices
from .subtitles import add_subtitle_routes
from .terms import add_term_routes
from .upgrades import add_upgrade_routes
from .withdrawal import add_withdrawal_routes

API_VERSION = "1.0"
"""The version of the API. Within version 1 things are only added."""
_DESCRIPTION = """What the daemon knows and does, for programs.

Files have numbers; no route takes a path or an address, but `/files/lookup`. Times are seconds
since 1970, media times and durations are seconds, languages are BCP 47. Every error is told as
`application/problem+json` with a `hint`."""
_PROBLEM = {"description": "An error.", "model": Problem}


def build_api(services: ApiServices) -> FastAPI:
    """Build the API."""
    api = FastAPI(
        title="subtitled",
        version=API_VERSION,
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    add_problem_handlers(api)
    add_overview_routes(api, services)
    add_file_routes(api, services)
    add_subtitle_routes(api, services)
    add_plan_routes(api, services)
    reviews = ReviewService(services.configuration, services.db)
    add_review_routes(api, services, reviews)
    add_review_edit_routes(api, services, reviews)
    add_review_report_routes(api, reviews)
    parts = ReviewMedia(services.configuration, services.db)
    add_review_batch_routes(api, services, reviews)
    add_review_media_routes(api, reviews, parts)
    add_review_cue_routes(api, reviews, parts)
    add_term_routes(api, services, reviews)
    add_passage_routes(api, services, reviews)
    add_note_routes(api, services, reviews)
    add_evaluation_routes(api, services)
    add_action_routes(api, services)
    add_withdrawal_routes(api, services, reviews)
    add_upgrade_routes(api, services)
    add_event_routes(api, services)
    description = describe_api(api)

    def show_description(request: Request) -> Response:
        servers = [{"url": services.base_path + API_PATH}]
        return answer_with_etag(request, encode_json(description | {"servers": servers}))

    api.router.routes.append(Route("/openapi.json", show_description, methods=["GET"]))
    return api


def describe_api(api: FastAPI) -> dict[str, Any]:
    """Return the description in OpenAPI."""
    description: dict[str, Any] = get_openapi(
        title=api.title,
        version=api.version,
        openapi_version="3.1.0",
        description=api.description,
        routes=api.routes,
        servers=[{"url": API_PATH}],
    )
    description["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    }
    description["security"] = [{"bearer": []}, {"key": []}]
    for operations in description["paths"].values():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                if status in ("4XX", "5XX"):
                    answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
    add_links(description)
    return description
