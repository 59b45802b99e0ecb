"""Processes that tests start end when the test runner is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

PARENT = """
import subprocess, time
from support.process_guard import killed_with_parent
print(subprocess.Popen(killed_with_parent("sleep", 60)).pid, flush=True)
time.sleep(60)
"""


def test_what_a_killed_test_started_dies_with_it() -> None:
    paths = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": paths},
    ) as parent:
        assert parent.stdout is not None
        child = Path("/proc", parent.stdout.readline().strip(), "stat")
        deadline = time.monotonic() + 10
        while "(sleep)" not in child.read_text():
            assert time.monotonic() < deadline
        parent.send_signal(signal.SIGKILL)
    while child.exists() and ") Z " not in child.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
