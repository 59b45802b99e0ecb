"""Verdicts of quality control, and what the table of a batch holds."""

from __future__ import annotations

import pytest

from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.batch import (
    COLUMNS,
    BatchRow,
    FileVerdict,
    decide_verdict,
    render_index_page,
    summarise_evaluation,
    to_record,
)
from subtitled.subtitles.evaluation.compliance import check_compliance
from subtitled.subtitles.evaluation.report import Evaluation
from subtitled.subtitles.profiles import PROFILES
from subtitled.subtitles.rules import select_cue_rules

GERMAN = Language("de")
GOOD = Cue(0.0, 2.0, "Wir gehen.")
LONG = Cue(3.0, 6.0, "x" * 43)


def evaluate(*cues: Cue, profile: str = "netflix") -> Evaluation:
    rules = select_cue_rules(GERMAN, translation=False, profile=profile)
    return Evaluation(
        name="Film.de.srt",
        language=GERMAN,
        profile=profile,
        rules=rules,
        cues=cues,
        compliance=check_compliance(cues, GERMAN, rules),
    )


@pytest.mark.parametrize(
    ("cues", "allowed", "verdict"),
    [
        ((GOOD,), None, FileVerdict.OK),
        ((GOOD,), 0.0, FileVerdict.OK),
        ((GOOD, LONG), None, FileVerdict.WARNING),
        ((GOOD, LONG), 50.0, FileVerdict.WARNING),
        ((GOOD, LONG), 49.0, FileVerdict.FAILED),
        ((GOOD, Cue(1.0, 4.0, "Jetzt.")), 100.0, FileVerdict.FAILED),
        ((), None, FileVerdict.FAILED),
    ],
)
def test_errors_always_fail_and_limits_as_far_as_they_are_allowed(
    cues: tuple[Cue, ...], allowed: float | None, verdict: FileVerdict
) -> None:
    found, reason = decide_verdict(evaluate(*cues).compliance, allowed)
    assert found is verdict
    assert bool(reason) is (verdict is FileVerdict.FAILED)


def test_every_row_has_every_column_and_what_is_unknown_is_empty() -> None:
    row = summarise_evaluation(evaluate(GOOD, LONG), ["a note"], None)
    record = to_record(row)
    assert tuple(record) == COLUMNS
    assert (record["cues"], record["outside_percent"], record["line_length"]) == (2, 50.0, 1)
    unread = to_record(BatchRow(name="x\udcff.srt", verdict=FileVerdict.UNREADABLE, reason="why"))
    assert tuple(unread) == COLUMNS
    assert (unread["file"], unread["cues"], unread["overlap"]) == ("x?.srt", "", "")


def test_the_index_page_escapes_names_and_names_the_source_of_its_limits() -> None:
    row = BatchRow(name="<b>.srt", verdict=FileVerdict.FAILED, reason="<i>")
    page = render_index_page([row], "bbc")
    assert "&lt;b&gt;.srt" in page
    assert "<i>" not in page
    assert PROFILES["bbc"].source in page


def test_every_profile_cites_where_its_limits_are_published() -> None:
    for profile in PROFILES.values():
        assert profile.title
        assert len(profile.source) > 40
