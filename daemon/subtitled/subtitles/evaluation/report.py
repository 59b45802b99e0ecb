"""Evaluations as a self-contained HTML page and as JSON."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from subtitled.plugin import Cue, Language

from ..rules import CueRules
from . import charts
from .compliance import ComplianceReport, ComplianceRule

if TYPE_CHECKING:
    from jinja2 import Environment

    from .comparison import Comparison, TimingErrors


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The results for one file."""

    name: str
    language: Language
    profile: str
    rules: CueRules
    cues: tuple[Cue, ...]
    compliance: ComplianceReport
    comparison: Comparison | None = None


@functools.cache
def load_templates() -> Environment:
    """Return the pages of this package. Most processes render none, and never import Jinja."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader(__package__, ""),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """Convert an evaluation to JSON; shares are 0 to 1, times are seconds."""
    compliance, count = evaluation.compliance, evaluation.compliance.cue_count
    payload: dict[str, Any] = {
        "file": evaluation.name,
        "language": str(evaluation.language),
        "profile": evaluation.profile,
        "cues": count,
        "errors": compliance.error_count,
        "inside_all_limits": _round_share(compliance.compliant_count, count),
        "only_miss_is_fast_speech": _round_share(compliance.fast_speech_count, count),
        "mean_speed": round(sum(compliance.speeds) / count, 2) if count else None,
        "rules": {
            rule.name.lower(): {
                "error": rule.is_error,
                "counts": rule.is_limit,
                "cues": compliance.list_violating_cues(rule),
            }
            for rule in ComplianceRule
        },
        "findings": [
            {
                "cue": violation.cue_number,
                "rule": violation.rule.name.lower(),
                "found": violation.detail,
            }
            for violation in compliance.violations
        ],
    }
    if (comparison := evaluation.comparison) is not None:
        payload["comparison"] = {
            comparison.unit.lower(): _round(comparison.error_rate, 4),
            f"timed_{comparison.unit.lower()}": _round(comparison.timed_error_rate, 4),
            "suber": _round(comparison.suber, 2),
            "in_times": _times_to_json(comparison.in_times),
            "out_times": _times_to_json(comparison.out_times),
            "cue_ends": {
                "precision": _round(comparison.boundaries.precision, 4),
                "recall": _round(comparison.boundaries.recall, 4),
                "f1": _round(comparison.boundaries.f1, 4),
            },
            "silence": round(comparison.silence_seconds, 3),
            "invented_characters": comparison.invented_characters,
            "invented_characters_per_hour": _round(comparison.invented_per_hour, 1),
        }
    return payload


def build_rule_rows(compliance: ComplianceReport) -> list[tuple[ComplianceRule, int, str, str]]:
    """Return each violated rule with its number of cues, their share and their numbers."""
    rows = []
    for rule in ComplianceRule:
        if numbers := compliance.list_violating_cues(rule):
            share = f"{len(numbers) / compliance.cue_count:.1%}"
            rows.append((rule, len(numbers), share, ", ".join(map(str, numbers))))
    return rows


def build_comparison_rows(comparison: Comparison) -> list[tuple[str, str]]:
    """Return the names and values of a comparison as text."""
    boundaries = comparison.boundaries
    return [
        (comparison.unit, _format_percent(comparison.error_rate)),
        (f"timed {comparison.unit}", _format_percent(comparison.timed_error_rate)),
        ("SubER", "-" if comparison.suber is None else f"{comparison.suber:.1f}"),
        ("in-times", _describe_times(comparison.in_times)),
        ("out-times", _describe_times(comparison.out_times)),
        (
            "cue ends",
            f"precision {_format_percent(boundaries.precision)}, "
            f"recall {_format_percent(boundaries.recall)}, "
            f"F1 {_format_percent(boundaries.f1)}",
        ),
        (
            "characters in silence",
            "no pause to be silent in"
            if comparison.invented_per_hour is None
            else f"{comparison.invented_per_hour:.0f} an hour "
            f"({comparison.invented_characters} in {comparison.silence_seconds:.0f} s)",
        ),
    ]


def render_page(evaluations: Sequence[Evaluation]) -> str:
    """Render the page of some evaluations."""
    return (
        load_templates()
        .get_template("report.html")
        .render(sections=map(_render_section, evaluations))
    )


def _render_section(evaluation: Evaluation) -> dict[str, Any]:
    """Return the template's values for one file."""
    compliance, comparison = evaluation.compliance, evaluation.comparison
    cues = [Cue(cue.start, cue.end, to_printable(cue.text)) for cue in evaluation.cues]
    section: dict[str, Any] = {
        "evaluation": evaluation,
        "name": to_printable(evaluation.name),
        "violations": build_rule_rows(compliance),
        "speed": charts.render_reading_speed(cues, compliance.speeds, evaluation.rules.max_cps)
        if cues
        else "",
        "compared": [],
        "times": [],
    }
    if comparison is not None:
        section["compared"] = build_comparison_rows(comparison)
        for name, times in (("In-times", comparison.in_times), ("Out-times", comparison.out_times)):
            if times.errors:
                section["times"].append((name, charts.render_error_histogram(name, times.errors)))
    return section


def to_printable(text: str) -> str:
    """Return a text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _times_to_json(times: TimingErrors) -> dict[str, Any]:
    return {
        "cues": len(times.errors),
        "median": _round(times.median, 3),
        "p90": _round(times.p90, 3),
        "signed_median": _round(times.signed_median, 3),
    }


def _describe_times(times: TimingErrors) -> str:
    if times.median is None or times.p90 is None or times.signed_median is None:
        return "no cue in common"
    return (
        f"median {times.median:.3f} s, p90 {times.p90:.3f} s, signed {times.signed_median:+.3f} s "
        f"({len(times.errors)} cues in common)"
    )


def _round_share(part: int, total: int) -> float | None:
    return round(part / total, 4) if total else None


def _round(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _format_percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
