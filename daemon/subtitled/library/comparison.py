"""What is different: a walk held against what the ledger knows, both in the order of the paths."""

from __future__ import annotations

import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

Seen = tuple[bytes, os.stat_result, int]
"""A media file on disk: its path, its stat, and a number that stands for the subtitles beside it
(:func:`~subtitled.library.walk.beside`)."""
Known = tuple[bytes, int, int, int | None]
"""A media file in the ledger: path, size, mtime_ns, and the number for its subtitles, None as long
as nobody has looked."""

AT_ONCE = 2000
"""Differences that are handed over in one go."""


@dataclass(slots=True)
class Differences:
    """Files that are not as the ledger has them."""

    new: list[Seen] = field(default_factory=list)
    changed: list[Seen] = field(default_factory=list)
    beside: list[Seen] = field(default_factory=list)
    """The file is the same; its subtitles are not."""
    gone: list[bytes] = field(default_factory=list)
    """Known and not seen: deleted, moved away, or in a folder that could not be read."""
    files: int = 0
    """How many were compared."""

    def __len__(self) -> int:
        return len(self.new) + len(self.changed) + len(self.beside) + len(self.gone)

    def hold(self, seen: list[Seen], known: dict[bytes, Known]) -> None:
        """Compare some files with what is known of them; what is left over is gone."""
        self.files += len(seen)
        if not known:
            self.new += seen
            return
        for one in seen:
            path, stat, mark = one
            row = known.pop(path, None)
            if row is None:
                self.new.append(one)
            elif row[1:3] != (stat.st_size, stat.st_mtime_ns):
                self.changed.append(one)
            elif row[3] != mark:
                self.beside.append(one)
        self.leave(known.values())

    def leave(self, rows: Iterable[Known]) -> None:
        """Files that were not seen."""
        self.gone += [row[0] for row in rows]


def compare(runs: Iterable[list[Seen]], pages: Iterator[list[Known]]) -> Iterator[Differences]:
    """All differences, a batch at a time. Memory holds some pages and a run, whatever comes by.

    Of a run that is as it was nothing is looked at singly: that is what makes a walk of a library
    in which nothing happened cost hardly more than its stats.
    """
    found = Differences()
    rows: list[Known] = []
    at = 0
    for run in runs:
        keys = [(path, stat.st_size, stat.st_mtime_ns, mark) for path, stat, mark in run]
        if rows[at : at + len(keys)] == keys:
            at += len(keys)
            found.files += len(keys)
            continue
        while True:  # what lies before the run was not seen
            if at == len(rows):
                rows, at = next(pages, []), 0
            before = bisect_left(rows, run[0][0], at, key=_path)
            found.leave(rows[at:before])
            at = before
            if at < len(rows) or not rows:
                break
            if len(found) >= AT_ONCE:
                yield found
                found = Differences()
        while rows and rows[-1][0] < run[-1][0] and (page := next(pages, None)):
            rows, at = rows[at:] + page, 0
        end = bisect_right(rows, run[-1][0], at, key=_path)
        found.hold(run, {row[0]: row for row in rows[at:end]})
        at = end
        if len(found) >= AT_ONCE:
            yield found
            found = Differences()
    found.leave(rows[at:])
    for page in pages:
        found.leave(page)
        if len(found) >= AT_ONCE:
            yield found
            found = Differences()
    yield found


_path = itemgetter(0)
