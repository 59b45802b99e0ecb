"""What the wall answers to a request that it does not let in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from .i18n import Catalogue, Text, choose_language, load_catalogue
from .i18n import mark_text as _
from .program_refusals import build_program_refusal

API_PREFIX = "/api/"
ENDPOINT_PREFIX = "/x/"
"""The path below which each endpoint of a plugin has its name."""
_DEFAULT_HINT = "GET /api/v1/openapi.json says what can be asked, and how"


_PAGE = """<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{status} · subtitled</title>
<link rel="icon" href="{base}/static/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="{base}/static/style.css">
</head>
<body>
<header class="bar"><strong>subtitled</strong></header>
<main><h1>{status}</h1><p>{text}</p><p><a href="{base}/">{home}</a></p></main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is refused, and what its sender can do."""

    status: int
    name: str
    """The name of the problem, as in ``urn:subtitled:problem:NAME``."""
    title: Text | str
    hint: str = ""


class RefusedError(HTTPException):
    """Raised by a page for what it does not do. The text is shown in the language of the user."""

    def __init__(self, status: int, template: str, **values: object) -> None:
        self.text = Text(template, values)
        super().__init__(status, str(self.text))


def refusal_of(error: HTTPException) -> Refusal:
    """Return what to answer to an error of a route."""
    text = error.text if isinstance(error, RefusedError) else error.detail
    return Refusal(error.status_code, "refused", text)


NOT_SIGNED_IN = Refusal(
    401,
    "not-signed-in",
    _("the token is missing or wrong"),
    _("Sign in, or send an API key in the header X-Api-Key"),
)
NOT_ALLOWED = Refusal(
    403, "not-allowed", _("your role does not allow this"), _("Ask an admin for a higher role")
)
FOREIGN_PAGE = Refusal(403, "foreign-page", _("not from a web page"))
UNKNOWN_HOST = Refusal(
    421,
    "unknown-host",
    _("this host is not known"),
    _("Call it by an address, or add the name to web.hosts in the configuration"),
)
WRONG_CSRF_TOKEN = Refusal(
    403,
    "wrong-csrf-token",
    _("the form is too old, or does not come from these pages"),
    _("Load the page again"),
)
INTERNAL_ERROR = Refusal(
    500, "internal-error", _("internal error of subtitled"), _("See the log of the daemon")
)
TOO_LARGE = Refusal(413, "too-large", _("request body too large"))
TOO_SLOW = Refusal(408, "too-slow", _("request timed out"))


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
    text = ". ".join(filter(None, (str(refusal.title), refusal.hint)))
    for_program = build_program_refusal(path, refusal.status, text, more)
    if for_program is not None:
        return for_program
    is_api = path.startswith(API_PREFIX)
    if is_api or (path.startswith(ENDPOINT_PREFIX) and not wants_page(headers)):
        body = {
            "type": f"urn:subtitled:problem:{refusal.name}",
            "title": str(refusal.title),
            "status": refusal.status,
            "hint": refusal.hint or (_DEFAULT_HINT if is_api else ""),
        }
        return JSONResponse(body, refusal.status, more, media_type="application/problem+json")
    if wants_page(headers):
        language = choose_language(headers.get("accept-language", ""))
        page = _write_page(refusal, load_catalogue(language), base_path)
        names = {"Content-Language": language, "Vary": "Accept-Language"}
        return HTMLResponse(page, refusal.status, names | dict(more or {}))
    return PlainTextResponse(text, refusal.status, more)


def _write_page(refusal: Refusal, catalogue: Catalogue, base_path: str) -> str:
    sentences = [
        catalogue.translate_sentence(part) for part in (refusal.title, refusal.hint) if part
    ]
    return _PAGE.format(
        language=catalogue.language,
        base=escape(base_path),
        status=refusal.status,
        text=escape(" ".join(sentences)),
        home=escape(catalogue.gettext(_("To the first page"))),
    )


def wants_page(headers: Headers) -> bool:
    """Return whether a browser asks for a page."""
    return "text/html" in headers.get("accept", "")
