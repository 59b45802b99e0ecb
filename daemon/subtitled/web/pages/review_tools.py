"""The page with which many cues are changed at once: shifting a range, finding and replacing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.previewing import EditPreview, preview_edit
from subtitled.daemon.reviews.versions import VersionTag, check_tag
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import InputRejectedError, TransientError
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.document import Document

from ..i18n import RejectedInputError, Text
from ..i18n import mark_text as _
from . import review_labels
from .review_access import ReviewSite
from .review_forms import parse_time, parse_version, write_version
from .services import identity_of
from .site import read_form, redirect, render, text_field

MAX_SHOWN = 100
"""How many of the changes the page lists."""
_MAX_FIELD = ops.MAX_LINE_CHARACTERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFields:
    """What the fields of the page hold, whether it makes sense or not."""

    find: str = ""
    replacement: str = ""
    ignores_case: bool = False
    parts_of_words: bool = False
    seconds: str = ""
    first: str = ""
    last: str = ""

    @classmethod
    def read(cls, given: FormData | QueryParams) -> ToolFields:
        """Read the fields of a form or an address."""

        def text(name: str) -> str:
            value = given.get(name, "")
            return value[:_MAX_FIELD] if isinstance(value, str) else ""

        return cls(
            find=text("find"),
            replacement=text("replacement"),
            ignores_case=text("ignores_case") == "yes",
            parts_of_words=text("parts_of_words") == "yes",
            seconds=text("seconds"),
            first=text("first"),
            last=text("last"),
        )

    def build_replacement(self) -> ops.Replace:
        """Return the replacement that they mean.

        Raises:
            ValidationError: There is no text to find.
        """
        return ops.Replace(
            find=self.find,
            replacement=self.replacement,
            is_case_sensitive=not self.ignores_case,
            is_whole_word=not self.parts_of_words,
        )

    def build_shift(self, seen: Document) -> ops.Shift:
        """Return the shift that they mean on a version.

        Raises:
            RejectedInputError: A field holds no time, or no number of a cue.
        """
        text = self.seconds.strip()
        sign = -1.0 if text.startswith(("-", "\N{MINUS SIGN}")) else 1.0
        seconds = sign * parse_time(text.lstrip("+-\N{MINUS SIGN}"))
        return ops.Shift(
            seconds=seconds, first=_find_cue(self.first, seen), last=_find_cue(self.last, seen)
        )


class ReviewTools:
    """The page."""

    def __init__(self, site: ReviewSite) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/tools", self.show, methods=["GET"]),
            Route("/review/{id:number}/tools", self.change, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the forms, and what a replacement would change if one is typed."""
        review = self._site.load(request)
        fields = ToolFields.read(request.query_params)
        if not fields.find:
            return self._page(request, review, fields)
        try:
            preview = preview_edit(
                self._site.reviews,
                review.record.id,
                fields.build_replacement(),
                VersionTag.of(review),
            )
        except (InputRejectedError, ValidationError) as error:
            return self._page(request, review, fields, error=_tell(error), status=409)
        return self._page(request, review, fields, preview)

    async def change(self, request: Request) -> Response:
        """Change the cues, as one step of undo."""
        form = await read_form(request)
        return await run_in_threadpool(self._change, request, form)

    def _change(self, request: Request, form: FormData) -> Response:
        review, fields = self._site.load(request), ToolFields.read(form)
        action = text_field(form, "action")
        try:
            tag = parse_version(text_field(form, "version"))
            operation = self._build(action, fields, review, tag)
            meant = f"{text_field(form, 'token')}\n{ops.to_json(operation)}"
            name = uuid.uuid5(uuid.NAMESPACE_OID, meant).hex
            actor = identity_of(request).actor
            result = self._site.reviews.edit(review.record.id, name, operation, tag, actor)
        except RejectedInputError as error:
            return self._page(request, review, fields, error=error.text, status=400)
        except (InputRejectedError, TransientError, ValidationError) as error:
            review = self._site.load(request)
            return self._page(request, review, fields, error=_tell(error), status=409)
        done = action if result.operation is not None else "same"
        return redirect(request, f"/review/{review.record.id}?done={done}")

    def _build(
        self, action: str, fields: ToolFields, review: OpenReview, tag: VersionTag
    ) -> ops.Shift | ops.Replace:
        if action == "replace":
            return fields.build_replacement()
        if action != "shift":
            raise RejectedInputError(_("there is no such action"))
        check_tag(review, tag)
        return fields.build_shift(review.document_at(tag.version))

    def _page(
        self,
        request: Request,
        review: OpenReview,
        fields: ToolFields,
        preview: EditPreview | None = None,
        *,
        error: Text | str = "",
        status: int = 200,
    ) -> Response:
        return render(
            request,
            "review_tools",
            status,
            labels=review_labels,
            review=review,
            record=review.record,
            fields=fields,
            preview=preview,
            changes=() if preview is None else preview.change[:MAX_SHOWN],
            numbers={cue.id: place for place, cue in enumerate(review.document.cues, 1)},
            is_open=review.record.status is ReviewStatus.OPEN,
            current_version=write_version(VersionTag.of(review)),
            token=uuid.uuid4().hex,
            error=error,
        )


def _find_cue(number: str, seen: Document) -> str | None:
    """Return the cue of a number; None for an empty field."""
    text = number.strip()
    if not text:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) < 10
    if not (is_number and 1 <= int(text) <= len(seen.cues)):
        raise RejectedInputError(
            _("there is no cue %(number)s. They are numbered from 1 to %(count)s"),
            number=text[:20],
            count=len(seen.cues),
        )
    return seen.cues[int(text) - 1].id


def _tell(error: InputRejectedError | TransientError | ValidationError) -> Text:
    """Return what an error says, with its hint."""
    if isinstance(error, ValidationError):
        return Text(review_labels.AS_GIVEN, {"text": error.errors()[0]["msg"]})
    why = ". ".join(filter(None, (error.message, error.hint)))
    return Text(review_labels.AS_GIVEN, {"text": why})
