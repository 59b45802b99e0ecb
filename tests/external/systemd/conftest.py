"""Fixtures: a machine with a real systemd, and an engine plugin that needs no model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.systemd_machine import SystemdMachine, missing

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == HERE:
            item.add_marker(pytest.mark.systemd)


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemdMachine]:
    """Return a booted machine with subtitled installed, but not configured or started."""
    if why := missing():
        pytest.skip(why)
    place = tmp_path_factory.mktemp("machine")
    systemd_machine = SystemdMachine(place, HERE.parents[1] / "support" / "digest_engine.py")
    yield systemd_machine
    systemd_machine.close()
