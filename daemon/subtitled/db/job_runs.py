"""What finished jobs took: the measurements by which later ones are predicted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .schema import job_runs

KEPT_RUNS = 2000
"""How many of the newest runs are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """What one finished job took."""

    library: str
    engine: str
    """The configured name of the engine that did most of it; "" if none was called."""
    model: str
    """The model of that engine, as it was configured."""
    sound_seconds: float
    """The length of the media file."""
    speech_seconds: float
    """Seconds of sound that engines were given."""
    engine_seconds: float
    """Seconds that engines took for them."""
    work_seconds: float
    """How long the job ran, without waiting for its turn, working hours, playback and the like."""
    worker: str = ""
    """The process that did it."""
    id: int = 0
    """Its number. Later runs have higher numbers, whatever the clock says."""


class JobRunRepository:
    """The ``job_runs`` table."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def add(self, run: JobRun) -> None:
        """Store a run, and delete the one that is too old for it."""
        with self._engine.begin() as c:
            number = c.execute(
                job_runs.insert().values(**_values(run)).returning(job_runs.c.id)
            ).scalar_one()
            c.execute(job_runs.delete().where(job_runs.c.id <= number - KEPT_RUNS))

    def newest(self, limit: int = KEPT_RUNS) -> list[JobRun]:
        """Return the newest runs, the newest first."""
        query = sa.select(job_runs).order_by(job_runs.c.id.desc()).limit(limit)
        with self._engine.connect() as c:
            return [_run(row) for row in c.execute(query).mappings()]


def _values(run: JobRun) -> dict[str, Any]:
    return {
        "at": time.time(),
        "library": run.library,
        "engine": run.engine,
        "model": run.model,
        "sound_seconds": run.sound_seconds,
        "speech_seconds": run.speech_seconds,
        "engine_seconds": run.engine_seconds,
        "work_seconds": run.work_seconds,
        "worker": run.worker,
    }


def _run(row: Any) -> JobRun:
    return JobRun(
        id=row["id"],
        library=row["library"],
        engine=row["engine"],
        model=row["model"],
        sound_seconds=row["sound_seconds"],
        speech_seconds=row["speech_seconds"],
        engine_seconds=row["engine_seconds"],
        work_seconds=row["work_seconds"],
        worker=row["worker"],
    )
