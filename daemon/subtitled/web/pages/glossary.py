"""The page of the terms of the glossaries, with their origin and what is wrong in them."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.kept_term import visible_terms
from subtitled.glossary.lookup import terms_for
from subtitled.glossary.terms import GlossaryIssue, Term, TermScope

from .review_access import may_review
from .services import SiteServices, identity_of, is_visible, visible_libraries
from .site import render

_SHARED_SCOPES = (TermScope.LIBRARY, TermScope.GLOBAL)
MAX_TERMS = 1000
"""How many terms of a library the page shows."""


@dataclass(frozen=True, slots=True)
class LibraryTerms:
    """The terms that apply to all files of a library."""

    library: str
    terms: list[Term]
    issues: list[GlossaryIssue]


class GlossaryPage:
    """The page of the glossary."""

    def __init__(self, services: SiteServices) -> None:
        self._services = services

    def routes(self) -> list[Route]:
        """Return the route of the page."""
        return [Route("/glossary", self.show, methods=["GET"])]

    def show(self, request: Request) -> Response:
        """Show the terms that people keep, and those of the files of each library."""
        services = self._services
        names = visible_libraries(services, request)
        kept = KeptTerms(services.configuration, services.db).all()
        return render(
            request,
            "glossary",
            libraries=[self._terms_of(name) for name in names],
            kept=visible_terms(kept, identity_of(request).libraries)[:MAX_TERMS],
            may_keep=may_review(request),
            sees_all=is_visible(request, None),
            done=request.query_params.get("done", ""),
        )

    def _terms_of(self, name: str) -> LibraryTerms:
        settings = self._services.configuration.settings
        library = settings.libraries[name]
        # No file: what belongs to a title, a folder or a film's metadata is left out.
        found = terms_for(library.path / "-", library, settings.glossary)
        terms = [term for term in found.terms if term.scope in _SHARED_SCOPES]
        return LibraryTerms(name, terms[:MAX_TERMS], list(found.issues))
