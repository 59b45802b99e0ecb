"""Whether what is remembered is whole: databases, transcripts, signatures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from subtitled.library.backup import DATABASES, damaged_files, database_trouble
from subtitled.library.mounts import unfit_for_databases
from subtitled.plugin import Finding

_CURES = {
    "ledger.sqlite": "Stop the daemon, then: subtitled state rebuild --anew, or bring a backup "
    "back with: subtitled state restore FILE",
    "work.sqlite": "Stop the daemon and move it away: what was in work is queued again",
}
_NAMED = 3
"""Damaged files that are named; the rest are counted."""


def care(state: Path, *, files: bool = True) -> Iterator[Finding]:
    """A finding for each database, and one for the ``files`` beside them, which takes longer."""
    if why := unfit_for_databases(state):
        cure = "Set daemon.state_dir to a folder on a disk of this machine"
        yield Finding("databases", False, why, cure)
        return
    for name in DATABASES:
        if not (state / name).is_file():
            yield Finding(name, True, "not made yet")
            continue
        trouble = database_trouble(state / name)
        size = (state / name).stat().st_size / 1024**2
        yield Finding(name, not trouble, trouble or f"whole, {size:.1f} MiB", _CURES[name])
    if files:
        yield _files(state)


def _files(state: Path) -> Finding:
    found = damaged_files(state)
    named = [os.fsencode(path).decode("utf-8", "replace") for path in islice(found, _NAMED)]
    more = sum(1 for _ in found)
    detail = ", ".join(named) + (f" and {more} more" if more else "")
    return Finding(
        "transcripts and signatures",
        not named,
        f"damaged: {detail}" if named else "all can be read",
        "Delete them: what they hold is made again when it is needed",
    )
