"""Whether cues keep a profile's limits, rule by rule."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from subtitled.plugin import Cue, Language

from ..limits import Limits, untagged, width

TOLERANCE = 0.002
"""Seconds: files count in thousandths, limits in frames."""


class Rule(StrEnum):
    """What is asked of a cue."""

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
    def is_error(self) -> bool:
        """Whether a player may stumble; the others are a matter of reading."""
        return self in (Rule.TIMES, Rule.ORDER, Rule.OVERLAP, Rule.TEXT)

    @property
    def counts(self) -> bool:
        """Whether a cue that misses it is outside the limits; else it is advice."""
        return self is not Rule.FLASH


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that one cue misses."""

    rule: Rule
    cue: int
    """Its number, from 1."""
    said: str
    """What was found, with its unit."""


@dataclass(frozen=True, slots=True)
class Conformity:
    """What was found in a whole subtitle."""

    cues: int
    findings: tuple[Finding, ...]
    speeds: tuple[float, ...]
    """Columns a second of each cue."""
    fast_speech: int
    """Cues that miss the reading speed alone, and would if they stayed until the next one comes:
    there the speech itself is faster than the limit, and only a shorter text would help."""

    @property
    def inside(self) -> int:
        """Cues inside all limits."""
        return self.cues - len({one.cue for one in self.findings if one.rule.counts})

    @property
    def errors(self) -> int:
        return sum(one.rule.is_error for one in self.findings)

    def missing(self, rule: Rule) -> list[int]:
        """The numbers of the cues that miss a rule."""
        return [one.cue for one in self.findings if one.rule is rule]


def conformity(cues: Sequence[Cue], language: Language, limits: Limits) -> Conformity:
    """Hold cues, in the order of their file, to limits."""
    findings: list[Finding] = []
    speeds: list[float] = []
    fast = 0
    for number, cue in enumerate(cues, 1):
        after = cues[number] if number < len(cues) else None
        columns = width(cue.text.replace("\n", ""), language)
        speeds.append(columns / max(cue.duration, TOLERANCE))
        missed = [*_misses(cue, columns, language, limits)]
        missed += _between(cue, after, limits) if after is not None else ()
        findings += (Finding(rule, number, said) for rule, said in missed)
        if [rule for rule, _ in missed if rule.counts] == [Rule.SPEED]:
            latest = math.inf if after is None else after.start - limits.gap
            longest = max(cue.duration, min(latest - cue.start, limits.max_duration))
            fast += columns > limits.cps * (longest + TOLERANCE)
    return Conformity(len(cues), tuple(findings), tuple(speeds), fast)


def _misses(
    cue: Cue, columns: float, language: Language, limits: Limits
) -> Iterator[tuple[Rule, str]]:
    if not 0 <= cue.start < cue.end:
        yield Rule.TIMES, f"{cue.start:.3f} to {cue.end:.3f} s"
        return
    lines = untagged(cue.text).split("\n")
    if not "".join(lines).strip():
        yield Rule.TEXT, "empty"
        return
    longest = max(width(line.strip(), language) for line in lines)
    if longest > limits.line_length:
        yield Rule.LINE_LENGTH, f"{longest:g} columns"
    if len(lines) > limits.lines:
        yield Rule.LINES, f"{len(lines)} lines"
    if columns > limits.cps * (cue.duration + TOLERANCE):
        yield Rule.SPEED, f"{columns / cue.duration:.1f} a second"
    if cue.duration < limits.min_duration - TOLERANCE:
        yield Rule.SHORT, f"{cue.duration:.3f} s"
    if cue.duration > limits.max_duration + TOLERANCE:
        yield Rule.LONG, f"{cue.duration:.3f} s"


def _between(cue: Cue, after: Cue, limits: Limits) -> Iterator[tuple[Rule, str]]:
    gap = after.start - cue.end
    if after.start < cue.start:
        yield Rule.ORDER, f"the next begins {cue.start - after.start:.3f} s before it"
    elif gap < -TOLERANCE:
        yield Rule.OVERLAP, f"by {-gap:.3f} s"
    elif gap < limits.gap - TOLERANCE:
        yield Rule.GAP, f"{max(0.0, gap):.3f} s"
    elif limits.gap + TOLERANCE < gap < limits.chain - TOLERANCE:
        yield Rule.FLASH, f"{gap:.3f} s"
