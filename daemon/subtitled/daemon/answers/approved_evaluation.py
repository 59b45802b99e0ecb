"""What ``evaluate --approved`` says: how many errors each engine makes on one's own material.

The approved subtitles in the language spoken are the references, and the stored transcripts of the
same speech are compared with them. Nothing is transcribed again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.plugin import Language, TransientError
from subtitled.transcripts.variants import component_variant

from .approved_references import LeftOut, ReferenceReader
from .engine_errors import EngineErrorAnswer, ErrorCounts

Progress = Callable[[int, int], None]
"""Is told how many files are done, and how many there are."""

_one_at_a_time = threading.Lock()


class EvaluationBusyError(TransientError):
    """Another evaluation runs in this process."""


def evaluate_alone(
    configuration: Configuration,
    db: Database,
    *,
    library: str | None = None,
    language: Language | None = None,
) -> EngineErrorAnswer:
    """Do the same as :func:`evaluate_approved`, one at a time, for callers of the daemon.

    Raises:
        EvaluationBusyError: Another one runs.
    """
    if not _one_at_a_time.acquire(blocking=False):
        raise EvaluationBusyError(
            "the engines are compared for somebody else", "Ask again in a minute"
        )
    try:
        return evaluate_approved(configuration, db, library=library, language=language)
    finally:
        _one_at_a_time.release()


def evaluate_approved(
    configuration: Configuration,
    db: Database,
    *,
    library: str | None = None,
    language: Language | None = None,
    progress: Progress = lambda _done, _total: None,
) -> EngineErrorAnswer:
    """Compare the stored transcripts with the approved subtitles.

    Args:
        configuration: The configuration, for the libraries and the engines of today.
        db: The database.
        library: One library only; by default all.
        language: One language only; by default all.
        progress: Is told after each file.
    """
    reader = ReferenceReader(configuration, db)
    total = db.approvals.count(library)
    counts = ErrorCounts()
    for done, file_id in enumerate(db.approvals.file_ids(library), 1):
        file = db.files.get_by_id(file_id)
        for found in reader.of_file(file, language) if file is not None else ():
            if isinstance(found, LeftOut):
                counts.left_out[found] += 1
            else:
                counts.add(found)
        progress(done, max(done, total))
    configured = {
        component_variant(component, None) for component in configuration.engines.values()
    }
    return counts.to_answer(configured)
