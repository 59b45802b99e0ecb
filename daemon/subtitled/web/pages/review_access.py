"""What all review pages share: the service, which reviews a user may see, and what may go wrong."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from starlette.requests import Request

from subtitled.daemon.reviews.errors import ReviewError, ReviewNotFoundError
from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.review_records import ReviewFilter, ReviewRecord, ReviewStatus

from ..auth.access import Access
from ..i18n import mark_text as _
from ..refusals import RefusedError
from .phrases import describe_error
from .services import SiteServices, identity_of, is_visible

MAX_REMEMBERED = 100


@dataclass(slots=True)
class KeptFiles:
    """Why files of other formats were left as they are, by the review that was approved last."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _reasons: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def remember(self, number: int, reasons: tuple[str, ...]) -> None:
        """Keep the reasons for the page that is shown after the approval."""
        with self._lock:
            self._reasons.pop(number, None)
            self._reasons[number] = reasons
            while len(self._reasons) > MAX_REMEMBERED:
                del self._reasons[next(iter(self._reasons))]

    def of(self, number: int) -> tuple[str, ...]:
        """Return the reasons."""
        with self._lock:
            return self._reasons.get(number, ())


@dataclass(frozen=True, slots=True)
class ApprovedBefore:
    """The review that was approved just before the page."""

    record: ReviewRecord
    kept: tuple[str, ...]
    """Why files of other formats were left as they are."""
    terms: int = 0
    """How many glossary terms its corrections suggest."""


@dataclass(frozen=True, slots=True)
class ReviewSite:
    """What the review pages use."""

    services: SiteServices
    reviews: ReviewService
    kept: KeptFiles = field(default_factory=KeptFiles)

    @classmethod
    def of(cls, services: SiteServices) -> ReviewSite:
        """Create the service for the pages."""
        return cls(services, ReviewService(services.configuration, services.db))

    def find_record(self, request: Request) -> ReviewRecord:
        """Return the review that the address names, without its cues.

        Raises:
            RefusedError: There is none, or the user may not see it.
        """
        number: int = request.path_params["id"]
        record = self.services.db.reviews.get(number) if number < 2**63 else None
        if record is None or record.library is None or not is_visible(request, record.library):
            raise RefusedError(404, _("there is no such review. Its file may have been deleted"))
        return record

    def load(self, request: Request) -> OpenReview:
        """Return the review that the address names.

        Raises:
            RefusedError: There is none, the user may not see it, or its subtitle cannot be read.
        """
        record = self.find_record(request)
        try:
            return self.reviews.load(record.id)
        except ReviewError as error:
            status = 404 if isinstance(error, ReviewNotFoundError) else 409
            raise refuse(status, error) from None

    def find_approved(self, request: Request) -> ApprovedBefore | None:
        """Return the review that was approved just before, as the address names it."""
        text = request.query_params.get("approved", "")
        if not (text.isascii() and text.isdigit() and len(text) < 16):
            return None
        record = self.services.db.reviews.get(int(text))
        if record is None or record.status is not ReviewStatus.APPROVED:
            return None
        if record.library is None or not is_visible(request, record.library):
            return None
        try:
            terms = len(suggest_review_terms(self.reviews, self.reviews.load(record.id)))
        except ReviewError:
            terms = 0
        return ApprovedBefore(record, self.kept.of(record.id), terms)


def refuse(status: int, error: ReviewError) -> RefusedError:
    """Return the refusal of a page for an error of a review."""
    why = describe_error(error)
    return RefusedError(status, _("this subtitle cannot be reviewed: %(why)s"), why=why)


def may_review(request: Request) -> bool:
    """Return whether the user may edit and approve."""
    return Access.REVIEWER.is_granted_to(identity_of(request))


def is_held(record: ReviewRecord) -> bool:
    """Return whether somebody works on a review."""
    return record.is_held(time.time())


def visible_filter(
    request: Request, status: ReviewStatus, library: str = "", language: str | None = None
) -> ReviewFilter:
    """Return the filter of the reviews that the user may see, of one library or of all."""
    allowed = identity_of(request).libraries
    libraries: list[str] | None = None if allowed is None else sorted(allowed)
    if library and (allowed is None or library in allowed):
        libraries = [library]
    return ReviewFilter(status=status, libraries=libraries, language=language)
