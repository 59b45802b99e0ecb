"""The page that offers the corrections of a review as glossary terms, and the buttons for terms."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.reviews.errors import ReviewError
from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.db.records import FileRecord
from subtitled.glossary.files import MAX_TERM_CHARS
from subtitled.glossary.kept import MAX_TRANSLATIONS, KeptTerms
from subtitled.glossary.kept_term import KeptScope, NewTerm, parse_translations, visible_terms
from subtitled.plugin import InputRejectedError

from ..i18n import Text
from ..i18n import mark_text as _
from ..refusals import RefusedError
from .review_access import ReviewSite, may_review
from .review_labels import AS_GIVEN
from .services import SiteServices, identity_of, is_visible
from .site import read_form, redirect, render, text_field

SCOPES = {
    KeptScope.TITLE: _("this title"),
    KeptScope.SERIES: _("its series"),
    KeptScope.LIBRARY: _("its library"),
    KeptScope.ALL: _("all libraries"),
}
"""What a term of a review may hold for."""
_OF_ALL = _("terms of all libraries are for those who see all of them")
_SCOPE_UNKNOWN = _("there is no such scope")


class TermPages:
    """The page of the terms of a review, and the buttons of the glossary."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site
        self._services: SiteServices = site.services
        self._terms = KeptTerms(site.services.configuration, site.services.db)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/terms", self.show, methods=["GET"]),
            Route("/review/{id:number}/terms", self.keep, methods=["POST"]),
            Route("/glossary", self.change, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show what the corrections suggest, and a form for a word of one's own."""
        return self._page(request, self._site.load(request))

    async def keep(self, request: Request) -> Response:
        """Keep a term, and show the page again."""
        form = await read_form(request)
        return await run_in_threadpool(self._keep, request, form)

    async def change(self, request: Request) -> Response:
        """Keep a term of a library or of all, or remove one, and show the glossary again."""
        form = await read_form(request)
        return await run_in_threadpool(self._change, request, form)

    def _keep(self, request: Request, form: FormData) -> Response:
        review = self._site.load(request)
        try:
            self._add(request, form, review.file)
        except InputRejectedError as error:
            return self._page(request, review, Text(AS_GIVEN, {"text": str(error)}))
        return redirect(request, f"/review/{review.record.id}/terms?done=kept")

    def _change(self, request: Request, form: FormData) -> Response:
        removed = text_field(form, "remove")
        if not removed:
            try:
                self._add(request, form, None)
            except InputRejectedError as error:
                raise RefusedError(400, AS_GIVEN, text=str(error)) from None
            return redirect(request, "/glossary?done=kept")
        term = self._terms.get(removed)
        identity = identity_of(request)
        if term is None or not visible_terms([term], identity.libraries):
            raise RefusedError(404, _("there is no such term any more"))
        if not is_visible(request, term.library or None):
            raise RefusedError(403, _OF_ALL)
        self._terms.remove(term, identity.name)
        return redirect(request, "/glossary?done=removed")

    def _add(self, request: Request, form: FormData, file: FileRecord | None) -> None:
        """Keep the term of a form.

        Raises:
            InputRejectedError: It cannot be kept.
            RefusedError: The user may not keep it.
        """
        try:
            scope = KeptScope(text_field(form, "scope"))
        except ValueError:
            raise RefusedError(400, _SCOPE_UNKNOWN) from None
        library = text_field(form, "library")
        if scope is KeptScope.ALL and not is_visible(request, None):
            raise RefusedError(403, _OF_ALL)
        if scope is not KeptScope.ALL and file is None and not is_visible(request, library):
            raise RefusedError(404, _("there is no such library"))
        pairs = [
            (text_field(form, f"language_{number}").strip(), text_field(form, f"text_{number}"))
            for number in range(MAX_TRANSLATIONS)
        ]
        wanted = NewTerm(
            scope=scope,
            text=text_field(form, "text"),
            translations=parse_translations(pair for pair in pairs if pair[1].strip()),
            do_not_translate=text_field(form, "same") == "yes",
            file=file,
            library=library,
        )
        self._terms.add(wanted, identity_of(request).name)

    def _page(self, request: Request, review: OpenReview, error: Text | str = "") -> Response:
        try:
            suggestions = suggest_review_terms(self._site.reviews, review)
        except ReviewError:
            suggestions = ()
        typed = " ".join(request.query_params.get("text", "")[:MAX_TERM_CHARS].split())
        return render(
            request,
            "review_terms",
            400 if error else 200,
            record=review.record,
            suggestions=suggestions,
            typed=typed,
            scopes=choose_scopes(request),
            may_keep=may_review(request),
            done=request.query_params.get("done", ""),
            error=error,
        )


def choose_scopes(request: Request) -> dict[KeptScope, str]:
    """Return what a term of the user may hold for. All libraries are for those who see them."""
    sees_all = is_visible(request, None)
    return {scope: text for scope, text in SCOPES.items() if sees_all or scope is not KeptScope.ALL}
