"""A library that exists in a database only, for the pages: films of our making in every state."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from pathlib import Path

import sqlalchemy as sa

from subtitled.config.load import Configuration, load_config
from subtitled.daemon.recent_log import RECENT_LOG
from subtitled.db.database import Database
from subtitled.db.egress_log import BudgetCap, EgressEntry
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.kv import SERVER_ERROR_KEY
from subtitled.db.overview import CoverageRow, FileOverview, RequirementRow
from subtitled.db.records import FileState
from subtitled.db.schema import files
from subtitled.db.state_folder import DATABASE_FILE
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobs.log_context import current_job
from subtitled.plugin import TransientError

HOSTILE = "<img src=x onerror=alert(1)>"
"""Markup, which pages have to show as text."""
TITLES = (
    "北の灯台",
    "Ein Sommer am Kanal",
    "Marée haute",
    "Harbour Lights S01E01",
    "Harbour Lights S01E02",
    "Harbour Lights S01E03",
    "Cartographers",
    "The Slow Train North",
    "Das Salz der Ebene",
    "A Field Guide to Rain",
    "Twelve Bridges",
    "Night Shift at the Observatory",
    "مدينة الريح",
    "The Lighthouse Keeper's Radio",
    "Lecture 7: Sediments",
)


def write_configuration(folder: Path, port: int = 0, more: str = "") -> Configuration:
    """Return a configuration with two libraries, whose folders exist and are empty."""
    for name in ("films", "series"):
        (folder / name).mkdir(exist_ok=True)
    path = folder / "config.toml"
    web = f"[web]\nport = {port}\n" if port else ""
    path.write_text(
        f'[daemon]\nstate_dir = "{folder}/state"\n'
        f'[libraries.films]\npath = "{folder}/films"\nlanguages = ["en", "de"]\nwatch = "off"\n'
        f'[libraries.series]\npath = "{folder}/series"\nlanguages = ["original"]\nwatch = "off"\n'
        f"{web}{more}",
        "utf-8",
    )
    return load_config(path)


def open_library(configuration: Configuration) -> Database:
    """Open the database of a configuration."""
    state = configuration.settings.daemon.state_dir
    assert state is not None
    state.mkdir(mode=0o700, exist_ok=True)
    return Database(state / DATABASE_FILE)


def add_file(db: Database, path: Path, library: str, state: FileState, **columns: object) -> int:
    """Add a file in a state, as if the daemon had brought it there."""
    values = {
        "library": library,
        "path": os.fsencode(path),
        "device": 1,
        "inode": 1,
        "size": 1,
        "mtime_ns": 1,
        "state": state,
        "stable_since": 0.0,
        "updated_at": time.time(),
    }
    with db.files._engine.begin() as c:
        return int(
            c.execute(
                sa.insert(files).values(**(values | columns)).returning(files.c.id)
            ).scalar_one()
        )


REASONS = {
    FileState.WAITING: "the budget cloud is used up until tomorrow",
    FileState.FAILED: "ffmpeg cannot read the file: invalid data found when processing input",
    FileState.RETRYING: "the engine whisper did not answer within 600 s",
    FileState.IMPOSSIBLE: "no translator translates from mt to de",
    FileState.QUARANTINED: "the engine crashed 3 times in a row",
    FileState.NO_SPEECH: "no speech was found",
}


def fill_library(configuration: Configuration, db: Database, count: int = 120) -> None:
    """Add films in all states, with what they have and need, and a history."""
    now, states = time.time(), list(FileState)
    libraries = configuration.settings.libraries
    for number in range(count):
        title = TITLES[number % len(TITLES)]
        library = "series" if "S01" in title or "Lecture" in title else "films"
        name = f"{title} ({1950 + number % 70})"
        path = libraries[library].path / name / f"{name}.mkv"
        state = FileState.DONE if number % 3 else states[number // 3 % len(states)]
        if state is FileState.WORKING and number > 20:
            state = FileState.QUEUED
        is_working = state is FileState.WORKING
        file_id = add_file(
            db,
            path,
            library,
            state,
            title=title,
            reason=REASONS.get(state, ""),
            progress="transcribing, 00:42:10 of 01:31:00" if is_working else "",
            progress_share=0.46 if is_working else None,
            progress_since=now - 300 if is_working else None,
            worker="daemon" if is_working else None,
            attempts=2 if state is FileState.RETRYING else 0,
            next_check_at=now + 1800 if state is FileState.RETRYING else None,
            updated_at=now - number * 60,
        )
        if state not in (FileState.STABILISING, FileState.GROWING):
            db.overview.store(file_id, library, _overview(title, name, state))
        if number < 30:
            event = HistoryEvent.PUBLISHED if state is FileState.DONE else HistoryEvent.REQUESTED
            db.history.add(
                HistoryEntry(
                    event=event,
                    path=path,
                    file_id=file_id,
                    library=library,
                    actor="" if event is HistoryEvent.PUBLISHED else "ana",
                    reason="" if event is HistoryEvent.PUBLISHED else "retry",
                    details={"language": "en"} if event is HistoryEvent.PUBLISHED else {},
                    at=now - (30 - number) * 600,
                )
            )


def fill_spending(configuration: Configuration, db: Database) -> None:
    """Add requests that left the machine, and failures of the engine and of a server."""
    folder = configuration.settings.libraries["films"].path
    for number, title in enumerate(TITLES[:5]):
        entry = EgressEntry(
            key=title,
            path=folder / f"{title}.mkv",
            library="films",
            component="cloud" if number % 2 else "translator",
            destination="eu",
            host="api.example.org",
            kind="audio" if number % 2 else "text",
            amount=5460.0 if number % 2 else 21840.0,
            price=0.54 if number % 2 else 0.22,
            currency="EUR",
        )
        db.egress_log.open(entry, [BudgetCap("cloud", f"{time.strftime('%Y-%m')}")])
    breakers = CircuitBreakers(db.kv)
    error = TransientError("it does not answer", "See the log of the engine")
    for film in range(6):
        with contextlib.suppress(TransientError), breakers.guard("whisper", str(film)):
            raise error
    db.kv.set(f"{SERVER_ERROR_KEY}tv", "HTTP 503 (Service Unavailable)")


def fill_log(configuration: Configuration, more: str = "") -> None:
    """Log what a daemon would have logged, with a line of a text if one is given."""
    RECENT_LOG.clear()
    folder = configuration.settings.libraries["films"].path
    name = f"{TITLES[1]} (1951)"
    lines = [
        (logging.INFO, "library films: watched by inotify", ""),
        (logging.INFO, "scanned films in 1.4 s: 92 files, 3 new", ""),
        (logging.INFO, f"{folder / name / name}.mkv: transcribing, track 1 (en)", "3f9c1b2a-18a3"),
        (logging.WARNING, "the engine whisper did not answer within 600 s", "3f9c1b2a-18a3"),
        (logging.ERROR, "server tv: HTTP 503 (Service Unavailable)", ""),
    ]
    if more:
        lines.append((logging.WARNING, more, "3f9c1b2a-18a3"))
    for level, message, job in lines:
        token = current_job.set(job)
        RECENT_LOG.add(logging.LogRecord("subtitled", level, "", 0, message, (), None))
        current_job.reset(token)


def add_hostile_file(configuration: Configuration, db: Database) -> int:
    """Add a file whose texts are markup, and return its number."""
    path = configuration.settings.libraries["films"].path / f"{HOSTILE}.mkv"
    values = {"title": f"{HOSTILE} title", "reason": f"{HOSTILE} reason", "hint": HOSTILE}
    file_id = add_file(db, path, "films", FileState.FAILED, **values)
    row = CoverageRow(
        language="en",
        kind="full",
        format="srt",
        origin="sidecar",
        location=f"{HOSTILE}.en.srt",
        ownership="human",
        problem=f"{HOSTILE} problem",
    )
    wanted = RequirementRow(language="de", kind="full", status="missing", reason=f"{HOSTILE} why")
    overview = FileOverview(
        duration=60.0, title=f"{HOSTILE} title", coverage=(row,), requirements=(wanted,)
    )
    db.overview.store(file_id, "films", overview)
    db.history.add(
        HistoryEntry(
            event=HistoryEvent.FAILED,
            path=path,
            file_id=file_id,
            library="films",
            actor=f"{HOSTILE} actor",
            reason=f"{HOSTILE} reason",
        )
    )
    return file_id


def _overview(title: str, name: str, state: FileState) -> FileOverview:
    is_done = state in (FileState.DONE, FileState.UP_TO_DATE)
    status = "met" if is_done else "impossible" if state is FileState.IMPOSSIBLE else "missing"
    languages = ("en", "de") if "S01" not in title else ("en",)
    return FileOverview(
        duration=5460.0,
        title=title,
        coverage=tuple(
            CoverageRow(
                language=language,
                kind="full",
                format="srt",
                origin="sidecar",
                location=f"{name}.{language}.srt",
                ownership="ours" if language == "de" else "human",
            )
            for language in languages
            if is_done
        ),
        requirements=tuple(
            RequirementRow(
                language=language,
                kind="full",
                status="met" if language == "en" and len(title) % 2 else status,
                reason="a sidecar" if is_done else "the library wants it",
            )
            for language in languages
        ),
    )
