"""When a file counts as complete."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from subtitled.library.ledger import FileRecord, FileState
from subtitled.library.settling import open_for_writing, settling

times = st.floats(min_value=0, max_value=4e9)
waits = st.floats(min_value=0, max_value=3600)


def record(steady_since: float, size: int = 5, mtime_ns: int = 1) -> FileRecord:
    return FileRecord(
        1, "films", Path("/f/a.mkv"), size, mtime_ns, FileState.SETTLING, steady_since
    )


def stat_of(size: int = 5, mtime_ns: int = 1) -> os.stat_result:
    return os.stat_result((0o100644, 7, 1, 1, 0, 0, size, 0, 0, 0), {"st_mtime_ns": mtime_ns})


@given(times, times, waits)
def test_a_file_that_changed_is_never_taken(since: float, now: float, wait: float) -> None:
    for stat in (stat_of(size=6), stat_of(mtime_ns=2)):
        verdict = settling(record(since), stat, now, wait)
        assert verdict.changed
        assert not verdict.settled


@given(times, waits)
def test_an_unchanged_file_is_taken_after_the_wait_whatever_its_own_time(
    since: float, wait: float
) -> None:
    year_2200 = 7_258_118_400 * 10**9
    for mtime_ns in (0, year_2200):
        now = since + wait + 0.01
        verdict = settling(record(since, mtime_ns=mtime_ns), stat_of(mtime_ns=mtime_ns), now, wait)
        assert verdict.settled


@given(times, times, waits)
def test_looking_again_when_told_to_always_ends_in_a_decision(
    since: float, now: float, wait: float
) -> None:
    """Also when the clock was set back: then the wait counts from now."""
    seen = record(since)
    for _ in range(3):
        verdict = settling(seen, stat_of(), now, wait)
        if verdict.settled:
            return
        if verdict.changed:
            seen = record(now)
        now = max(now, verdict.wait_until) + 0.01
    raise AssertionError("never settled")


@given(times, st.floats(min_value=1, max_value=3600), st.floats(min_value=0, max_value=0.99))
def test_nothing_is_taken_before_its_time(since: float, wait: float, share: float) -> None:
    now = since + wait * share * 0.999
    verdict = settling(record(since), stat_of(), now, wait)
    assert not verdict.settled


def test_a_file_that_another_process_writes_is_seen_to_be_open(tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b"x")
    script = "import sys; f = open(sys.argv[1], sys.argv[2]); print('open', flush=True); input()"
    for mode, expected in (("ab", True), ("rb", False)):
        with subprocess.Popen(
            [sys.executable, "-c", script, str(film), mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            assert open_for_writing(film) is expected
            writer.communicate(b"\n")
    assert not open_for_writing(film)
    assert not open_for_writing(tmp_path / "gone.mkv")


def test_a_writer_that_opens_and_closes_others_meanwhile_is_still_seen(tmp_path: Path) -> None:
    """A handle below that of the film is free here, and so taken and left by the look itself."""
    film = tmp_path / "a.mkv"
    lower = (tmp_path / "lower").open("wb")
    with film.open("wb"):
        lower.close()
        assert open_for_writing(film)
