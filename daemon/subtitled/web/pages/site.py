"""Rendering of pages, their links and their forms."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

import jinja2
from starlette.datastructures import FormData
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from subtitled import __version__

from ..i18n import Text, choose_language, load_catalogue
from ..i18n import mark_text as _
from ..refusals import RefusedError
from ..wall import Call, has_form
from .filters import FILTERS, format_line
from .menu import menu_of
from .phrases import read_phrase
from .review_count import WaitingReviews
from .static_files import has_static_file

HOME = "/"
"""Where users go after they signed in."""
FORM_TIMEOUT_SECONDS = 10.0
MAX_FIELDS = 50


@cache
def _environment_for(language: str) -> jinja2.Environment:
    """Return the templates with the texts of one language."""
    catalogue = load_catalogue(language)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("subtitled.web.pages"),
        autoescape=True,
        auto_reload=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    environment.filters.update(FILTERS)
    environment.filters["translated"] = catalogue.translate
    environment.filters["phrase"] = lambda text: catalogue.translate(read_phrase(format_line(text)))
    return environment


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
        **values: What the template shows. Texts are written as sentences in the user's language.
    """
    call = call_of(request)
    language = choose_language(call.headers.get("accept-language", ""))
    catalogue = load_catalogue(language)
    shown = {
        name: catalogue.translate_sentence(value) if isinstance(value, Text) else value
        for name, value in values.items()
    }
    menu = menu_of(call.identity)
    html = (
        _environment_for(language)
        .get_template(f"{template}.html.j2")
        .render(
            base=call.base_path,
            here=call.path,
            language=language,
            menu=menu,
            reviews_waiting=_count_reviews(request, call) if menu else 0,
            has_htmx=has_static_file("htmx.min.js"),
            identity=call.identity,
            csrf_token=call.identity.csrf_token if call.identity is not None else "",
            version=__version__,
            **shown,
        )
    )
    return HTMLResponse(html, status, {"Content-Language": language, "Vary": "Accept-Language"})


def _count_reviews(request: Request, call: Call) -> int:
    """Return how many reviews wait for the user, for the menu."""
    waiting: WaitingReviews = request.app.state.waiting_reviews
    return waiting.count(call.identity) if call.identity is not None else 0


def redirect(request: Request, path: str) -> Response:
    """Lead to another page of ours after a form. The path is below the base path."""
    return RedirectResponse(call_of(request).base_path + path, 303)


async def read_form(request: Request, max_fields: int = MAX_FIELDS) -> FormData:
    """Return the fields of a form without files.

    Raises:
        RefusedError: It is no form, has too many fields, or comes too slowly.
    """
    if not has_form(request.headers):
        raise RefusedError(415, _("this is no form of these pages"))
    try:
        async with asyncio.timeout(FORM_TIMEOUT_SECONDS):
            return await request.form(max_files=0, max_fields=max_fields)
    except TimeoutError:
        raise RefusedError(408, _("request timed out")) from None
    except ClientDisconnect:
        raise RefusedError(400, _("the caller disconnected")) from None


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
