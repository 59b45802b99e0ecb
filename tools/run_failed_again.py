"""Run the tests that failed in the last run once more, alone.

Two workers keep both cores busy, and some tests wait for processes, disks and servers. A test that
failed for want of time passes when it runs alone. A fault of the code fails again. Each name is
printed, because a test that passes only alone is a fault of the test. Run from the root of the
tree, after a run of pytest with ``--cache-clear``::

    python tools/run_failed_again.py "not slow and not faults"
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
"""Where pytest keeps the names of the tests that failed."""
MOST = 3
"""More failures than this are not for want of time."""
FOLDERS = ("tests/unit/", "tests/integration/", "tests/scenarios/")
"""Where tests may wait for threads, processes, disks and servers."""
RANDOM = "histories"
"""What is in the names of files whose tests try another case each time. A find of theirs counts."""


def read_failed() -> list[str]:
    """Return the names of the tests that failed in the last run."""
    try:
        return sorted(json.loads(LAST_FAILED.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []


def may_want_time(name: str) -> bool:
    """Return whether a test may have failed for want of time."""
    return name.startswith(FOLDERS) and RANDOM not in name


def run_failed_again(markers: str) -> int:
    """Run them once more, one after the other.

    Args:
        markers: The expression that chose the tests of the last run.

    Returns:
        The exit status: 0 when each passed now.
    """
    failed = read_failed()
    if not 0 < len(failed) <= MOST or not all(map(may_want_time, failed)):
        print(f"{len(failed)} tests failed; only 1 to {MOST} that wait for others are run again")
        return 1
    print("run again, alone:", *failed, sep="\n  ", flush=True)
    again = [sys.executable, "-m", "pytest", "--last-failed", "-m", markers]
    status = subprocess.run(again, check=False).returncode
    if status == 0:
        print("passed only when run alone; make each of these wait for what it needs:")
        print(*failed, sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(run_failed_again(sys.argv[1]))
