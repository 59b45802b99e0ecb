"""What the form of a cue does: edits, undo, verdicts. What was typed is never lost."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.daemon.reviews import errors
from subtitled.daemon.reviews.editing import EditResult
from subtitled.daemon.reviews.media_source import ReviewMediaError
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.versions import VersionTag, check_tag
from subtitled.db.actors import Actor
from subtitled.db.operations import CueVerdict, ErrorCategory, ErrorSeverity, Verdict
from subtitled.db.review_records import ReviewStatus
from subtitled.plugin import TransientError
from subtitled.plugin.limits import clean_text
from subtitled.subtitles.review.changes import CueConflict
from subtitled.subtitles.review.document import ReviewCue, round_time, tidy_lines
from subtitled.subtitles.review.encoding import decode_change
from subtitled.subtitles.review.operations import to_json
from subtitled.subtitles.review.resolving import InvalidOperationError

from ..i18n import RejectedInputError, Text
from . import review_labels
from .review import AskedPage, ReviewPage
from .review_access import ReviewSite, is_held
from .review_forms import VERDICTS, CueAction, CueForm, build_operation, parse_time, write_version
from .review_snapping import Snapping
from .review_view import build_view
from .services import identity_of
from .site import read_form, redirect, render

MAX_NOTE_CHARACTERS = 2000
_NOT_MADE = (errors.StaleVersionError, errors.ReviewLockedError)
"""Errors that say that the subtitle is another one, so that no part of an edit fits it."""

_NOT_KEPT = (
    InvalidOperationError,
    TransientError,
    ReviewMediaError,
    errors.OperationIdUsedError,
    errors.NothingToRevertError,
)
"""Errors after which the form is shown as it was sent."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of a form."""

    review: OpenReview
    cue: str
    """The cue to show next."""
    notice: str


class ReviewEdits:
    """The route of the buttons for one cue."""

    def __init__(self, site: ReviewSite, page: ReviewPage) -> None:
        self._site = site
        self._page = page
        self._snapping = Snapping(site)

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/review/{id:number}/cues", self.act, methods=["POST"]),
            Route("/review/{id:number}/holder", self.release, methods=["POST"]),
        ]

    async def act(self, request: Request) -> Response:
        """Do what a button says, and show the next cue; or show what was typed, and why not."""
        form = CueForm.read(await read_form(request))
        return await run_in_threadpool(self._act, request, form)

    async def release(self, request: Request) -> Response:
        """Tell others that the user does not work on it any more."""
        await read_form(request)

        def act() -> int:
            number = self._site.find_record(request).id
            self._site.reviews.release(number, identity_of(request).actor)
            return number

        number = await run_in_threadpool(act)
        return redirect(request, f"/review/{number}?done=released")

    def _act(self, request: Request, form: CueForm) -> Response:
        review = self._site.load(request)
        number, actor = review.record.id, identity_of(request).actor
        try:
            done = self._do(form, review, actor)
        except RejectedInputError as error:
            return self._show_again(request, form, error.text, 400)
        except _NOT_KEPT as error:
            return self._show_again(request, form, _tell(error), 409)
        except errors.ChangedMeanwhileError as error:
            return self._show_versions(request, form, _tell(error), error.conflict.cues)
        except _NOT_MADE as error:
            return self._show_versions(request, form, _tell(error), ())
        self._take(review, actor)
        fields = {"way": form.way, "cue": done.cue, "done": done.notice}
        query = urlencode({name: value for name, value in fields.items() if value})
        return redirect(request, f"/review/{number}?{query}#cue")

    def _do(self, form: CueForm, review: OpenReview, actor: Actor) -> _Done:
        action, tag = form.parse_action(), form.parse_tag()
        service, number = self._site.reviews, review.record.id
        if action in (CueAction.UNDO, CueAction.REDO):
            revert = service.undo if action is CueAction.UNDO else service.redo
            reverted = revert(number, form.operation_id(action), tag, actor)
            return _Done(reverted.review, _changed_cue(reverted) or form.cue, action)
        if action is CueAction.UNJUDGE:
            service.delete_verdict(number, form.cue, tag)
            return _Done(review, form.cue, action)
        following = self._following(review, form, actor)
        result = self._edit(form, review, tag, actor)
        notice = str(action)
        if result is None or result.operation is None:
            notice = notice if action in VERDICTS else "same"
        now = review if result is None else result.review
        if action in VERDICTS:
            verdict = _read_verdict(form, Verdict(action), actor)
            service.set_verdict(number, verdict, tag if result is None else VersionTag.of(now))
            return _Done(now, following or form.cue, notice)
        if action in (CueAction.INSERT, CueAction.ADD) and result is not None:
            return _Done(now, _new_cue(result) or form.cue, notice)
        if action is CueAction.DELETE:
            return _Done(now, following or "", notice)
        return _Done(now, form.cue, notice)

    def _edit(
        self, form: CueForm, review: OpenReview, tag: VersionTag, actor: Actor
    ) -> EditResult | None:
        """Keep what was typed and what the button does; None if that changes nothing."""
        check_tag(review, tag)
        seen = review.document_at(tag.version)
        times = self._snapping.find(form, review)
        operation = build_operation(form, seen, review.record.language, times)
        if operation is None:
            return None
        name = form.operation_id(to_json(operation))
        return self._site.reviews.edit(review.record.id, name, operation, tag, actor)

    def _following(self, review: OpenReview, form: CueForm, actor: Actor) -> str | None:
        """Return the next cue of the way that was not seen yet."""
        view = build_view(self._site.reviews, review, actor, form.way, form.cue)
        return view.route.next_unseen(form.cue)

    def _take(self, review: OpenReview, actor: Actor) -> None:
        """Tell others who works on a review. Who has it already keeps it."""
        record = review.record
        has_it = actor.is_author(record.holder, record.holder_person) and is_held(record)
        if record.status is ReviewStatus.OPEN and not has_it:
            with contextlib.suppress(errors.ReviewTakenError, errors.ReviewNotFoundError):
                self._site.reviews.take(record.id, actor)

    def _show_again(self, request: Request, form: CueForm, error: Text, status: int) -> Response:
        """Show the form as it was sent, with the reason why it was not kept."""
        review = self._site.load(request)
        if form.cue not in review.document.by_id:
            return self._show_versions(request, form, error, (), status)
        asked = AskedPage(way=form.way, cue=form.cue, typed=form, error=error)
        return self._page.build(request, review, asked, status)

    def _show_versions(
        self,
        request: Request,
        form: CueForm,
        error: Text,
        cues: Sequence[CueConflict],
        status: int = 409,
    ) -> Response:
        """Show both versions, and a form that keeps the typed one on top of the current version."""
        review = self._site.load(request)
        theirs = review.document.by_id.get(form.cue)
        return render(
            request,
            "review_conflict",
            status,
            labels=review_labels,
            review=review,
            record=review.record,
            form=form,
            current_version=write_version(VersionTag.of(review)),
            cues=cues or _unmade_conflict(form, review),
            theirs=theirs,
            is_edit=form.action not in (CueAction.UNDO, CueAction.REDO),
            is_open=review.record.status is ReviewStatus.OPEN,
            error=error,
        )


