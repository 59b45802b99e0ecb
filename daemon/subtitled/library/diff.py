"""What is different: a walk held against what the ledger knows, both in the order of the paths."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter

from subtitled.db.records import KnownFile, ScanDiff, ScannedFile

BATCH_SIZE = 2000
"""Differences that are handed over in one go."""


def diff_scan(
    batches: Iterable[list[ScannedFile]], pages: Iterator[list[KnownFile]]
) -> Iterator[ScanDiff]:
    """All differences, a batch at a time. Memory holds some pages and a run, whatever comes by.

    Of a run that is as it was nothing is looked at singly: that is what makes a walk of a library
    in which nothing happened cost hardly more than its stats.
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
