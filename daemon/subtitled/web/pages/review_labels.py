"""The words of the review pages for rules, verdicts and reasons, which stand in the catalogues."""

from __future__ import annotations

from subtitled.daemon.reviews.ways import Way
from subtitled.db.operations import ErrorCategory, ErrorSeverity, Verdict
from subtitled.db.passages import PassageStatus
from subtitled.db.review_records import ReviewStatus
from subtitled.subtitles.evaluation.compliance import ComplianceRule
from subtitled.subtitles.quality_estimation.reasons import ReasonKind
from subtitled.subtitles.quality_estimation.weights import FLAGGED
from subtitled.subtitles.review.findings import Severity

from ..i18n import mark_text as _

VERY_DOUBTFUL = 0.6
"""Probability from which a cue is called very doubtful."""
STATUSES: dict[ReviewStatus, str] = {
    ReviewStatus.OPEN: _("waiting for a review"),
    ReviewStatus.APPROVED: _("approved"),
}
WAYS: dict[Way, str] = {
    Way.WORST: _("Worst first"),
    Way.STRAIGHT: _("Straight through"),
    Way.SPOT: _("Spot check"),
}
VERDICTS: dict[Verdict, str] = {Verdict.RIGHT: _("right"), Verdict.WRONG: _("wrong")}
CATEGORIES: dict[ErrorCategory, str] = {
    ErrorCategory.TRANSLATION: _("translation"),
    ErrorCategory.MISSING: _("something is missing"),
    ErrorCategory.SPELLING: _("spelling, grammar, punctuation"),
    ErrorCategory.STYLE: _("style"),
    ErrorCategory.TERMS: _("terms"),
    ErrorCategory.TIMING: _("timing"),
    ErrorCategory.OTHER: _("something else"),
}
ERROR_SEVERITIES: dict[ErrorSeverity, str] = {
    ErrorSeverity.CRITICAL: _("critical"),
    ErrorSeverity.MAJOR: _("major"),
    ErrorSeverity.MINOR: _("minor"),
}
PASSAGE_STATUSES: dict[PassageStatus, str] = {
    PassageStatus.WAITING: _("waiting"),
    PassageStatus.RUNNING: _("is transcribed"),
    PassageStatus.DONE: _("done"),
    PassageStatus.FAILED: _("failed"),
}
SEVERITIES: dict[Severity, str] = {
    Severity.ERROR: _("error"),
    Severity.WARNING: _("warning"),
    Severity.ADVICE: _("advice"),
}
RULES: dict[ComplianceRule, str] = {
    ComplianceRule.TIMES: _("ends before it begins"),
    ComplianceRule.ORDER: _("begins after the next"),
    ComplianceRule.OVERLAP: _("overlaps the next"),
    ComplianceRule.TEXT: _("has no text"),
    ComplianceRule.LINE_LENGTH: _("line too long"),
    ComplianceRule.LINES: _("too many lines"),
    ComplianceRule.SPEED: _("too fast to read"),
    ComplianceRule.SHORT: _("too short"),
    ComplianceRule.LONG: _("too long on screen"),
    ComplianceRule.GAP: _("too close to the next"),
    ComplianceRule.FLASH: _("empty screen flashes before the next"),
}
REASONS: dict[ReasonKind, str] = {
    ReasonKind.UNSURE_WORDS: _("The recogniser was unsure of %(words)s."),
    ReasonKind.UNSURE_AROUND: _("The cues beside it are unsure too."),
    ReasonKind.UNSURE_FILE: _(
        "The recogniser understood this recording badly (%(percent)s %% sure)."
    ),
    ReasonKind.LOW_PROBABILITY: _("Other texts would fit the sound about as well."),
    ReasonKind.HARDLY_ANY_SPEECH: _("The recogniser found hardly any speech here."),
    ReasonKind.NEARLY_A_LOOP: _("It is nearly a loop of the recogniser."),
    ReasonKind.REPEATED: _("It repeats the cue before it."),
    ReasonKind.LEFT_OUT: _("Left out beside it: “%(text)s” (%(why)s)."),
    ReasonKind.SPEECH_LEFT: _(
        "Somebody speaks for %(seconds)s s beside it, and nothing is written."
    ),
    ReasonKind.NO_SPEECH: _("No speech was found where it is said."),
    ReasonKind.FAINT_SPEECH: _("The speech is faint."),
    ReasonKind.ODD_PACE: _("Its words would be said unusually %(pace)s."),
    ReasonKind.ESTIMATED_TIMES: _("Its times are estimated."),
    ReasonKind.OUTSIDE_LIMITS: _("It is outside the limits: %(rule)s, %(detail)s."),
    ReasonKind.TERM_MISSED: _("“%(spoken)s” is said, but “%(wanted)s” is missing."),
    ReasonKind.UNTRANSLATED: _("A line of it: %(why)s."),
    ReasonKind.ODD_LENGTH: _("The translation is unusually %(length)s for what is said."),
    ReasonKind.OTHER_LANGUAGE: _("It looks like %(language)s."),
    ReasonKind.OTHER_SCRIPT: _("It has letters of another script."),
    ReasonKind.NAME_VARIANT: _("“%(name)s” is also written “%(other)s”, %(count)s times."),
    ReasonKind.ENGINES_DISAGREE: _("%(engine)s understood “%(text)s”."),
}
AS_GIVEN = _("%(text)s")
"""The sentence of a reason of another version of the program."""
NOTICES = {
    "keep": _("Kept."),
    "right": _("Judged as right."),
    "wrong": _("Judged as wrong."),
    "unjudge": _("The verdict is taken back."),
    "split": _("Split in two cues."),
    "merge": _("Merged with the next cue."),
    "delete": _("The cue is deleted. Undo brings it back."),
    "insert": _("A new cue is inserted. Write its text."),
    "add": _("A new cue is inserted."),
    "break": _("The lines are broken again."),
    "restore": _("The cue is again what the machine made."),
    "take": _("The words of the other engine are taken."),
    "snap-words": _("The times are those of the words."),
    "snap-shots": _("The times are those of the shot changes."),
    "shift": _("The cues are shifted."),
    "replace": _("The text is replaced."),
    "undo": _("Undone."),
    "redo": _("Done again."),
    "same": _("Nothing was changed."),
    "reopened": _("The review is open again. The files stay as they were approved."),
    "unlocked": _("The files are unlocked. They may be made again."),
    "released": _("Others see that you do not work on it any more."),
}


def describe_probability(probability: float | None) -> str:
    """Return how doubtful a cue is in words; empty if nothing speaks against it."""
    if probability is None or probability < FLAGGED:
        return ""
    return _("very doubtful") if probability >= VERY_DOUBTFUL else _("doubtful")
