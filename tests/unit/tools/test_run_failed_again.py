"""A test that failed for want of time passes alone; a fault of the code fails again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOOL = Path(__file__).parents[3] / "tools" / "run_failed_again.py"
TESTS = """
import pathlib, pytest

def test_in_a_hurry():
    done = pathlib.Path("done")
    first = not done.exists()
    done.touch()
    assert not first

def test_sound():
    pass

@pytest.mark.parametrize("number", range({faults}))
def test_fault(number):
    assert False
"""


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("file", "faults", "status", "runs"),
    [
        ("tests/integration/test_it.py", 0, 0, True),
        ("tests/scenarios/test_it.py", 1, 1, True),
        ("tests/integration/test_it.py", 3, 1, False),
        ("tests/fuzz/test_it.py", 0, 1, False),
        ("tests/scenarios/test_histories.py", 0, 1, False),
    ],
)
def test_only_a_test_that_passes_alone_passes_the_second_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, faults: int, status: int, runs: bool
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(TESTS.format(faults=faults))
    first = [sys.executable, "-m", "pytest", "-q", "--cache-clear", "-m", "not slow"]
    assert subprocess.run(first, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    second = subprocess.run(
        [sys.executable, str(TOOL), "not slow"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == status
    assert ("run again, alone:" in second.stdout) is runs
    assert "test_sound" not in second.stdout


def test_a_run_that_ended_before_a_test_failed_is_not_run_again(tmp_path: Path) -> None:
    again = [sys.executable, str(TOOL), "not slow"]
    assert subprocess.run(again, cwd=tmp_path, capture_output=True, check=False).returncode == 1
