"""An evaluation as a page that stands alone, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

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


_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2024; --soft: #667; --grid: #e3e6ea;
  --in: #2f6fb0; --over: #c2410c; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e8eaed; --soft: #9aa3ad;
  --grid: #2c3238; --in: #6cabe6; --over: #fb8b4b; } }
body { font: 15px/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink);
  max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; overflow-wrap: anywhere; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--grid);
  vertical-align: top; overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; } tr.error td { color: var(--over); }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--soft); } svg text.up, svg text.limit { text-anchor: end; }
svg text.across { text-anchor: middle; } svg text.limit { fill: var(--over); }
.grid { stroke: var(--grid); } line.limit { stroke: var(--over); stroke-dasharray: 5 4; }
.in { fill: var(--in); } circle.in { fill-opacity: .75; } circle.over { fill: var(--over); }
"""


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
    parts = [_section(one) for one in found]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Subtitles, evaluated</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


def _section(found: Evaluation) -> str:
    said, count = found.conformity, found.conformity.cues
    parts = [
        f"<h1>{escape(_legible(found.name))}</h1>",
        f'<p class="note">{escape(found.language.english_name)}, limits of {found.profile}: '
        f"{found.limits.line_length:g} columns, {found.limits.lines} lines, "
        f"{found.limits.cps:g} columns a second</p>",
        f"<p>{said.inside} of {count} cues are inside all limits. Of {said.fast_speech} the only "
        "miss is speech that is faster than the limit.</p>",
    ]
    if rows := rows_of_rules(said):
        parts.append('<table><tr><th>missed</th><th class="n">cues</th><th>which</th></tr>')
        for rule, number, share, which in rows:
            kind = ' class="error"' if rule.is_error else ""
            parts.append(
                f'<tr{kind}><td>{rule}</td><td class="n">{number} ({share})</td>'
                f"<td>{which}</td></tr>"
            )
        parts.append("</table>")
    if count:
        parts.append("<h2>Reading speed</h2>")
        parts.append(
            charts.reading_speed(
                [Cue(c.start, c.end, _legible(c.text)) for c in found.cues],
                said.speeds,
                found.limits.cps,
            )
        )
    if (against := found.comparison) is not None:
        parts.append("<h2>Against the reference</h2><table>")
        parts += (
            f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>"
            for name, value in rows_of_comparison(against)
        )
        parts.append("</table>")
        for name, times in (("In-times", against.in_times), ("Out-times", against.out_times)):
            if times.errors:
                parts.append(f"<h2>{name} against the reference</h2>")
                parts.append(charts.errors(name, times.errors))
    return "<section>" + "\n".join(parts) + "</section>"


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
