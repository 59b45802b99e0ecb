"""Errors bar approval, warnings do not, and the values are those of the cue rules."""

from __future__ import annotations

from subtitled.plugin import Cue
from subtitled.subtitles.evaluation.compliance import ComplianceRule
from subtitled.subtitles.review.document import Document, ReviewCue
from subtitled.subtitles.review.findings import (
    Severity,
    find_violations,
    find_violations_of,
    measure_cue,
)

from .histories import ENGLISH, RULES


def _found(*cues: ReviewCue) -> dict[tuple[str, ComplianceRule], Severity]:
    findings = find_violations(Document.create(0, cues), ENGLISH, RULES)
    return {(finding.cue, finding.rule): finding.severity for finding in findings}


def _cue(number: int, start: float, end: float, *lines: str) -> ReviewCue:
    return ReviewCue(id=str(number), start=start, end=end, lines=lines)


def test_overlap_wrong_times_and_empty_cues_are_errors() -> None:
    found = _found(
        _cue(1, 0.0, 2.0, "One two"),
        _cue(2, 1.5, 3.0, "Three four"),
        _cue(3, 5.0, 5.0, "Five"),
        _cue(4, 7.0, 9.0),
    )
    errors = {key for key, severity in found.items() if severity is Severity.ERROR}
    assert errors == {
        ("1", ComplianceRule.OVERLAP),
        ("3", ComplianceRule.TIMES),
        ("4", ComplianceRule.TEXT),
    }


def test_limits_for_readers_are_warnings_and_a_flash_is_advice() -> None:
    found = _found(
        _cue(1, 0.0, 1.0, "A line that is far longer than forty-two columns of a screen"),
        _cue(2, 1.3, 3.0, "Three four"),
    )
    assert found["1", ComplianceRule.LINE_LENGTH] is Severity.WARNING
    assert found["1", ComplianceRule.SPEED] is Severity.WARNING
    assert found["1", ComplianceRule.FLASH] is Severity.ADVICE


def test_a_finding_says_what_is_wrong() -> None:
    cues = (_cue(1, 0.0, 0.4, "One"), _cue(2, 1.0, 3.0, "Two"), _cue(3, 2.5, 5.0, "Three"))
    findings = find_violations(Document.create(0, cues), ENGLISH, RULES)
    told = {finding.rule: finding.text for finding in findings}
    assert told[ComplianceRule.SHORT] == "too short: 0.400 s"
    assert told[ComplianceRule.OVERLAP] == "overlaps the next: by 0.500 s"


def test_measures_are_those_of_the_rules() -> None:
    document = Document.from_cues([Cue(0.0, 2.0, "ab\n<i>cdef</i>"), Cue(1.5, 3.0, "x")], ENGLISH)
    first, last = (measure_cue(document, place, ENGLISH) for place in (0, 1))
    assert (first.cps, first.line_length, first.gap) == (3.0, 4.0, -0.5)
    assert last.gap is None


def test_some_cues_are_checked_as_all_are() -> None:
    document = Document.create(
        0, [_cue(1, 0.0, 2.0, "One two"), _cue(2, 1.5, 3.0), _cue(3, 3.0, 9.9, "x" * 60)]
    )
    everything = find_violations(document, ENGLISH, RULES)
    for place, cue in enumerate(document.cues):
        expected = tuple(finding for finding in everything if finding.cue == cue.id)
        assert find_violations_of([place], document, ENGLISH, RULES) == expected
    assert find_violations_of(range(3), document, ENGLISH, RULES) == everything
