"""Comparing a scan with the database, both in the order of the paths' bytes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from subtitled.db.records import KnownFile, ScanDiff, ScannedFile

BATCH_SIZE = 2000
"""The number of differences after which a diff is handed over."""


def diff_scan(
    batches: Iterable[list[ScannedFile]], pages: Iterator[list[KnownFile]]
) -> Iterator[ScanDiff]:
    """Yield all differences between a scan and the database, in batches.

    Memory holds a few pages and one run of files, however large the library is. A run that did not
    change is compared as a whole, so that a scan without changes costs little more than the stat of
    each file.

    Args:
        batches: Runs of media files on disk, in the order of their paths.
        pages: Pages of media files in the database, in the same order.
    """
    diff = ScanDiff()
    rows: list[KnownFile] = []
    at = 0
    for run in batches:
        keys = [(path, stat.st_size, stat.st_mtime_ns, mark) for path, stat, mark in run]
        if rows[at : at + len(keys)] == keys:
            at += len(keys)
            diff.files += len(keys)
            continue
        while True:  # what lies before the run was not seen
            if at == len(rows):
                rows, at = next(pages, []), 0
            before = bisect_left(rows, run[0][0], at, key=_path_of)
            diff.add_missing(rows[at:before])
            at = before
            if at < len(rows) or not rows:
                break
            if len(diff) >= BATCH_SIZE:
                yield diff
                diff = ScanDiff()
        while rows and rows[-1][0] < run[-1][0] and (page := next(pages, None)):
            rows, at = rows[at:] + page, 0
        end = bisect_right(rows, run[-1][0], at, key=_path_of)
        diff.add(run, {row[0]: row for row in rows[at:end]})
        at = end
        if len(diff) >= BATCH_SIZE:
            yield diff
            diff = ScanDiff()
    diff.add_missing(rows[at:])
    for page in pages:
        diff.add_missing(page)
        if len(diff) >= BATCH_SIZE:
            yield diff
            diff = ScanDiff()
    yield diff


_path_of = itemgetter(0)
