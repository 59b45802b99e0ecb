"""Fixtures of the plugin tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.plugin import Checkpoint
from support.fakes.dashscope import KEY, FakeDashScope, serve_dashscope


@pytest.fixture
def studio(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDashScope]:
    """Run a fake Model Studio. Its key is in ``$QWEN_KEY``."""
    monkeypatch.setenv("QWEN_KEY", KEY)
    with serve_dashscope(FakeDashScope()) as service:
        yield service


@pytest.fixture
def memo(tmp_path: Path) -> Checkpoint:
    return Checkpoint(tmp_path / "memo.json")
