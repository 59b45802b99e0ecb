"""Which of the subtitles that are to be made again are made again, and why others are not.

What a person edits, edited or approved is never made again. Nor is what is no longer wanted, what
a human subtitle covers, and what the engines of now would make as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.db.sidecars import SidecarRecord
from subtitled.plugin import Language, SubtitleKind
from subtitled.plugin.paths import display_path
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.policy.requirements import Decision, Requirement
from subtitled.subtitles.makers import Makers


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeQuestion:
    """What is to be made again, and what decides about it."""

    requested: Sequence[SidecarRecord]
    existing: Sequence[ExistingSubtitle]
    begun: frozenset[tuple[Language, SubtitleKind]]
    """The subtitles that somebody edits."""
    spoken: Language | None
    decide: Callable[[Sequence[ExistingSubtitle]], Decision]
    """Decides as if these were the subtitles of the media file."""
    find_makers: Callable[[Requirement], Makers]
    """Returns what would make a subtitle now."""


def add_upgrades(decision: Decision, question: UpgradeQuestion) -> Decision:
    """Return a decision with the subtitles that are made again, and the reasons.

    Args:
        decision: What is missing.
        question: What is to be made again.
    """
    by_name = {record.path.name: record for record in question.requested}
    items = {
        item.location: item
        for item in question.existing
        if item.location in by_name and _may_be_replaced(item, question.begun)
    }
    without = [
        replace(item, is_superseded=True) if items.get(item.location) is item else item
        for item in question.existing
    ]
    again = question.decide(without)
    upgrades, reasons = list[Requirement](), list[str]()
    considered: set[str] = set()
    for requirement in again.requirements:
        names = [
            name
            for name, item in items.items()
            if item.format in requirement.formats and _is_of(item, requirement)
        ]
        if not names:
            continue
        considered.update(names)
        makers = question.find_makers(requirement)
        before = [by_name[name].makers for name in names]
        refusal = _refuse(makers, before, requirement, question)
        if refusal is not None:
            reasons += (f"{_show(name)}: not made again: {refusal}" for name in names)
            continue
        formats = tuple(fmt for fmt in requirement.formats if fmt in _formats(names, items))
        upgrades.append(replace(requirement, formats=formats))
        was = " or ".join(dict.fromkeys(str(maker) for maker in before))
        reasons += (f"{_show(name)}: to be made again by {makers}; {was} made it" for name in names)
    reasons += _describe_others(by_name, items, considered)
    return replace(
        decision,
        upgrades=tuple(upgrades),
        reasons=(*decision.reasons, *reasons),
        needs_analysis=decision.needs_analysis or bool(upgrades and again.needs_analysis),
    )


def _may_be_replaced(
    item: ExistingSubtitle, begun: frozenset[tuple[Language, SubtitleKind]]
) -> bool:
    is_ours = item.origin == SIDECAR and item.is_ours and not item.is_outdated
    return is_ours and not item.is_superseded and (item.language, item.kind) not in begun


def _is_of(item: ExistingSubtitle, requirement: Requirement) -> bool:
    below = requirement.secondary.language if requirement.secondary is not None else None
    return (item.language, item.kind, item.secondary) == (
        requirement.language,
        requirement.kind,
        below,
    )


def _refuse(
    makers: Makers, before: Sequence[Makers], requirement: Requirement, question: UpgradeQuestion
) -> str | None:
    """Return why a subtitle is not made again, or None."""
    if not makers:
        return "no configured engine or translator makes it"
    if all(makers == one for one in before):
        return f"{makers} made it, and would make it now"
    is_translation = question.spoken is not None and not question.spoken.satisfies(
        requirement.language or question.spoken
    )
    is_other_engine = any(not makers.engine.is_same_model(one.engine) for one in before)
    if is_translation and is_other_engine and _has_approved_source(question):
        return "a person approved the text in the language spoken, of which it was made"
    return None


def _has_approved_source(question: UpgradeQuestion) -> bool:
    return any(
        item.is_approved
        and item.kind is SubtitleKind.FULL
        and item.language is not None
        and question.spoken is not None
        and item.language.satisfies(question.spoken)
        for item in question.existing
    )


def _formats(names: Sequence[str], items: dict[str, ExistingSubtitle]) -> set[str]:
    return {items[name].format for name in names}


def _describe_others(
    by_name: dict[str, SidecarRecord], items: dict[str, ExistingSubtitle], considered: set[str]
) -> Iterator[str]:
    for name in by_name:
        if name not in items:
            yield f"{_show(name)}: not made again: it is gone, or a person edits or edited it"
        elif name not in considered:
            yield f"{_show(name)}: not made again: it is not wanted, or another one serves"


def _show(name: str) -> str:
    return display_path(Path(name))
