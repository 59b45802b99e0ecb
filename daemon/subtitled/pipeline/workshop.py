"""Setting up the workshop: everything that jobs need, from a configuration."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.places import database, ensure_private, models_dir, scratch_dir, state_dir
from subtitled.engines.pool import Engines
from subtitled.jobcontext.counters import Tally
from subtitled.library.ledger import Ledger
from subtitled.transcripts.store import TranscriptStore

from .making import Job, Workshop
from .progress import ledger_progress


def open_ledger(configuration: Configuration) -> Ledger:
    """The ledger of the configuration: in its state folder, which is made if it is missing, or on
    its server."""
    settings = configuration.settings
    return Ledger(ensure_private(state_dir(settings)) / "ledger.sqlite", database(settings))


def transcripts_in(state: Path) -> TranscriptStore:
    """The transcripts of a state folder."""
    return TranscriptStore(state / "transcripts")


def set_up(
    configuration: Configuration,
    ledger: Ledger,
    *,
    scratch: str = "scratch",
    progress: Callable[[Job, str, float], None] | None = None,
    tally: Tally | None = None,
) -> Workshop:
    """A workshop over the configuration's state folder.

    ``scratch`` names the folder for decoded sound: each process that works needs its own.
    ``tally`` goes on counting where an earlier workshop of this process ended.
    """
    settings = configuration.settings
    state = ensure_private(state_dir(settings))
    threads = settings.daemon.threads or len(os.sched_getaffinity(0))
    engines = Engines(configuration, models_dir(settings), threads)
    return Workshop(
        configuration=configuration,
        engines=engines,
        pace=engines.pace,
        transcripts=transcripts_in(state),
        ledger=ledger,
        scratch=ensure_private(scratch_dir(settings) / scratch),
        progress=progress or ledger_progress(ledger),
        tally=tally or Tally(),
    )
