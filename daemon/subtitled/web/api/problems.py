"""Errors of the API, as RFC 9457 describes them, each with what the caller can do about it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from subtitled.db.engine import describe_error
from subtitled.plugin import InputRejectedError, SubtitledError

from .json_responses import encode_json

_log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 30
"""When a caller may try again what failed for a reason that passes."""
MAX_ERRORS = 20
"""Most wrong fields that one answer names."""


class FieldError(BaseModel):
    """One part of a request that is wrong."""

    pointer: str = Field(description="Where it is, such as `body/ids/3` or `query/limit`.")
    detail: str


class Problem(BaseModel):
    """An error."""

    type: str = Field(description="`urn:subtitled:problem:` and a name.")
    title: str
    status: int
    hint: str = Field(description="What the caller can do.")
    detail: str = ""
    errors: list[FieldError] = []


class ApiError(Exception):
    """A request cannot be answered. It is told to the caller as a problem."""

    def __init__(
        self,
        status: int,
        name: str,
        title: str,
        hint: str,
        *,
        errors: Sequence[FieldError] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(title)
        self.status = status
        self.name = name
        self.title = title
        self.hint = hint
        self.errors = list(errors)
        self.retry_after = retry_after
        self.details: dict[str, Any] = {}
        """Further members of the problem, which programs use."""

    def to_response(self, headers: Mapping[str, str] | None = None) -> Response:
        """Return the answer."""
        problem: dict[str, Any] = self.details | {
            "type": f"urn:subtitled:problem:{self.name}",
            "title": self.title,
            "status": self.status,
            "hint": self.hint,
        }
        if self.errors:
            problem["errors"] = [error.model_dump() for error in self.errors]
        more = dict(headers or {})
        if self.retry_after is not None:
            more["Retry-After"] = str(self.retry_after)
        return Response(encode_json(problem), self.status, more, MEDIA_TYPE)


def not_found(what: str, hint: str = "Take it from a list, such as GET /files") -> ApiError:
    """Return the error for what does not exist, or may not be seen."""
    return ApiError(404, "not-found", f"there is no such {what}", hint)


_HINTS = {
    400: "Send what the description of the API says: GET /api/v1/openapi.json",
    404: "See GET /api/v1/openapi.json for the routes",
    405: "Use a method that the header Allow names",
    408: "Send the request in one go",
    413: "Send less at once; actions take at most 10 000 numbers",
}
_TITLES = {
    400: "the request cannot be read",
    404: "there is no such route",
    405: "this route has no such method",
}


def add_problem_handlers(api: FastAPI) -> None:
    """Let every error of an application be told as a problem."""

    @api.exception_handler(ApiError)
    async def tell_api_error(request: Request, error: ApiError) -> Response:
        return error.to_response()

    @api.exception_handler(HTTPException)
    async def tell_http_error(request: Request, error: HTTPException) -> Response:
        phrase = HTTPStatus(error.status_code).phrase
        problem = ApiError(
            error.status_code,
            phrase.lower().replace(" ", "-"),
            _TITLES.get(error.status_code, str(error.detail)),
            _HINTS.get(error.status_code, _HINTS[400]),
        )
        return problem.to_response(error.headers)

    @api.exception_handler(RequestValidationError)
    async def tell_invalid(request: Request, error: RequestValidationError) -> Response:
        return _invalid(error).to_response()

    @api.exception_handler(SubtitledError)
    async def tell_own_error(request: Request, error: SubtitledError) -> Response:
        if isinstance(error, InputRejectedError):
            problem = ApiError(400, "rejected", error.message, error.hint or _HINTS[400])
        else:
            hint = error.hint or "Try again later; see the log of the daemon"
            problem = ApiError(503, "unavailable", error.message, hint, retry_after=RETRY_SECONDS)
        return problem.to_response()

    @api.exception_handler(sa.exc.OperationalError)
    async def tell_database_error(request: Request, error: sa.exc.OperationalError) -> Response:
        message, hint = describe_error(error)
        _log.error("the API: %s", message)
        hint = hint or "Try again later; see the log of the daemon"
        return ApiError(503, "unavailable", message, hint, retry_after=RETRY_SECONDS).to_response()

    @api.exception_handler(Exception)
    async def tell_fault(request: Request, error: Exception) -> Response:
        _log.error("%s: unexpected error: %s", request.url.path, type(error).__name__)
        hint = "This is a fault in subtitled: please report it with the log"
        return ApiError(500, "fault", "internal error of subtitled", hint).to_response()


def _invalid(error: RequestValidationError) -> ApiError:
    errors = [
        FieldError(pointer="/".join(map(str, one["loc"]))[:200], detail=str(one["msg"])[:500])
        for one in error.errors()[:MAX_ERRORS]
    ]
    if any(one["type"] == "json_invalid" for one in error.errors()):
        return ApiError(400, "no-json", "the body is no JSON", _HINTS[400], errors=errors)
    hint = "Correct the fields that `errors` names"
    return ApiError(422, "invalid", "the request has wrong fields", hint, errors=errors)
