"""What the page of one review shows: a page of its cues, and the current one with its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from subtitled.daemon.answers.reviews import describe_cues
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.ways import (
    CuePage,
    Route,
    Way,
    choose_way,
    find_open_gaps,
    find_seen,
    plan_route,
)
from subtitled.db.actors import Actor
from subtitled.db.operations import CueVerdict
from subtitled.plugin import TimeSpan
from subtitled.subtitles.evaluation.compliance import ComplianceRule
from subtitled.subtitles.review.document import Document, ReviewCue, round_time
from subtitled.subtitles.review.findings import Finding, Severity, measure_cue
from subtitled.subtitles.rules import CueRules

from ..i18n import Text
from ..i18n import mark_text as _
from .phrases import describe_reason
from .review_labels import describe_probability

SOUND_AROUND = 0.3
"""Seconds of the sound before and after a cue."""
MAX_SOUND_SECONDS = 60.0
"""The longest sound of a cue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CueView:
    """One cue of the list."""

    number: int
    """Its place in the subtitle, from 1."""
    cue: ReviewCue
    is_changed: bool
    doubt: str
    """How doubtful it is, in words; empty if it is not."""
    percent: int
    reasons: tuple[Text, ...]
    findings: tuple[Finding, ...]
    verdict: CueVerdict | None


@dataclass(frozen=True, slots=True)
class Meter:
    """A value of the current cue beside the limits of its library."""

    name: str
    value: str
    limit: str
    severity: Severity | None
    """How much it matters that the value is outside; None if it is inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """What the page shows."""

    review: OpenReview
    route: Route
    progress: dict[Way, tuple[int, int]]
    """How many cues of each way were seen, and how many there are."""
    page: CuePage
    cues: tuple[CueView, ...]
    current: CueView | None
    sound: TimeSpan | None
    """The sound of the current cue."""
    before: ReviewCue | None
    """The cue before the current one in the film."""
    after: ReviewCue | None
    meters: tuple[Meter, ...]
    errors: int
    warnings: int
    gaps: tuple[dict[str, Any], ...]
    """Where somebody speaks and nothing is written."""
    can_undo: bool
    can_redo: bool


def build_view(
    service: ReviewService, review: OpenReview, actor: Actor, way: str = "", cue: str = ""
) -> ReviewView:
    """Gather what the page shows.

    Args:
        service: The service of reviews.
        review: The review.
        actor: The person, for what they can undo.
        way: The way through the cues that the address names.
        cue: The current cue; empty for the first one of the way that was not seen.
    """
    number, document = review.record.id, review.document
    estimates, elsewhere = service.estimates.find(review)
    verdicts = service.db.operations.verdicts_of(number)
    probabilities = {str(one.index + 1): one.probability for one in estimates}
    seen = find_seen(document, review.base_document, verdicts)
    routes = {one: plan_route(one, document, probabilities, seen) for one in Way}
    route = routes[choose_way(way, has_doubtful=bool(routes[Way.WORST].cues))]
    current = cue if cue in document.by_id else route.first()
    page = route.page(current)
    places = {one.id: place for place, one in enumerate(document.cues)}
    wanted = dict.fromkeys((*page.cues, *((current,) if current is not None else ())))
    rows = describe_cues(review, [places[one] for one in wanted], estimates, verdicts)
    findings: dict[str, list[Finding]] = {}
    for finding in review.findings:
        findings.setdefault(finding.cue, []).append(finding)
    said = {one.cue: one for one in verdicts}
    views = {
        row["id"]: CueView(
            number=places[row["id"]] + 1,
            cue=document.by_id[row["id"]],
            is_changed=row["is_changed"],
            doubt=describe_probability(row["probability"]),
            percent=round((row["probability"] or 0.0) * 100),
            reasons=tuple(describe_reason(reason) for reason in row["reasons"]),
            findings=tuple(findings.get(row["id"], ())),
            verdict=said.get(row["id"]),
        )
        for row in rows
    }
    stacks = service.undo_stacks(review, actor)
    place = places[current] if current is not None else None
    return ReviewView(
        review=review,
        route=route,
        progress={one: (planned.seen_count, len(planned.cues)) for one, planned in routes.items()},
        page=page,
        cues=tuple(views[one] for one in page.cues),
        current=views[current] if current is not None else None,
        sound=_find_sound(document.by_id[current]) if current is not None else None,
        before=document.cues[place - 1] if place else None,
        after=_next_cue(document, place),
        meters=_measure(review, place, views[current].findings) if current is not None else (),
        errors=_count_cues(review.findings, Severity.ERROR),
        warnings=_count_cues(review.findings, Severity.WARNING),
        gaps=find_open_gaps(elsewhere, document),
        can_undo=bool(stacks.undo),
        can_redo=bool(stacks.redo),
    )


def _find_sound(cue: ReviewCue) -> TimeSpan:
    start = max(0.0, round_time(cue.start - SOUND_AROUND))
    end = min(cue.end + SOUND_AROUND, start + MAX_SOUND_SECONDS)
    return TimeSpan(start, round_time(max(end, start + SOUND_AROUND)))


def _next_cue(document: Document, place: int | None) -> ReviewCue | None:
    if place is None or place + 1 >= len(document.cues):
        return None
    return document.cues[place + 1]


def _count_cues(findings: Sequence[Finding], severity: Severity) -> int:
    return len({finding.cue for finding in findings if finding.severity is severity})


def _measure(
    review: OpenReview, place: int | None, findings: Sequence[Finding]
) -> tuple[Meter, ...]:
    """Return the values of a cue, by the same rules that check the whole subtitle."""
    assert place is not None
    rules: CueRules = review.rules
    cue, measures = (
        review.document.cues[place],
        measure_cue(review.document, place, review.record.language),
    )
    rule = ComplianceRule
    by_rule = {finding.rule: finding.severity for finding in findings}

    def meter(name: str, value: str, limit: str, *broken: ComplianceRule) -> Meter:
        found = [by_rule[one] for one in broken if one in by_rule]
        return Meter(name, value, limit, min(found, key=list(Severity).index, default=None))

    gap = "–" if measures.gap is None else f"{measures.gap:.3f} s"
    return (
        meter(_("Characters a second"), f"{measures.cps:g}", f"≤ {rules.max_cps:g}", rule.SPEED),
        meter(
            _("Characters a line"),
            f"{measures.line_length:g}",
            f"≤ {rules.max_line_length:g}",
            rule.LINE_LENGTH,
        ),
        meter(_("Lines"), f"{len(cue.lines)}", f"1–{rules.max_lines}", rule.LINES, rule.TEXT),
        meter(
            _("Duration"),
            f"{cue.end - cue.start:.3f} s",
            f"{rules.min_duration:.2f}–{rules.max_duration:g} s",
            rule.TIMES,
            rule.SHORT,
            rule.LONG,
        ),
        meter(
            _("Gap to the next"),
            gap,
            f"≥ {rules.min_gap:.3f} s",
            rule.OVERLAP,
            rule.ORDER,
            rule.GAP,
            rule.FLASH,
        ),
    )
