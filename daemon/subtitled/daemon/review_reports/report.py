"""The quality report of a review: its cues with verdicts, findings and changes, and counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from subtitled.db.cue_notes import CueNote
from subtitled.db.operations import CueVerdict, ErrorCategory, ErrorSeverity, Verdict
from subtitled.db.review_records import ReviewRecord
from subtitled.plugin import Language
from subtitled.subtitles.evaluation.word_errors import WordErrors, count_word_errors
from subtitled.subtitles.evaluation.words import split_words
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.review.document import Document, ReviewCue
from subtitled.subtitles.review.findings import Finding, Severity
from subtitled.subtitles.review.word_differences import TextPart, compare_words

from ..reviews.notes import NoteThread, list_threads
from ..reviews.open_review import OpenReview


class CueChangeKind(StrEnum):
    """What people did to a cue of the machine."""

    NONE = ""
    TEXT = "text"
    TIMES = "times"
    """Its text is as it was."""
    INSERTED = "inserted"
    """The machine had no such cue, or it was split off from another."""
    DELETED = "deleted"
    """It was deleted, or merged with another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedCue:
    """A cue in which something was found, said or changed."""

    cue: str
    """Its id."""
    number: int | None
    """Its place in the subtitle, from 1; None if it is gone."""
    start: float
    end: float
    verdict: CueVerdict | None
    threads: tuple[NoteThread, ...]
    """What people wrote to each other about it."""
    findings: tuple[Finding, ...]
    """Errors and warnings of cue rules."""
    change: CueChangeKind
    machine_text: str | None
    """The text that the machine made; None if the cue is not of the machine."""
    text: str | None
    """The text as it is now; None if the cue is gone."""
    parts: tuple[TextPart, ...]
    """The difference of both."""


ErrorCounts = Counter[tuple[ErrorCategory | None, ErrorSeverity | None]]
"""How many cues were judged wrong, by category and severity; None where nobody said which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTotals:
    """The counts of a review, or of several."""

    reviews: int = 0
    cues: int = 0
    judged: int = 0
    right: int = 0
    wrong: int = 0
    changed: int = 0
    """Cues that are not as the machine made them, also inserted and deleted ones."""
    errors: ErrorCounts = field(default_factory=Counter)
    words: WordErrors = field(default_factory=WordErrors)
    """The text of the machine against that of the people, without case and punctuation."""

    def __add__(self, other: ReportTotals) -> ReportTotals:
        return ReportTotals(
            reviews=self.reviews + other.reviews,
            cues=self.cues + other.cues,
            judged=self.judged + other.judged,
            right=self.right + other.right,
            wrong=self.wrong + other.wrong,
            changed=self.changed + other.changed,
            errors=self.errors + other.errors,
            words=self.words + other.words,
        )

    def of_severity(self, severity: ErrorSeverity | None) -> int:
        """Return how many cues were judged wrong with a severity."""
        return sum(count for (_, one), count in self.errors.items() if one == severity)

    def per_100_cues(self, count: int) -> float | None:
        """Return a count for each 100 cues; None if there are no cues."""
        return round(100 * count / self.cues, 2) if self.cues else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewReport:
    """The quality report of a review as it is now."""

    record: ReviewRecord
    version: int
    editors: tuple[str, ...]
    """Who edited it, in the order of their first edits."""
    cues: tuple[ReportedCue, ...]
    totals: ReportTotals


def build_report(
    review: OpenReview, verdicts: Sequence[CueVerdict], notes: Sequence[CueNote] = ()
) -> ReviewReport:
    """Compute the report of a review.

    Args:
        review: The review.
        verdicts: What people said of its cues last.
        notes: What they wrote to each other about them.
    """
    language = review.record.language
    base, document = review.base_document, review.document
    findings: dict[str, list[Finding]] = {}
    for finding in review.findings:
        if finding.severity is not Severity.ADVICE:
            findings.setdefault(finding.cue, []).append(finding)
    by_cue = {verdict.cue: verdict for verdict in verdicts}
    threads: dict[str, list[NoteThread]] = {}
    for thread in list_threads(notes):
        threads.setdefault(thread.first.cue, []).append(thread)
    numbers = {cue.id: place for place, cue in enumerate(document.cues, 1)}
    cues = []
    for cue in _all_cues(review):
        before, now = base.by_id.get(cue.id), document.by_id.get(cue.id)
        change = _describe_change(before, now)
        verdict = by_cue.get(cue.id)
        is_noted = verdict is not None or cue.id in threads
        if change is CueChangeKind.NONE and not is_noted and cue.id not in findings:
            continue
        old, new = (None if one is None else one.text for one in (before, now))
        cues.append(
            ReportedCue(
                cue=cue.id,
                number=numbers.get(cue.id),
                start=cue.start,
                end=cue.end,
                verdict=verdict,
                threads=tuple(threads.get(cue.id, ())),
                findings=tuple(findings.get(cue.id, ())),
                change=change,
                machine_text=old,
                text=new,
                parts=compare_words(old or "", new or "", language),
            )
        )
    return ReviewReport(
        record=review.record,
        version=review.version,
        editors=tuple(dict.fromkeys(one.actor for one in review.log)),
        cues=tuple(cues),
        totals=ReportTotals(
            reviews=1,
            cues=len(document.cues),
            judged=len(verdicts),
            right=sum(one.verdict is Verdict.RIGHT for one in verdicts),
            wrong=sum(one.verdict is Verdict.WRONG for one in verdicts),
            changed=sum(one.change is not CueChangeKind.NONE for one in cues),
            errors=Counter(
                (one.category, one.severity) for one in verdicts if one.verdict is Verdict.WRONG
            ),
            words=_count_words(base, document, language),
        ),
    )


def sum_totals(reports: Iterable[ReviewReport]) -> ReportTotals:
    """Add the counts of several reviews."""
    return sum((report.totals for report in reports), ReportTotals())


def _all_cues(review: OpenReview) -> list[ReviewCue]:
    """Return every cue that a review has or had, as it was last, in the order of times."""
    cues = dict(review.base_document.by_id)
    for change in review.changes:
        for part in change:
            last = part.after or part.before
            if last is not None:
                cues[part.cue] = last
    return sorted(cues.values(), key=lambda cue: (cue.start, cue.end, len(cue.id), cue.id))


def _describe_change(before: ReviewCue | None, now: ReviewCue | None) -> CueChangeKind:
    if before is None:
        return CueChangeKind.NONE if now is None else CueChangeKind.INSERTED
    if now is None:
        return CueChangeKind.DELETED
    if before.lines != now.lines:
        return CueChangeKind.TEXT
    return CueChangeKind.NONE if before == now else CueChangeKind.TIMES


def _count_words(base: Document, document: Document, language: Language) -> WordErrors:
    """Compare both texts as a whole, so that a word that moved to another cue is no error."""
    texts = [
        [word for cue in one.cues for word in split_words(strip_tags(cue.text), language)]
        for one in (base, document)
    ]
    machine, people = texts
    if not people:
        return WordErrors(inserted=len(machine))
    return count_word_errors(machine, [people])[0]
