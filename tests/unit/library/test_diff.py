"""Differences between a scan and the database, in batches of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from subtitled.db.records import KnownFile, ScanDiff, ScannedFile
from subtitled.library import diff
from subtitled.library.diff import diff_scan

Disk = dict[bytes, tuple[int, int]]
"""Size and number for subtitles of each path."""

_paths = st.text("ab/.", min_size=1, max_size=5).map(lambda t: b"/" + t.encode())
_disks = st.dictionaries(_paths, st.tuples(st.integers(0, 2), st.integers(0, 1)), max_size=12)


def seen(path: bytes, size: int, mark: int) -> ScannedFile:
    stat = os.stat_result((0o100644, 1, 1, 1, 0, 0, size, 0, 0, 0), {"st_mtime_ns": 7})
    return path, stat, mark


def runs_of(disk: Disk, length: int) -> list[list[ScannedFile]]:
    files = [seen(path, *disk[path]) for path in sorted(disk)]
    return [files[begin : begin + length] for begin in range(0, len(files), length)] + [[]]


def pages_of(known: Disk, length: int) -> Iterator[list[KnownFile]]:
    rows: list[KnownFile] = [(path, size, 7, mark) for path, (size, mark) in sorted(known.items())]
    return iter([rows[begin : begin + length] for begin in range(0, len(rows), length)])


@given(_disks, _disks, st.integers(1, 5), st.integers(1, 5), st.integers(1, 4))
def test_each_difference_is_found_once_however_the_two_are_cut(
    disk: Disk, known: Disk, run: int, page: int, many: int
) -> None:
    found = ScanDiff()
    usual, diff.BATCH_SIZE = diff.BATCH_SIZE, many
    try:
        for each in diff_scan(runs_of(disk, run), pages_of(known, page)):
            found.new += each.new
            found.changed += each.changed
            found.sidecars_changed += each.sidecars_changed
            found.missing += each.missing
            found.files += each.files
    finally:
        diff.BATCH_SIZE = usual
    assert found.files == len(disk)
    assert [path for path, _, _ in found.new] == sorted(disk.keys() - known.keys())
    both = sorted(disk.keys() & known.keys())
    changed = [path for path in both if disk[path][0] != known[path][0]]
    assert [path for path, _, _ in found.changed] == changed
    beside = [path for path in both if path not in changed and (disk[path][1] != known[path][1])]
    assert [path for path, _, _ in found.sidecars_changed] == beside
    assert sorted(found.missing) == sorted(known.keys() - disk.keys())


def test_a_batch_is_handed_over_before_it_grows_large() -> None:
    disk: Disk = {b"/%06d" % number: (1, 0) for number in range(3 * diff.BATCH_SIZE)}
    batches = list(diff_scan(runs_of(disk, 10), iter([])))
    assert max(len(batch.new) for batch in batches) < diff.BATCH_SIZE + 10
    gone = list(diff_scan([], pages_of(disk, 100)))
    assert max(len(batch.missing) for batch in gone) < diff.BATCH_SIZE + 100
    later = list(diff_scan([[seen(b"/z", 1, 0)]], pages_of(disk, 100)))
    assert max(len(batch.missing) for batch in later) < diff.BATCH_SIZE + 100
