"""The pages call what is wrong with a cue as all other outputs do."""

from __future__ import annotations

from subtitled.subtitles.evaluation.compliance import ComplianceRule
from subtitled.web.pages.review_labels import RULES


def test_the_pages_name_what_is_wrong_as_reports_and_commands_do() -> None:
    assert {rule: rule.violation for rule in ComplianceRule} == RULES