def _read_verdict(form: CueForm, verdict: Verdict, actor: Actor) -> CueVerdict:
    is_wrong = verdict is Verdict.WRONG
    return CueVerdict(
        cue=form.cue,
        verdict=verdict,
        category=_choose(ErrorCategory, form.category) if is_wrong else None,
        severity=_choose(ErrorSeverity, form.severity) if is_wrong else None,
        note=clean_text(form.note.strip(), MAX_NOTE_CHARACTERS),
        actor=actor.name,
        at=time.time(),
    )


def _choose(values: Any, text: str) -> Any:
    """Return one of the values of an enumeration, or None."""
    return values(text) if text in list(values) else None


def _changed_cue(result: EditResult) -> str | None:
    """Return the first cue that an operation changed and that is still there."""
    if result.operation is None:
        return None
    changed = [part.cue for part in decode_change(result.operation.change)]
    return next((cue for cue in changed if cue in result.review.document.by_id), None)


def _new_cue(result: EditResult) -> str | None:
    """Return the cue that an operation inserted."""
    if result.operation is None:
        return None
    change = decode_change(result.operation.change)
    return next((part.cue for part in change if part.before is None), None)


def _tell(error: Any) -> Text:
    """Return what an error of the daemon says, with its hint."""
    why = ". ".join(filter(None, (error.message, error.hint)))
    return Text(review_labels.AS_GIVEN, {"text": why})


def _unmade_conflict(form: CueForm, review: OpenReview) -> tuple[CueConflict, ...]:
    """Return what was typed beside the cue of this id as it is now."""
    try:
        start, end = round_time(parse_time(form.start)), round_time(parse_time(form.end))
    except RejectedInputError:
        start = end = 0.0
    lines = tidy_lines(form.text, review.record.language)
    mine = ReviewCue(id=form.cue, start=start, end=end, lines=lines)
    theirs = review.document.by_id.get(form.cue)
    return (CueConflict(cue=form.cue, base=None, mine=mine, theirs=theirs),)
