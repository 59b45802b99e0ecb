"""One cue of a review with all that is known of it, and what an edit of it would do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from subtitled.plugin import TimeSpan, Word
from subtitled.subtitles.review.document import ReviewCue, round_time
from subtitled.subtitles.review.findings import find_violations_of
from subtitled.subtitles.review.resolving import lay_out
from subtitled.subtitles.segmentation.shots import latest_end_before

from ..reviews.errors import ReviewNotFoundError
from ..reviews.media import Shots
from ..reviews.open_review import OpenReview
from ..reviews.previewing import EditPreview
from ..reviews.service import ReviewService
from ..reviews.source_text import SourceText
from ..reviews.versions import VersionTag
from ..reviews.words import EngineWords, RecognisedWords, find_alternative, find_words
from .reviews import (
    describe_cue,
    describe_cues,
    describe_findings,
    format_tag,
    places_near,
)

MAX_PREVIEWED = 100
"""How many of the cues that an edit would change are shown."""


def show_cue(
    service: ReviewService, review: OpenReview, cue: str, source: SourceText | None
) -> dict[str, Any]:
    """Return one cue with its words, the readings of other engines, and its source.

    Args:
        service: The service of reviews.
        review: The review.
        cue: The id of the cue.
        source: The text in the language spoken, beside a translation.

    Raises:
        ReviewNotFoundError: There is no such cue in the current version.
    """
    document = review.document
    found = document.by_id.get(cue)
    if found is None:
        raise ReviewNotFoundError(
            f"there is no cue {cue!r} in version {review.version}", "Read the review again"
        )
    place = document.cues.index(found)
    estimates, _ = service.estimates.find(review)
    verdicts = service.db.operations.verdicts_of(review.record.id)
    recognised = service.words.read(review)
    return {
        "version": review.version,
        "etag": format_tag(VersionTag.of(review)),
        "number": place + 1,
        "cue_count": len(document.cues),
        "cue": describe_cues(review, [place], estimates, verdicts)[0],
        "findings": describe_findings(
            find_violations_of([place], document, review.record.language, review.rules)
        ),
        "words": _describe_own_words(recognised, recognised.spoken_at(found)),
        "alternatives": describe_alternatives(review, recognised, place),
        "source": None if source is None else _describe_source(source, found),
    }


def describe_alternatives(
    review: OpenReview, recognised: RecognisedWords, place: int
) -> list[dict[str, Any]]:
    """Return what other engines understood in a cue, each by the number of its key.

    An engine has the same number in all cues. A translation has none: its engines understood
    another language.
    """
    if review.is_translation:
        return []
    described = []
    for number, other in enumerate(recognised.others, 1):
        found = find_alternative(other, review.document, place)
        if found is not None:
            described.append(
                {
                    "number": number,
                    "engine": found.engine,
                    "variant": found.variant,
                    "text": found.text,
                    "lines": list(lay_out(found.text, review.context)),
                    "words": _describe_words(found.words),
                }
            )
    return described


def show_words(recognised: RecognisedWords, span: TimeSpan) -> dict[str, Any]:
    """Return the words of a span that the text was made of, as JSON has them."""
    words = [] if recognised.own is None else find_words(recognised.own.words, span.start, span.end)
    return {"start": span.start, "end": span.end, **_describe_own_words(recognised, words)}


def show_shots(shots: Shots, review: OpenReview) -> dict[str, Any]:
    """Return the shot changes of a span, and where cues before them end, as JSON has them."""
    return {
        "start": shots.span.start,
        "end": shots.span.end,
        "frame_rate": shots.frame_rate or None,
        "shots": [round_time(time) for time in shots.times],
        "ends": [latest_end_before(time, shots.frame_rate, review.rules) for time in shots.times],
    }


def show_preview(service: ReviewService, preview: EditPreview) -> dict[str, Any]:
    """Return what an edit would do: its cues before and after, with their values."""
    review, language = preview.review, preview.review.record.language
    shown = preview.change[:MAX_PREVIEWED]
    touched = {part.cue for part in shown if part.after is not None}
    cues = review.document.cues
    places = [place for place in places_near(review.document, shown) if cues[place].id in touched]
    estimates, _ = service.estimates.find(review)
    verdicts = service.db.operations.verdicts_of(review.record.id)
    return {
        "version": review.version,
        "etag": format_tag(VersionTag.of(review)),
        "cue_count": len(preview.change),
        "match_count": preview.match_count,
        "changes": [
            {
                "cue": part.cue,
                "before": describe_cue(part.before),
                "after": describe_cue(part.after),
            }
            for part in shown
        ],
        "cues": describe_cues(review, places, estimates, verdicts),
        "findings": describe_findings(
            find_violations_of(places, review.document, language, review.rules)
        ),
    }


def _describe_own_words(recognised: RecognisedWords, words: list[Word]) -> dict[str, Any]:
    own: EngineWords | None = recognised.own
    return {
        "language": None if recognised.language is None else str(recognised.language),
        "engine": None if own is None else own.engine,
        "variant": None if own is None else own.variant,
        "words": _describe_words(words),
    }


def _describe_words(words: Iterable[Word]) -> list[dict[str, Any]]:
    return [
        {
            "text": word.text.strip(),
            "start": round_time(word.start),
            "end": round_time(word.end),
            "confidence": None if word.confidence is None else round(word.confidence, 3),
            "is_estimated": word.is_estimated,
        }
        for word in words
    ]


def _describe_source(source: SourceText, cue: ReviewCue) -> dict[str, Any]:
    return {
        "language": str(source.language),
        "cues": [
            {"start": one.start, "end": one.end, "text": one.text}
            for one in source.spoken_during(cue.start, cue.end)
        ],
    }
