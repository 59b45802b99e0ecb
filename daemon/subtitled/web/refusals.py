"""What the wall answers to a request that it does not let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

API_PREFIX = "/api/"
_DEFAULT_HINT = "GET /api/v1/openapi.json says what can be asked, and how"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} · subtitled</title>
<link rel="icon" href="{base}/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{base}/static/style.css">
</head>
<body>
<header class="bar"><strong>subtitled</strong></header>
<main><h1>{status}</h1><p>{text}</p></main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused, and what its sender can do."""

    status: int
    name: str
    """The name of the problem, as in ``urn:subtitled:problem:NAME``."""
    title: str
    hint: str = ""


NOT_SIGNED_IN = Refusal(
    401,
    "not-signed-in",
    "the token is missing or wrong",
    "Sign in, or send an API key in the header X-Api-Key",
)
NOT_ALLOWED = Refusal(
    403, "not-allowed", "your role does not allow this", "Ask an admin for a higher role"
)
FOREIGN_PAGE = Refusal(403, "foreign-page", "not from a web page", "")
UNKNOWN_HOST = Refusal(
    421,
    "unknown-host",
    "this host is not known",
    "Call it by an address, or add the name to web.hosts in the configuration",
)
WRONG_CSRF_TOKEN = Refusal(
    403,
    "wrong-csrf-token",
    "the form is too old, or does not come from these pages",
    "Load the page again",
)
TOO_LARGE = Refusal(413, "too-large", "request body too large")
TOO_SLOW = Refusal(408, "too-slow", "request timed out")


def build_refusal(
    refusal: Refusal,
    path: str,
    headers: Headers,
    base_path: str,
    more: Mapping[str, str] | None = None,
) -> Response:
    """Build the answer in the form that the caller reads: JSON, a page, or a line of text.

    Args:
        refusal: Why the request is refused.
        path: The path of the request, below the base path.
        headers: The headers of the request.
        base_path: The path below which a proxy shows the port.
        more: Further headers of the answer.
    """
    if path.startswith(API_PREFIX):
        body = {
            "type": f"urn:subtitled:problem:{refusal.name}",
            "title": refusal.title,
            "status": refusal.status,
            "hint": refusal.hint or _DEFAULT_HINT,
        }
        return JSONResponse(body, refusal.status, more, media_type="application/problem+json")
    text = ". ".join(filter(None, (refusal.title, refusal.hint)))
    if wants_page(headers):
        values = {"base": escape(base_path), "status": refusal.status, "text": escape(text)}
        return HTMLResponse(_PAGE.format(**values), refusal.status, more)
    return PlainTextResponse(text, refusal.status, more)


def wants_page(headers: Headers) -> bool:
    """Return whether a browser asks for a page."""
    return "text/html" in headers.get("accept", "")
