"""The times to which the buttons of a cue let it snap: its words, or the shot changes near it."""

from __future__ import annotations

from collections.abc import Iterator

from subtitled.daemon.reviews.media import ReviewMedia
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.words import find_words
from subtitled.subtitles.segmentation.shots import latest_end_before

from ..i18n import RejectedInputError
from ..i18n import mark_text as _
from .review_access import ReviewSite
from .review_forms import CueAction, CueForm, SnapTimes

AROUND_SECONDS = 1.0
"""How far beside a cue times are looked for."""
MAX_AT_ONCE_SECONDS = 20.0
"""Longest span whose picture is decoded as one."""


class Snapping:
    """Finds times to snap to."""

    def __init__(self, site: ReviewSite) -> None:
        self._reviews = site.reviews
        self._parts = ReviewMedia(site.services.configuration, site.services.db)

    def find(self, form: CueForm, review: OpenReview) -> SnapTimes | None:
        """Return the times for a button that snaps; None for any other button.

        Raises:
            RejectedInputError: There are none near the cue.
            ReviewMediaError: The picture cannot be decoded.
            TransientError: Too many wait for pictures.
        """
        action = form.parse_action()
        if action is CueAction.SNAP_WORDS:
            return self._find_words(review, *form.parse_times())
        if action is CueAction.SNAP_SHOTS:
            return self._find_shots(review, *form.parse_times())
        return None

    def _find_words(self, review: OpenReview, start: float, end: float) -> SnapTimes:
        recognised = self._reviews.words.read(review).own
        words = (
            find_words(recognised.words, start - AROUND_SECONDS, end + AROUND_SECONDS)
            if recognised is not None
            else []
        )
        if not words:
            raise RejectedInputError(_("no word is known to be said near this cue"))
        return SnapTimes(tuple(word.start for word in words), tuple(word.end for word in words))

    def _find_shots(self, review: OpenReview, start: float, end: float) -> SnapTimes:
        found = [
            self._parts.read_shots(review.record.id, *span) for span in _spans_around(start, end)
        ]
        shots = [(time, one.frame_rate) for one in found for time in one.times]
        if not shots:
            raise RejectedInputError(_("the picture does not change near this cue"))
        return SnapTimes(
            tuple(time for time, _rate in shots),
            tuple(latest_end_before(time, rate, review.rules) for time, rate in shots),
        )


def _spans_around(start: float, end: float) -> Iterator[tuple[float, float]]:
    first, last = max(0.0, start - AROUND_SECONDS), end + AROUND_SECONDS
    if last - first <= MAX_AT_ONCE_SECONDS:
        yield first, last
    else:
        yield first, start + AROUND_SECONDS
        yield max(0.0, end - AROUND_SECONDS), last
