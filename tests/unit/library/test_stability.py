"""The stability check."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.db.records import GROWING_AFTER_CHECKS, FileRecord, FileState
from subtitled.library.stability import (
    MAX_CHECK_INTERVAL_SECONDS,
    check_stability,
    files_open_for_writing,
    not_yet,
)

times = st.floats(min_value=0, max_value=4e9)
waits = st.floats(min_value=0, max_value=3600)


def record(steady_since: float, size: int = 5, mtime_ns: int = 1) -> FileRecord:
    return FileRecord(
        id=1,
        library="films",
        path=Path("/f/a.mkv"),
        size=size,
        mtime_ns=mtime_ns,
        state=FileState.STABILISING,
        stable_since=steady_since,
    )


def _is_written(path: Path) -> bool:
    try:
        found = path.stat()
    except FileNotFoundError:
        return bool(files_open_for_writing([path]))
    return (found.st_dev, found.st_ino) in files_open_for_writing([path])


def stat_of(size: int = 5, mtime_ns: int = 1) -> os.stat_result:
    return os.stat_result((0o100644, 7, 1, 1, 0, 0, size, 0, 0, 0), {"st_mtime_ns": mtime_ns})


@given(times, times, waits)
def test_a_changed_file_is_never_stable(since: float, now: float, wait: float) -> None:
    for stat in (stat_of(size=6), stat_of(mtime_ns=2)):
        verdict = check_stability(record(since), stat, now, wait)
        assert verdict.has_changed
        assert not verdict.is_stable


@given(times, waits)
def test_an_unchanged_file_is_stable_after_the_delay_whatever_its_mtime(
    since: float, wait: float
) -> None:
    year_2200 = 7_258_118_400 * 10**9
    for mtime_ns in (0, year_2200):
        now = since + wait + 0.01
        verdict = check_stability(
            record(since, mtime_ns=mtime_ns), stat_of(mtime_ns=mtime_ns), now, wait
        )
        assert verdict.is_stable


@given(times, times, waits)
def test_checking_again_at_the_given_time_always_ends_in_a_decision(
    since: float, now: float, wait: float
) -> None:
    """Also when the clock was set back: then the wait counts from now."""
    seen = record(since)
    for _ in range(3):
        verdict = check_stability(seen, stat_of(), now, wait)
        if verdict.is_stable:
            return
        if verdict.has_changed:
            seen = record(now)
        now = max(now, verdict.check_at) + 0.01
    raise AssertionError("never settled")


@given(times, st.floats(min_value=1, max_value=3600), st.floats(min_value=0, max_value=0.99))
def test_no_file_is_stable_before_the_delay(since: float, wait: float, share: float) -> None:
    now = since + wait * share * 0.999
    verdict = check_stability(record(since), stat_of(), now, wait)
    assert not verdict.is_stable


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
            assert _is_written(film) is expected
            writer.communicate(b"\n")
    assert not _is_written(film)
    assert not _is_written(tmp_path / "gone.mkv")


def test_a_writer_that_opens_and_closes_other_files_is_still_detected(tmp_path: Path) -> None:
    """A handle below that of the media file is free here, so the check itself takes and
    closes it.
    """
    film = tmp_path / "a.mkv"
    lower = (tmp_path / "lower").open("wb")
    with film.open("wb"):
        lower.close()
        assert _is_written(film)


NOW, WAIT = 1_700_000_000.0, 30.0


@pytest.mark.parametrize(
    ("since", "settled", "changed", "wait_until"),
    [
        (NOW, False, False, NOW + 30),
        (NOW - 29.5, False, False, NOW + 0.5),
        (NOW - 30, True, False, None),
        (NOW - 86400 * 365, True, False, None),  # also: the clock jumped a year ahead
        (NOW + 0.001, False, True, NOW + 30),  # the clock was set back a little
        (NOW + 86400 * 3650, False, True, NOW + 30),  # and by ten years
    ],
)
def test_the_verdict_and_the_time_of_the_next_check(
    since: float, settled: bool, changed: bool, wait_until: float | None
) -> None:
    verdict = check_stability(record(since), stat_of(), NOW, WAIT)
    assert (verdict.is_stable, verdict.has_changed) == (settled, changed)
    if wait_until is not None:
        assert verdict.check_at == wait_until


def test_without_a_stability_delay_a_file_is_stable_at_once() -> None:
    assert check_stability(record(NOW), stat_of(), NOW, 0.0).is_stable


@pytest.mark.parametrize("size", [0, 4, 6])
def test_a_file_that_was_cut_or_emptied_has_changed_too(size: int) -> None:
    assert check_stability(record(0.0), stat_of(size=size), NOW, WAIT).has_changed


@given(st.lists(st.tuples(st.floats(0.5, 40), st.booleans(), st.floats(-1e8, 1e8)), max_size=12))
def test_whatever_the_clock_does_a_file_is_stable_only_after_the_delay(
    looks: list[tuple[float, bool, float]],
) -> None:
    """Real time goes on by steps; the file grows, or the clock jumps, between two looks."""
    clock, size, seen = NOW, 1, record(NOW, size=1)
    same_for, jumped = 0.0, False
    for step, grows, jump in looks:
        clock += step
        same_for += step
        if grows:
            size, same_for = size + 1, 0.0
        if abs(jump) > 5e7:
            clock, jumped = clock + jump, jumped or jump > 0
        verdict = check_stability(seen, stat_of(size=size), clock, WAIT)
        assert not (verdict.is_stable and verdict.has_changed)
        if verdict.has_changed:
            seen = record(clock, size=size)
            same_for, jumped = 0.0, False
        elif verdict.is_stable:
            assert seen.size == size
            assert same_for >= WAIT - 0.001 or jumped
        else:
            assert clock < verdict.check_at <= clock + WAIT


def test_a_real_file_that_is_still_written_starts_its_delay_again(tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b"film")
    first = film.stat()
    seen = record(NOW, size=first.st_size, mtime_ns=first.st_mtime_ns)
    assert check_stability(seen, film.stat(), NOW + 60, WAIT).is_stable
    with film.open("ab") as file:
        file.write(b" and more")
    assert check_stability(seen, film.stat(), NOW + 60, WAIT).has_changed


def test_a_file_overwritten_with_as_many_bytes_starts_its_delay_again(tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b"one")
    first = film.stat()
    os.utime(film, ns=(first.st_atime_ns, first.st_mtime_ns + 1))
    seen = record(NOW, size=first.st_size, mtime_ns=first.st_mtime_ns)
    assert check_stability(seen, film.stat(), NOW + 60, WAIT).has_changed


def test_a_file_renamed_while_it_is_written_is_still_detected_as_open(tmp_path: Path) -> None:
    with (tmp_path / "a.mkv.part").open("wb"):
        (tmp_path / "a.mkv.part").rename(tmp_path / "a.mkv")
        assert _is_written(tmp_path / "a.mkv")
    assert not _is_written(tmp_path / "a.mkv")


@given(st.integers(0, 10_000), waits)
def test_a_growing_file_is_checked_without_limit_but_rarely(looks: int, settle: float) -> None:
    seen = FileRecord(
        id=1,
        library="f",
        path=Path("/f/a"),
        size=5,
        mtime_ns=1,
        state=FileState.GROWING,
        stable_since=NOW,
        unstable_checks=looks,
    )
    verdict = not_yet(seen, NOW, settle, "it changes", has_changed=True)
    assert NOW + settle <= verdict.check_at <= NOW + max(settle, MAX_CHECK_INTERVAL_SECONDS)
    assert verdict.unstable_checks == looks + 1
    assert verdict.is_growing is (looks + 1 >= GROWING_AFTER_CHECKS)


def test_a_recording_soon_counts_as_growing_and_is_checked_less_and_less_often() -> None:
    seen, now, waited = record(NOW), NOW, list[float]()
    for size in range(10, 20):
        verdict = check_stability(seen, stat_of(size=size), now, 30.0)
        waited.append(verdict.check_at - now)
        now = verdict.check_at
        seen = FileRecord(
            id=1,
            library="f",
            path=Path("/f/a"),
            size=size,
            mtime_ns=1,
            state=FileState.GROWING,
            stable_since=now,
            unstable_checks=verdict.unstable_checks,
        )
    assert waited == [30, 30, 30, 60, 120, 240, 480, 900, 900, 900]


def test_handles_of_other_names_are_not_inspected(tmp_path: Path) -> None:
    with (tmp_path / "other.mkv").open("wb"):
        assert files_open_for_writing([tmp_path / "a.mkv"]) == set()
        assert len(files_open_for_writing([tmp_path / "other.mkv"])) == 1
    assert files_open_for_writing([]) == set()
