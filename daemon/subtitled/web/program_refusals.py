"""Refusals in the form that programs which send audio read: Bazarr's, and that of OpenAI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response

ASR_PATH = "/asr"
DETECT_LANGUAGE_PATH = "/detect-language"
STATUS_PATH = "/status"
OPENAI_PREFIX = "/v1/"
_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "invalid_request_error",
    405: "invalid_request_error",
    408: "invalid_request_error",
    413: "invalid_request_error",
    415: "invalid_request_error",
    421: "invalid_request_error",
    429: "rate_limit_error",
}
_ERROR_CODES = {401: "invalid_api_key", 403: "insufficient_permissions", 413: "file_too_large"}


def build_program_refusal(
    path: str, status: int, text: str, more: Mapping[str, str] | None = None
) -> Response | None:
    """Build a refusal for a route of these programs; None for another route.

    Bazarr never looks at the status. To it any text is a subtitle, and of a language it takes any
    object for an answer. So it gets neither.
    """
    if path == ASR_PATH:
        return Response(b"", status, more)
    if path == DETECT_LANGUAGE_PATH:
        return JSONResponse({}, status, more)
    if path.startswith(OPENAI_PREFIX):
        return JSONResponse(openai_error(status, text), status, more)
    return None


def openai_error(
    status: int, message: str, param: str | None = None, code: str | None = None
) -> dict[str, Any]:
    """Return the body of an error as OpenAI has it."""
    return {
        "error": {
            "message": message,
            "type": _ERROR_TYPES.get(status, "server_error"),
            "param": param,
            "code": code or _ERROR_CODES.get(status),
        }
    }
