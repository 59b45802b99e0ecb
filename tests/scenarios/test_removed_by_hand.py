"""A subtitle that a person takes back is told as taken back, in lists and numbers too."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from subtitled.daemon.answers.undo import undo_file
from subtitled.policy.coverage import REMOVED_BY_USER
from subtitled.policy.requirements import AnswerStatus
from support.harness import Harness, film


def statuses(harness: Harness, media: Path) -> Counter[str]:
    rows = harness.database.overview.requirements_of(harness.the(media).id)
    return Counter(row.status for row in rows)


@pytest.mark.parametrize("named", ["the media file", "the sidecar"])
def test_a_subtitle_taken_back_is_not_listed_as_there(tmp_path: Path, named: str) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    media = film(harness.root / "The Operator (2019) [1080p].wav", 1)
    harness.scan()
    sidecar = media.with_suffix(".en.srt")
    assert sidecar.exists()
    assert statuses(harness, media) == {AnswerStatus.MET: 1}

    undo_file(
        harness.configuration,
        harness.database,
        media if named == "the media file" else sidecar,
        restore=False,
        actor="ana",
    )
    assert statuses(harness, media) == {}, "nothing is said until it was looked at"
    assert harness.jobs.examine_pending("films", 10) == 1
    assert statuses(harness, media) == {AnswerStatus.REMOVED: 1}
    record = harness.the(media)
    (row,) = harness.database.overview.coverage_of(record.id)
    assert row.origin == REMOVED_BY_USER
    assert record.reason == "removed by hand"
    assert record.hint.endswith(f"subtitled queue retry '{media}'"), "the line can be typed"

    harness.jobs.retry(record)
    harness.settle()
    assert sidecar.exists()
    assert statuses(harness, media) == {AnswerStatus.MET: 1}
    harness.close()
