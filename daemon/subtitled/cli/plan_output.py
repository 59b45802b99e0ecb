"""The output of ``plan``: one row for each file, or only totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subtitled.routing.cost_estimate import NO_COST, CostEstimate

from .output import display_path, echo, echo_json, echo_table


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow:
    """What would be made for one media file."""

    path: Path
    requirements: tuple[str, ...] = ()
    only_if_spoken: tuple[str, ...] = ()
    """Languages that nothing makes, unless the film turns out to be in them."""
    reasons: str = ""
    error: str = ""
    seconds: float = 0.0
    cost: CostEstimate = NO_COST
    is_decided: bool = False
    """Whether the daemon is done with it, so that it was not probed."""

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` has of the file."""
        return {
            "path": self.path,
            "requirements": list(self.requirements),
            "only_if_spoken": list(self.only_if_spoken),
            "reasons": self.reasons,
            "error": self.error,
            "seconds": self.seconds,
        }


def _audio_hours(rows: Iterable[PlanRow]) -> float:
    return sum(row.seconds for row in rows if row.requirements) / 3600


def _totals(rows: Sequence[PlanRow]) -> dict[str, Any]:
    cost = sum((row.cost for row in rows), NO_COST)
    return {
        "hours": round(_audio_hours(rows), 3),
        "work_hours": None if cost.has_unknown_duration else round(cost.work_seconds / 3600, 3),
        "money": {currency: round(amount, 4) for currency, amount in cost.money.items()},
    }


def print_summary(rows: Sequence[PlanRow], as_json: bool) -> None:
    """Print how many files need which subtitle, and the totals."""
    by_requirement: dict[str, list[PlanRow]] = {}
    for row in rows:
        for name in row.requirements:
            by_requirement.setdefault(name, []).append(row)
    only_if_spoken = Counter(name for row in rows for name in row.only_if_spoken)
    decided, failed = sum(row.is_decided for row in rows), sum(bool(row.error) for row in rows)
    counts = {
        name: {"files": len(wanting), "hours": round(_audio_hours(wanting), 3)}
        for name, wanting in sorted(by_requirement.items())
    }
    if as_json:
        result = {
            "files": len(rows),
            "decided": decided,
            "errors": failed,
            "requirements": counts,
            "only_if_spoken": dict(sorted(only_if_spoken.items())),
        }
        echo_json(result | _totals(rows))
        return
    echo_table(
        ("requirement", "files", "hours of audio"),
        ((name, count["files"], f"{count['hours']:.1f}") for name, count in counts.items()),
    )
    for name, number in sorted(only_if_spoken.items()):
        echo(f"{name}: only for those of {number} files in which it is spoken: nothing makes it")
    _print_totals(rows)
    if decided:
        echo(f"{decided} files need nothing, as the daemon found before")
    if failed:
        echo(f"{failed} files cannot be read; which ones: subtitled plan")


def print_plan(rows: Sequence[PlanRow], as_json: bool) -> None:
    """Print a row for each file, and the totals."""
    if as_json:
        echo_json({"files": [row.to_dict() for row in rows]} | _totals(rows))
        return
    echo_table(
        ("file", "requirements", "reasons"),
        (
            (
                display_path(row.path),
                ", ".join(row.requirements) or "-",
                row.error or row.reasons,
            )
            for row in rows
        ),
    )
    _print_totals(rows)


def _print_totals(rows: Sequence[PlanRow]) -> None:
    file_count = sum(bool(row.requirements) for row in rows)
    cost = sum((row.cost for row in rows), NO_COST)
    echo(
        f"{file_count} of {len(rows)} files, {_audio_hours(rows):.1f} hours of audio"
        f"{_describe_cost(cost)}"
    )


def _describe_cost(cost: CostEstimate) -> str:
    """Describe time and money; what is unknown is said to be unknown."""
    work = f", about {cost.work_seconds / 3600:.1f} hours of work" if cost.work_seconds else ""
    if cost.has_unknown_duration:
        work = ", for a time that is known once a first file is made"
    money = "".join(
        f", at most {amount:.2f} {currency}" for currency, amount in cost.money.items() if amount
    )
    return work + money + (" and an unknown price" if cost.has_unknown_price else "")
