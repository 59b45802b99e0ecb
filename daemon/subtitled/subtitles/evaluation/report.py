"""An evaluation as a page that stands alone, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from subtitled.plugin import Cue, Language

from ..limits import Limits
from . import charts
from .conformity import Conformity, Rule

if TYPE_CHECKING:
    from .comparison import Comparison, Times


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that was found of one file."""

    name: str
    language: Language
    profile: str
    limits: Limits
    cues: tuple[Cue, ...]
    conformity: Conformity
    comparison: Comparison | None = None


_TEMPLATES = Environment(
    loader=PackageLoader(__package__, ""),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)


def as_json(found: Evaluation) -> dict[str, Any]:
    """What was found, for programs; shares are 0 to 1, times seconds."""
    said, count = found.conformity, found.conformity.cues
    told: dict[str, Any] = {
        "file": found.name,
        "language": str(found.language),
        "profile": found.profile,
        "cues": count,
        "errors": said.errors,
        "inside_all_limits": _share(said.inside, count),
        "only_miss_is_fast_speech": _share(said.fast_speech, count),
        "mean_speed": round(sum(said.speeds) / count, 2) if count else None,
        "rules": {
            rule.name.lower(): {
                "error": rule.is_error,
                "counts": rule.counts,
                "cues": said.missing(rule),
            }
            for rule in Rule
        },
        "findings": [
            {"cue": one.cue, "rule": one.rule.name.lower(), "found": one.said}
            for one in said.findings
        ],
    }
    if (against := found.comparison) is not None:
        told["comparison"] = {
            against.unit.lower(): _rounded(against.error_rate, 4),
            "suber": _rounded(against.suber, 2),
            "in_times": _times(against.in_times),
            "out_times": _times(against.out_times),
            "cue_ends": {
                "precision": _rounded(against.borders.precision, 4),
                "recall": _rounded(against.borders.recall, 4),
                "f1": _rounded(against.borders.f1, 4),
            },
            "silence": round(against.silence, 3),
            "invented_characters": against.invented,
            "invented_characters_per_hour": _rounded(against.invented_per_hour, 1),
        }
    return told


def rows_of_rules(said: Conformity) -> list[tuple[Rule, int, str, str]]:
    """Each rule that is missed: how often, which share of the cues, and where."""
    rows = []
    for rule in Rule:
        if numbers := said.missing(rule):
            share = f"{len(numbers) / said.cues:.1%}"
            rows.append((rule, len(numbers), share, ", ".join(map(str, numbers))))
    return rows


def rows_of_comparison(against: Comparison) -> list[tuple[str, str]]:
    """The comparison in words."""
    edges = against.borders
    return [
        (against.unit, _percent(against.error_rate)),
        ("SubER", "-" if against.suber is None else f"{against.suber:.1f}"),
        ("in-times", _said(against.in_times)),
        ("out-times", _said(against.out_times)),
        (
            "cue ends",
            f"precision {_percent(edges.precision)}, recall {_percent(edges.recall)}, "
            f"F1 {_percent(edges.f1)}",
        ),
        (
            "characters in silence",
            "no pause to be silent in"
            if against.invented_per_hour is None
            else f"{against.invented_per_hour:.0f} an hour "
            f"({against.invented} in {against.silence:.0f} s)",
        ),
    ]


def page(found: Sequence[Evaluation]) -> str:
    """The whole page."""
    return _TEMPLATES.get_template("report.html").render(sections=map(_section, found))


def _section(found: Evaluation) -> dict[str, Any]:
    """What the template says of one file."""
    said, against = found.conformity, found.comparison
    cues = [Cue(cue.start, cue.end, _legible(cue.text)) for cue in found.cues]
    section: dict[str, Any] = {
        "found": found,
        "name": _legible(found.name),
        "missed": rows_of_rules(said),
        "speed": charts.reading_speed(cues, said.speeds, found.limits.cps) if cues else "",
        "compared": [],
        "times": [],
    }
    if against is not None:
        section["compared"] = rows_of_comparison(against)
        for name, times in (("In-times", against.in_times), ("Out-times", against.out_times)):
            if times.errors:
                section["times"].append((name, charts.errors(name, times.errors)))
    return section


def _legible(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _times(times: Times) -> dict[str, Any]:
    return {
        "cues": len(times.errors),
        "median": _rounded(times.median, 3),
        "p90": _rounded(times.p90, 3),
        "signed_median": _rounded(times.signed, 3),
    }


def _said(times: Times) -> str:
    if times.median is None or times.p90 is None or times.signed is None:
        return "no cue in common"
    return (
        f"median {times.median:.3f} s, p90 {times.p90:.3f} s, signed {times.signed:+.3f} s "
        f"({len(times.errors)} cues in common)"
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"
