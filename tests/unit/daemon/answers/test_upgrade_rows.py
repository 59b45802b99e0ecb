"""Tests of the rows that tell people what an upgrade would do."""

from __future__ import annotations

from subtitled.daemon.answers.upgrades import UpgradeAnswer, UpgradeRow
from subtitled.db.upgrade_groups import UpgradeGroup, UpgradeTotal
from subtitled.subtitles.makers import Maker, Makers

BASE = Makers(Maker("whisper", "base", "0.1"))


def _row(language: str, spoken: str, files: int, kept: str = "") -> UpgradeRow:
    group = UpgradeGroup(
        library="films",
        spoken=spoken,
        language=language,
        makers=BASE,
        files=files,
        seconds=60.0 * files,
    )
    return UpgradeRow(group=group, makers=BASE, kept=kept)


def test_rows_that_differ_only_in_the_language_spoken_are_shown_as_one() -> None:
    rows = (_row("en", "de", 1), _row("en", "fr", 2), _row("fr", "fr", 4), _row("en", "ru", 8, "x"))
    answer = UpgradeAnswer(rows=rows, total=UpgradeTotal(), pending=UpgradeTotal())
    shown = [(one.group.language, one.group.files, one.kept) for one in answer.shown_rows]
    assert shown == [("en", 3, ""), ("fr", 4, ""), ("en", 8, "x")]
    assert answer.to_dict()["items"][0]["files"] == 3
    assert [group.spoken for group in answer.chosen] == ["de", "fr", "fr"]
