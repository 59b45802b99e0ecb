"""Fixtures of the plugin tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from standins.dashscope import KEY, DashScope, standing_in
from subtitled.plugin import Checkpoint


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[DashScope]:
    """Run a fake Model Studio. Its key is in ``$QWEN_KEY``."""
    monkeypatch.setenv("QWEN_KEY", KEY)
    with standing_in(DashScope()) as service:
        yield service


@pytest.fixture
def memo(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "memo.json")
