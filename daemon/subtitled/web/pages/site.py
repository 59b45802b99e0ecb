"""Rendering of pages, their links and their forms."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import jinja2
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from subtitled import __version__

from ..wall import Call

HOME = "/me"
"""Where users go after they signed in."""
FORM_TIMEOUT_SECONDS = 10.0
MAX_FIELDS = 50

_environment = jinja2.Environment(
    loader=jinja2.PackageLoader("subtitled.web.pages"),
    autoescape=True,
    auto_reload=False,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    extensions=["jinja2.ext.i18n"],
)
_environment.install_null_translations(newstyle=True)  # type: ignore[attr-defined]


def _format_time(timestamp: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(timestamp))


_environment.filters["clock"] = _format_time


def call_of(request: Request) -> Call:
    """Return the request as the wall saw it."""
    call: Call = request.state.call
    return call


def render(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a page.

    Args:
        request: The request.
        template: The name of the template, without its ending.
        status: The status of the answer.
        **values: What the template shows.
    """
    call = call_of(request)
    html = _environment.get_template(f"{template}.html.j2").render(
        base=call.base_path,
        identity=call.identity,
        csrf_token=call.identity.csrf_token if call.identity is not None else "",
        version=__version__,
        **values,
    )
    return HTMLResponse(html, status)


def redirect(request: Request, path: str) -> Response:
    """Lead to another page of ours after a form. The path is below the base path."""
    return RedirectResponse(call_of(request).base_path + path, 303)


async def read_form(request: Request) -> FormData:
    """Return the fields of a form without files.

    Raises:
        HTTPException: It is no form, has too many fields, or comes too slowly.
    """
    try:
        async with asyncio.timeout(FORM_TIMEOUT_SECONDS):
            return await request.form(max_files=0, max_fields=MAX_FIELDS)
    except TimeoutError:
        raise HTTPException(408, "request timed out") from None
    except ClientDisconnect:
        raise HTTPException(400, "the caller disconnected") from None


def text_field(form: FormData, name: str) -> str:
    """Return a field of a form, or an empty text."""
    value = form.get(name)
    return value if isinstance(value, str) else ""


def safe_path(text: str) -> str:
    """Return a path of ours that an address names, or the home page.

    An address must not lead to another site after the sign-in.
    """
    is_ours = (
        text.startswith("/")
        and not text.startswith("//")
        and "\\" not in text
        and len(text) < 2000
        and text.isprintable()
    )
    return text if is_ours else HOME
