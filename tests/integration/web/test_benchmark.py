"""The benchmark of the pages runs whole with a small library. Its times are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "web.py"


@pytest.mark.slow
def test_the_benchmark_of_the_pages_measures_a_small_library() -> None:
    done = subprocess.run(
        [sys.executable, BENCHMARK, "pages", "1000"],
        capture_output=True,
        text=True,
        check=True,
        timeout=280,
    )
    found = json.loads(done.stdout.splitlines()[-1])["pages"]
    assert found["files"] == 1000
    assert all(row["p95"] > 0 and row["queries"] > 0 for row in found["pages"])
    assert 0 < found["streams_open"] < 60
    walk = found["walk"]
    assert (walk["twice"], walk["missed"], walk["changes"]) == (0, 0, 250)
