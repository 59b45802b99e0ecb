"""A folder that cannot be read for a moment: the reason is recorded, and it is tried again."""

from __future__ import annotations

import errno
import logging
import os
from pathlib import Path

import pytest

from subtitled.db.records import FileState
from subtitled.library.subtitle_names import list_names
from subtitled.plugin.limits import read_file
from subtitled.subtitles.publish import compute_sha256
from support.dialogue import lines_of, make_srt
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


def test_a_subtitle_on_a_failing_disk_is_neither_missing_nor_broken_nor_of_somebody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    harness = Harness(tmp_path)
    media = film(harness.root / "Film.wav", 1)
    sidecar = harness.root / "Film.srt"
    sidecar.write_text(make_srt(lines_of("en")))
    first = sidecar.read_bytes()
    failing = {"hash": 2, "read": 2}

    def fail(kind: str, path: Path) -> None:
        if failing[kind] and path.name == sidecar.name:
            failing[kind] -= 1
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))

    def hash_or_fail(path: Path) -> str | None:
        fail("hash", path)
        return compute_sha256(path)

    def read_or_fail(path: Path, limit: int) -> bytes:
        fail("read", path)
        return read_file(path, limit)

    monkeypatch.setattr("subtitled.db.judgements.compute_sha256", hash_or_fail)
    monkeypatch.setattr("subtitled.pipeline.text_judge.read_file", read_or_fail)
    with caplog.at_level(logging.WARNING):
        harness.scan()
    state, reason = harness.the(media).state, harness.the(media).reason
    harness.close()
    assert failing == {"hash": 0, "read": 0}
    warnings = [record.getMessage() for record in caplog.records]
    assert sum("Film.srt cannot be read: Input/output error" in line for line in warnings) == 4
    assert "cannot be" not in reason
    assert sidecar.read_bytes() == first
    assert state in (FileState.UP_TO_DATE, FileState.DONE)
