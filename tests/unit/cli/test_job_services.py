"""The services of a command leave nothing behind, and their end is not disturbed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from subtitled.cli.job_services import open_job_services, print_steps
from subtitled.config.load import load_config
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import Job


def test_a_thread_that_removes_its_scratch_file_first_does_not_disturb_the_end(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = os.unlink

    def come_second(path: Any, **options: Any) -> None:
        unlink(path, **options)
        if os.fspath(path).endswith(".early"):
            unlink(path, **options)

    with open_job_services(load_config(None), print_steps()) as services:
        for name in ("a.pcm", "b.early", "c.pcm"):
            (services.scratch / name).touch()
        monkeypatch.setattr(os, "unlink", come_second)
    assert not services.scratch.exists()


def test_a_step_is_printed_once_for_each_file(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    show = print_steps()
    for name in ("A.mkv", "A.mkv", "B.mkv"):
        job = Job(media=home / name, library=LibrarySettings(path=home), fingerprint="f")
        show(job, "decoding", 0.5)
    assert capsys.readouterr().err.splitlines() == ["A.mkv: decoding", "B.mkv: decoding"]
