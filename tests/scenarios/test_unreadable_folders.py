"""A folder that cannot be read for a moment: the reason is recorded, and it is tried again."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest

from subtitled.library.subtitle_names import list_names
from support.harness import Harness, film


@pytest.mark.parametrize(
    ("failing_call", "number", "reason"),
    [
        pytest.param(1, errno.EACCES, "cannot be read by this user", id="while it is planned"),
        pytest.param(2, errno.EIO, "Input/output error", id="in its job"),
    ],
)
def test_an_unreadable_folder_is_no_bug_whichever_step_reads_it(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    failing_call: int,
    number: int,
    reason: str,
) -> None:
    harness, calls = Harness(tmp_path), list[Path]()

    def list_or_fail(media: Path) -> list[str]:
        calls.append(media)
        if len(calls) == failing_call:
            raise OSError(number, os.strerror(number), os.fsencode(media.parent))
        return list_names(media)

    monkeypatch.setattr("subtitled.pipeline.planning.list_names", list_or_fail)
    media = film(harness.root / "Film.wav", 1)
    with caplog.at_level(logging.WARNING):
        harness.scan()
    harness.close()
    warnings = [record.getMessage() for record in caplog.records]
    assert any(str(media.parent) in line and reason in line for line in warnings), warnings
    assert not any("bug" in line or "unexpected" in line for line in warnings)
    assert len(calls) > failing_call
    assert [name for name in harness.names() if name.endswith(".srt")]
