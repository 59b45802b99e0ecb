"""The processor time of ``plan --summary`` and of what is left, with 100 000 files in the database.

No file exists. Every one lacks two subtitles; a tenth of them has no known length.

Usage: python benchmarks/plan_summary.py [FILES]
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import sqlalchemy as sa

from material import own_folder
from subtitled.config.load import load_config
from subtitled.daemon.answers.backlog import describe_backlog
from subtitled.daemon.answers.plan_summary import summarise_plan
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.db.schema import files, job_runs, requirements
from subtitled.db.state_folder import DATABASE_FILE

LIBRARIES = ("films", "series", "lectures")
BATCH = 10_000


def fill(database: Database, number: int) -> None:
    """Add files that lack two subtitles each, and the jobs that were done before."""
    with database.files._engine.begin() as c:
        for begin in range(0, number, BATCH):
            numbers = range(begin + 1, min(begin + BATCH, number) + 1)
            c.execute(files.insert(), [_file(one) for one in numbers])
            c.execute(
                requirements.insert(),
                [
                    {
                        "file_id": one,
                        "library": LIBRARIES[one % 3],
                        "language": language,
                        "kind": "full",
                        "status": "missing",
                        "reason": "to be made",
                    }
                    for one in numbers
                    for language in ("en", "de")
                ],
            )
        run = {
            "at": 0.0,
            "library": "films",
            "engine": "whisper",
            "model": "base",
            "sound_seconds": 5400.0,
            "speech_seconds": 2700.0,
            "engine_seconds": 400.0,
            "work_seconds": 450.0,
        }
        c.execute(job_runs.insert(), [run] * 2000)


def _file(number: int) -> dict[str, object]:
    library = LIBRARIES[number % 3]
    return {
        "id": number,
        "library": library,
        "path": f"/media/{library}/{number // 10}/{number}.mkv".encode(),
        "device": 1,
        "inode": number,
        "size": 10**9,
        "mtime_ns": 1,
        "state": FileState.QUEUED,
        "stable_since": 0.0,
        "updated_at": 0.0,
        "duration": None if number % 10 == 0 else 5400.0,
        "year": 1950 + number % 75,
        "examined_at": 1.0,
    }


def main(number: int) -> None:
    """Fill a database, and print what each answer costs."""
    with own_folder() as folder:
        config = folder / "config.toml"
        sections = [f'[libraries.{name}]\npath = "/media/{name}"\n' for name in LIBRARIES]
        config.write_text(f'[daemon]\nstate_dir = "{folder}"\n' + "".join(sections))
        configuration = load_config(config)
        database = Database(folder / DATABASE_FILE)
        fill(database, number)
        for name, ask in (
            ("the summary of the plan", lambda: summarise_plan(configuration, database)),
            ("what is left", lambda: describe_backlog(configuration, database)),
            ("what is left, again", lambda: describe_backlog(configuration, database)),
        ):
            begin = time.process_time()
            ask()
            print(f"{name}: {time.process_time() - begin:.2f} s of processor time")
        with database.files._engine.connect() as c:
            assert c.execute(sa.select(sa.func.count()).select_from(files)).scalar() == number
        database.close()
        command = Path(sys.executable).with_name("subtitled")
        began = time.perf_counter()
        before = _children_seconds()
        subprocess.run(
            [command, "--config", config, "plan", "--summary"], check=True, capture_output=True
        )
        print(
            f"subtitled plan --summary: {_children_seconds() - before:.2f} s of processor time, "
            f"{time.perf_counter() - began:.2f} s by the clock"
        )


def _children_seconds() -> float:
    return sum(os.times()[2:4])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
