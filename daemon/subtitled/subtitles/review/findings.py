"""What cue rules say of a document: errors, which bar approval, and warnings, which do not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Language

from ..evaluation.compliance import ComplianceRule, check_compliance
from ..markup import strip_tags
from ..rules import CueRules, measure_width
from .document import Document


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    """A player may be confused: times, overlap, an empty cue. It bars approval."""
    WARNING = "warning"
    """The cue is outside a limit for readers."""
    ADVICE = "advice"
    """It would read better otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One cue violates one rule."""

    cue: str
    """The id of the cue."""
    rule: ComplianceRule
    severity: Severity
    detail: str
    """The value that violates the rule, with its unit."""

    @property
    def text(self) -> str:
        """What is wrong, such as ``too short: 0.400 s``."""
        return f"{self.rule.violation}: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CueMeasures:
    """The values of one cue that the rules limit."""

    cue: str
    cps: float
    """Columns a second; 0 for a cue without a duration."""
    line_length: float
    """Columns of its longest line."""
    gap: float | None
    """Seconds to the next cue; negative if they overlap, None after the last one."""


def find_violations(document: Document, language: Language, rules: CueRules) -> tuple[Finding, ...]:
    """Check a document against the rules of its library, in the order of its cues."""
    report = check_compliance(document.to_cues(), language, rules)
    return tuple(
        Finding(
            cue=document.cues[violation.cue_number - 1].id,
            rule=violation.rule,
            severity=_severity_of(violation.rule),
            detail=violation.detail,
        )
        for violation in report.violations
    )


def find_violations_of(
    cues: Iterable[int], document: Document, language: Language, rules: CueRules
) -> tuple[Finding, ...]:
    """Check only some cues of a document, by their places.

    The result is that part of :func:`find_violations`.
    """
    findings: list[Finding] = []
    for place in cues:
        pair = Document(document.version, document.cues[place : place + 2])
        found = find_violations(pair, language, rules)
        findings += (one for one in found if one.cue == pair.cues[0].id)
    return tuple(findings)


def measure_cue(document: Document, place: int, language: Language) -> CueMeasures:
    """Measure one cue of a document, by its place."""
    cue = document.cues[place]
    following = document.cues[place + 1] if place + 1 < len(document.cues) else None
    columns = measure_width("".join(cue.lines), language)
    duration = cue.end - cue.start
    lines = strip_tags(cue.text).split("\n")
    return CueMeasures(
        cue=cue.id,
        cps=round(columns / duration, 2) if duration > 0 else 0.0,
        line_length=max(measure_width(line.strip(), language) for line in lines),
        gap=None if following is None else round(following.start - cue.end, 3),
    )


def _severity_of(rule: ComplianceRule) -> Severity:
    if rule.is_error:
        return Severity.ERROR
    return Severity.WARNING if rule.is_limit else Severity.ADVICE
