"""Quality control of many subtitles: a verdict and a row for each file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ..profiles import PROFILES
from .compliance import ComplianceReport, ComplianceRule
from .report import Evaluation, build_rule_rows, load_templates, to_printable


class FileVerdict(StrEnum):
    """What the quality control says of one file."""

    OK = "ok"
    WARNING = "warning"
    """Cues are outside the limits of the profile, but not more than are allowed."""
    FAILED = "failed"
    UNREADABLE = "unreadable"

    @property
    def is_passed(self) -> bool:
        """Check whether the file may be delivered."""
        return self in (FileVerdict.OK, FileVerdict.WARNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """The result for one file of a batch."""

    name: str
    verdict: FileVerdict
    reason: str = ""
    """Why it failed or cannot be read."""
    language: str = ""
    profile: str = ""
    cues: int = 0
    errors: int = 0
    outside_limits: int = 0
    fast_speech: int = 0
    mean_cps: float | None = None
    max_cps: float | None = None
    cues_by_rule: dict[str, int] = field(default_factory=dict)
    """Violating cues by the name of the rule."""
    rules: tuple[tuple[str, str, str], ...] = ()
    """For people: what is violated, how often, and by which cues."""
    notes: tuple[str, ...] = ()
    """What else was noticed: parts that were left out, a label that is wrong."""


def decide_verdict(
    compliance: ComplianceReport, max_outside_percent: float | None
) -> tuple[FileVerdict, str]:
    """Return the verdict of a file and its reason.

    Args:
        compliance: The compliance of its cues.
        max_outside_percent: The share of the cues that may be outside the limits, in percent. None:
            any, so that only errors fail.
    """
    count = compliance.cue_count
    if not count:
        return FileVerdict.FAILED, "it has no cues"
    outside = count - compliance.compliant_count
    if compliance.error_count:
        return FileVerdict.FAILED, f"errors that may confuse a player: {compliance.error_count}"
    if max_outside_percent is not None and 100 * outside > max_outside_percent * count:
        return FileVerdict.FAILED, (
            f"{outside / count:.1%} of the cues are outside the limits, {max_outside_percent:g} % "
            "are allowed"
        )
    return (FileVerdict.WARNING if outside else FileVerdict.OK), ""


def summarise_evaluation(
    evaluation: Evaluation, notes: Sequence[str], max_outside_percent: float | None
) -> BatchRow:
    """Return the row of an evaluated file."""
    compliance = evaluation.compliance
    verdict, reason = decide_verdict(compliance, max_outside_percent)
    count, speeds = compliance.cue_count, compliance.speeds
    violated = build_rule_rows(compliance)
    return BatchRow(
        name=evaluation.name,
        verdict=verdict,
        reason=reason,
        language=str(evaluation.language),
        profile=evaluation.profile,
        cues=count,
        errors=compliance.error_count,
        outside_limits=count - compliance.compliant_count,
        fast_speech=compliance.fast_speech_count,
        mean_cps=round(sum(speeds) / count, 2) if count else None,
        max_cps=round(max(speeds), 2) if count else None,
        cues_by_rule={rule.name.lower(): number for rule, number, _, _ in violated},
        rules=tuple(
            (rule.violation, f"{number} ({share})", which)
            for rule, number, share, which in violated
        ),
        notes=tuple(notes),
    )


RULE_COLUMNS = tuple(rule.name.lower() for rule in ComplianceRule)
COLUMNS = (
    *"file verdict reason language profile cues errors outside_limits outside_percent".split(),
    *"fast_speech mean_cps max_cps".split(),
    *RULE_COLUMNS,
    "notes",
)
"""The columns of the table of a batch."""


def to_record(row: BatchRow) -> dict[str, object]:
    """Return the values of a row by :data:`COLUMNS`. What is not known is empty."""
    is_read = row.verdict is not FileVerdict.UNREADABLE
    percent = round(100 * row.outside_limits / row.cues, 1) if row.cues else ""
    return {
        "file": to_printable(row.name),
        "verdict": str(row.verdict),
        "reason": row.reason,
        "language": row.language,
        "profile": row.profile,
        "cues": row.cues if is_read else "",
        "errors": row.errors if is_read else "",
        "outside_limits": row.outside_limits if is_read else "",
        "outside_percent": percent,
        "fast_speech": row.fast_speech if is_read else "",
        "mean_cps": "" if row.mean_cps is None else row.mean_cps,
        "max_cps": "" if row.max_cps is None else row.max_cps,
        **{name: row.cues_by_rule.get(name, 0) if is_read else "" for name in RULE_COLUMNS},
        "notes": "; ".join(row.notes),
    }


def count_verdicts(rows: Iterable[BatchRow]) -> dict[FileVerdict, int]:
    """Return how many files have each verdict, without those that none has."""
    counts = Counter(row.verdict for row in rows)
    return {verdict: counts[verdict] for verdict in FileVerdict if counts[verdict]}


def to_summary(rows: Sequence[BatchRow], profile: str) -> dict[str, Any]:
    """Return the profile with its source, and the verdicts of a batch, for programs."""
    return {
        "profile": profile,
        "source": PROFILES[profile].source,
        "passed": all(row.verdict.is_passed for row in rows),
        "verdicts": {str(verdict): number for verdict, number in count_verdicts(rows).items()},
    }


def render_index_page(rows: Sequence[BatchRow], profile: str) -> str:
    """Render the page of a batch: the verdicts, and a line for each file, the worst first."""
    order = [FileVerdict.UNREADABLE, FileVerdict.FAILED, FileVerdict.WARNING, FileVerdict.OK]
    worst_first = sorted(rows, key=lambda row: (order.index(row.verdict), -row.outside_limits))
    return (
        load_templates()
        .get_template("index.html")
        .render(
            guide=PROFILES[profile],
            counts=count_verdicts(rows),
            rows=worst_first,
            to_printable=to_printable,
        )
    )
