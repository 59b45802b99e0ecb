"""Whether what is remembered is whole: databases, transcripts, signatures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from subtitled.config.places import database, state_dir
from subtitled.config.settings import Settings
from subtitled.library.backup import DATABASES, damaged_files, database_trouble
from subtitled.library.database import open_engine, server_url
from subtitled.library.mounts import unfit_for_databases
from subtitled.plugin import Finding, Problem

_CURES = {
    "ledger.sqlite": "Stop the daemon, then: subtitled state rebuild --anew, or bring a backup "
    "back with: subtitled state restore FILE",
    "work.sqlite": "Stop the daemon and move it away: what was in work is queued again",
}
_NAMED = 3
"""Damaged files that are named; the rest are counted."""


def care(settings: Settings, *, files: bool = True) -> Iterator[Finding]:
    """A finding for each database, and one for the ``files`` beside them, which takes longer."""
    state = state_dir(settings)
    yield from _on_a_server(settings) if settings.daemon.database else _in_files(state)
    if files:
        yield _files(state)


def _on_a_server(settings: Settings) -> Iterator[Finding]:
    try:
        server = database(settings) or ""
        open_engine(state_dir(settings), server).dispose()
    except Problem as problem:
        yield Finding("database", False, problem.what, problem.cure)
    else:
        shown = server_url(server).render_as_string(hide_password=True)
        yield Finding("database", True, f"{shown} answers; PostgreSQL's own tools look after it")


def _in_files(state: Path) -> Iterator[Finding]:
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
