"""Compliance of cues with the limits of a profile, rule by rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Cue, Language

from ..markup import strip_tags
from ..rules import CueRules, measure_width

TOLERANCE_SECONDS = 0.002
"""Files have a resolution of 1 ms, and limits are multiples of frames."""


class ComplianceRule(StrEnum):
    """A rule for cues."""

    TIMES = "ends after it begins"
    ORDER = "begins before the next"
    OVERLAP = "ends before the next begins"
    TEXT = "has a text"
    LINE_LENGTH = "line length"
    LINES = "number of lines"
    SPEED = "reading speed"
    SHORT = "long enough"
    LONG = "short enough"
    GAP = "gap to the next"
    FLASH = "no flash of empty screen"

    @property
    def violation(self) -> str:
        """What is wrong with a cue that violates the rule."""
        return _VIOLATIONS[self]

    @property
    def is_error(self) -> bool:
        """Check whether a violation may confuse a player. The other rules are about reading."""
        return self in (
            ComplianceRule.TIMES,
            ComplianceRule.ORDER,
            ComplianceRule.OVERLAP,
            ComplianceRule.TEXT,
        )

    @property
    def is_limit(self) -> bool:
        """Check whether a violation puts a cue outside the limits. The other rules are advice."""
        return self is not ComplianceRule.FLASH


_VIOLATIONS = {
    ComplianceRule.TIMES: "ends before it begins",
    ComplianceRule.ORDER: "begins after the next",
    ComplianceRule.OVERLAP: "overlaps the next",
    ComplianceRule.TEXT: "has no text",
    ComplianceRule.LINE_LENGTH: "line too long",
    ComplianceRule.LINES: "too many lines",
    ComplianceRule.SPEED: "too fast to read",
    ComplianceRule.SHORT: "too short",
    ComplianceRule.LONG: "too long on screen",
    ComplianceRule.GAP: "too close to the next",
    ComplianceRule.FLASH: "empty screen flashes before the next",
}


@dataclass(frozen=True, slots=True)
class RuleViolation:
    """A violation of one rule by one cue."""

    rule: ComplianceRule
    cue_number: int
    """Number of the cue, from 1."""
    detail: str
    """The value that violates the rule, with its unit."""


@dataclass(frozen=True, slots=True)
class ComplianceReport:
    """The compliance of a whole subtitle."""

    cue_count: int
    violations: tuple[RuleViolation, ...]
    speeds: tuple[float, ...]
    """Columns a second of each cue."""
    fast_speech_count: int
    """Cues that only violate the reading speed, and would do so even if they were shown until the
    next one. There the speech itself is faster than the limit, and only a shorter text helps."""

    @property
    def compliant_count(self) -> int:
        """Return the number of cues inside all limits."""
        return self.cue_count - len(
            {violation.cue_number for violation in self.violations if violation.rule.is_limit}
        )

    @property
    def error_count(self) -> int:
        """Return the number of violations that may confuse a player."""
        return sum(violation.rule.is_error for violation in self.violations)

    def list_violating_cues(self, rule: ComplianceRule) -> list[int]:
        """Return the numbers of the cues that violate a rule."""
        return [violation.cue_number for violation in self.violations if violation.rule is rule]


def check_compliance(cues: Sequence[Cue], language: Language, rules: CueRules) -> ComplianceReport:
    """Check cues, in the order of their file, against the rules of a profile."""
    violations: list[RuleViolation] = []
    speeds: list[float] = []
    fast_speech_count = 0
    for number, cue in enumerate(cues, 1):
        following = cues[number] if number < len(cues) else None
        columns = measure_width(cue.text.replace("\n", ""), language)
        duration = cue.end - cue.start
        speeds.append(columns / (duration if duration > TOLERANCE_SECONDS else TOLERANCE_SECONDS))
        missed = _check_cue(cue, columns, language, rules)
        if following is not None:
            missed += _check_gap(cue, following, rules)
        if not missed:
            continue
        violations += [RuleViolation(rule, number, detail) for rule, detail in missed]
        if [rule for rule, _ in missed if rule.is_limit] == [ComplianceRule.SPEED]:
            latest = math.inf if following is None else following.start - rules.min_gap
            longest = max(duration, min(latest - cue.start, rules.max_duration))
            fast_speech_count += columns > rules.max_cps * (longest + TOLERANCE_SECONDS)
    return ComplianceReport(len(cues), tuple(violations), tuple(speeds), fast_speech_count)


def _check_cue(
    cue: Cue, columns: float, language: Language, rules: CueRules
) -> list[tuple[ComplianceRule, str]]:
    if not 0 <= cue.start < cue.end:
        return [(ComplianceRule.TIMES, f"{cue.start:.3f} to {cue.end:.3f} s")]
    text = strip_tags(cue.text)
    if not text.strip():
        return [(ComplianceRule.TEXT, "empty")]
    missed: list[tuple[ComplianceRule, str]] = []
    lines = text.split("\n")
    longest = max([measure_width(line.strip(), language) for line in lines])
    duration = cue.end - cue.start
    if longest > rules.max_line_length:
        missed.append((ComplianceRule.LINE_LENGTH, f"{longest:g} columns"))
    if len(lines) > rules.max_lines:
        missed.append((ComplianceRule.LINES, f"{len(lines)} lines"))
    if columns > rules.max_cps * (duration + TOLERANCE_SECONDS):
        missed.append((ComplianceRule.SPEED, f"{columns / duration:.1f} a second"))
    if duration < rules.min_duration - TOLERANCE_SECONDS:
        missed.append((ComplianceRule.SHORT, f"{duration:.3f} s"))
    if duration > rules.max_duration + TOLERANCE_SECONDS:
        missed.append((ComplianceRule.LONG, f"{duration:.3f} s"))
    return missed


def _check_gap(cue: Cue, following: Cue, rules: CueRules) -> list[tuple[ComplianceRule, str]]:
    gap = following.start - cue.end
    if following.start < cue.start:
        late = cue.start - following.start
        return [(ComplianceRule.ORDER, f"the next begins {late:.3f} s before it")]
    if gap < -TOLERANCE_SECONDS:
        return [(ComplianceRule.OVERLAP, f"by {-gap:.3f} s")]
    if gap < rules.min_gap - TOLERANCE_SECONDS:
        return [(ComplianceRule.GAP, f"{max(0.0, gap):.3f} s")]
    if rules.min_gap + TOLERANCE_SECONDS < gap < rules.chain_gap - TOLERANCE_SECONDS:
        return [(ComplianceRule.FLASH, f"{gap:.3f} s")]
    return []
