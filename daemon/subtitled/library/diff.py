"""What is different: a walk held against what the ledger knows, both in the order of the paths."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

ScannedFile = tuple[bytes, os.stat_result, int]
"""A media file on disk: its path, its stat, and a number that stands for the subtitles beside it
(:func:`~subtitled.library.scanner.sidecars_changed`)."""
KnownFile = tuple[bytes, int, int, int | None]
"""A media file in the ledger: path, size, mtime_ns, and the number for its subtitles, None as long
as nobody has looked."""

BATCH_SIZE = 2000
"""Differences that are handed over in one go."""


@dataclass(slots=True)
class ScanDiff:
    """Files that are not as the ledger has them."""

    new: list[ScannedFile] = field(default_factory=list)
    changed: list[ScannedFile] = field(default_factory=list)
    sidecars_changed: list[ScannedFile] = field(default_factory=list)
    """The file is the same; its subtitles are not."""
    missing: list[bytes] = field(default_factory=list)
    """Known and not seen: deleted, moved away, or in a folder that could not be read."""
    files: int = 0
    """How many were compared."""

    def __len__(self) -> int:
        return len(self.new) + len(self.changed) + len(self.sidecars_changed) + len(self.missing)

    def add(self, scanned: list[ScannedFile], known: dict[bytes, KnownFile]) -> None:
        """Compare some files with what is known of them; what is left over is gone."""
        self.files += len(scanned)
        if not known:
            self.new += scanned
            return
        for entry in scanned:
            path, stat, mark = entry
            row = known.pop(path, None)
            if row is None:
                self.new.append(entry)
            elif row[1:3] != (stat.st_size, stat.st_mtime_ns):
                self.changed.append(entry)
            elif row[3] != mark:
                self.sidecars_changed.append(entry)
        self.add_missing(known.values())

    def add_missing(self, rows: Iterable[KnownFile]) -> None:
        """Files that were not seen."""
        self.missing += [row[0] for row in rows]


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
