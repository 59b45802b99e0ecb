"""Fixtures: a machine for the doctor to check, and mount namespaces."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.checked_installation import CheckedInstallation
from support.namespaces import unshare


@pytest.fixture
def installation(home: Path) -> CheckedInstallation:
    place = home / "house"
    place.mkdir()
    return CheckedInstallation(place)


@pytest.fixture
def in_its_own_mounts() -> Callable[[str, Path], str]:
    """Run a Python script in its own mount namespace and return its output."""

    def run(script: str, config: Path) -> str:
        command = [
            *unshare("--map-root-user", "--mount"),
            *(sys.executable, "-c", script, str(config)),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
