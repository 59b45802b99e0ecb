"""The routes of the glossary terms that people keep, and of those that corrections suggest."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Path
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.daemon.reviews.service import ReviewService
from subtitled.glossary.files import MAX_TERM_CHARS
from subtitled.glossary.kept import MAX_TRANSLATIONS, KeptTerms
from subtitled.glossary.kept_term import KeptScope, NewTerm, parse_translations, visible_terms
from subtitled.plugin import InputRejectedError

from .actions import run_once
from .callers import caller_of
from .files import find_file
from .idempotency import Answer
from .json_responses import answer_json
from .models import Done, Output
from .parameters import IdempotencyKey, Input, JsonNumber, Name
from .problems import ApiError, not_found
from .review_models import ReviewNumber
from .reviews import find_review
from .services import ApiServices

TermId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$", description="The `id` of a term.")]
_TermText = Annotated[str, Field(max_length=MAX_TERM_CHARS)]


class TermEntry(Output):
    """A term that somebody keeps."""

    id: str
    scope: KeptScope
    library: str | None
    place: str | None = Field(description="The title or the folder of the series in its library.")
    text: str = Field(description="The term in every language that is not in `translations`.")
    translations: dict[str, str]
    do_not_translate: bool
    case_sensitive: bool
    by: str
    at: float


class TermList(Output):
    """The terms that people keep."""

    items: list[TermEntry]


class SuggestionEntry(Output):
    """A term that corrections suggest."""

    text: str
    translations: dict[str, str] = Field(description="Empty if it is the same in all languages.")
    replaced: list[dict[str, Any]] = Field(description="What stood there: `text` and `count`.")
    count: int = Field(description="How often it was corrected.")
    at: list[float] = Field(description="When the first of them are shown, in seconds.")


class SuggestionList(Output):
    """The terms that the corrections of a review suggest."""

    items: list[SuggestionEntry]


class TermBody(Input):
    """A term to be kept."""

    scope: KeptScope
    text: _TermText = Field("", description="The term in every language of no `translations`.")
    translations: Annotated[dict[Name, _TermText], Field(max_length=MAX_TRANSLATIONS)] = Field(
        {}, description="The term by language, as BCP 47."
    )
    do_not_translate: bool = Field(False, strict=True)
    case_sensitive: bool = Field(False, strict=True)
    file: JsonNumber | None = Field(
        None, description="The number of a file of the title, the series or the library."
    )
    library: Name | None = Field(None, description="The library, if no file names it.")


def add_term_routes(api: FastAPI, services: ApiServices, service: ReviewService) -> None:
    """Add the routes."""
    terms = KeptTerms(services.configuration, services.db)

    @api.get("/terms", response_model=TermList, tags=["glossary"], summary="List kept terms")
    def list_terms(request: Request) -> Response:
        """Return the terms that people keep, the most specific first."""
        shown = visible_terms(terms.all(), caller_of(request).libraries)
        return answer_json({"items": [term.to_dict() for term in shown]})

    @api.post(
        "/terms",
        status_code=201,
        response_model=TermEntry,
        tags=["glossary"],
        summary="Keep a term",
    )
    def keep_term(request: Request, body: TermBody, key: IdempotencyKey = None) -> Response:
        """Keep a term. It holds from the next job on, and is no file among the media."""
        caller = caller_of(request)

        def act() -> Answer:
            file = find_file(services, caller, body.file) if body.file is not None else None
            if body.scope is KeptScope.ALL:
                caller.require(None)
            elif file is None and body.library is not None and not caller.sees(body.library):
                raise not_found("library", "Take its name from GET /libraries")
            try:
                wanted = NewTerm(
                    scope=body.scope,
                    text=body.text,
                    translations=parse_translations(body.translations.items()),
                    do_not_translate=body.do_not_translate,
                    is_case_sensitive=body.case_sensitive,
                    file=file,
                    library=body.library or "",
                )
                return Answer(201, terms.add(wanted, caller.name).to_dict())
            except InputRejectedError as error:
                raise ApiError(422, "invalid-term", error.message, error.hint) from None

        return run_once(services, request, key, body, act)

    @api.delete("/terms/{term_id}", response_model=Done, tags=["glossary"], summary="Remove a term")
    def remove_term(request: Request, term_id: TermId) -> Response:
        """Remove a term that somebody keeps. Subtitles that exist stay as they are."""
        caller = caller_of(request)
        term = terms.get(term_id)
        if term is None or not visible_terms([term], caller.libraries):
            raise not_found("term", "Take its id from GET /terms")
        caller.require(term.library or None)
        return answer_json({"changed": terms.remove(term, caller.name)})

    @api.get(
        "/reviews/{review_id:number}/terms",
        response_model=SuggestionList,
        tags=["reviews"],
        summary="Suggest terms of the corrections of a review",
    )
    def suggest_terms(request: Request, review_id: ReviewNumber) -> Response:
        """Return words that were corrected repeatedly, and names that were. Nothing is kept."""
        review = find_review(service, caller_of(request), review_id)
        found = suggest_review_terms(service, review)
        return answer_json({"items": [one.to_dict() for one in found]})
