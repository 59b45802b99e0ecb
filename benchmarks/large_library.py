"""A large library for the benchmark of the pages: empty files, their database, the daemon on it.

Every file was examined: it has and needs what the shares below say, in four languages.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from subtitled.config.load import Configuration, load_config
from subtitled.db.database import Database
from subtitled.db.engine import open_engine
from subtitled.db.files_bulk import DiffOptions
from subtitled.db.history import HistoryEntry, HistoryEvent, write_history
from subtitled.db.kv import SCANNED_KEY
from subtitled.db.records import BACKFILL, FileState, ScanDiff
from subtitled.db.schema import coverage, files, requirements
from subtitled.db.state_folder import DATABASE_FILE
from subtitled.web.auth.accounts import Accounts
from subtitled.web.auth.roles import Role

LIBRARIES = ("films", "series")
LANGUAGES = ("en", "de", "fr", "es")
PER_FOLDER = 10
STATES = (
    *[FileState.UP_TO_DATE] * 60,
    *[FileState.DONE] * 34,
    *[FileState.IMPOSSIBLE] * 4,
    *[FileState.FAILED, FileState.NO_SPEECH],
)
"""At rest all of them, so that the daemon has nothing to do."""
STATUSES = (*["met"] * 70, *["missing"] * 20, *["impossible"] * 8, *["removed"] * 2)
WORDS = "harbour night train lantern sediment bridge observatory winter field salt canal".split()
BATCH = 5000


def add_paths(root: Path, numbers: Sequence[int]) -> list[Path]:
    """Create empty media files, ten in a folder, and return their paths."""
    chance, paths = random.Random(numbers[0] if numbers else 0), []
    for number in numbers:
        show, season = divmod(number // PER_FOLDER, 8)
        name = f"{WORDS[show % len(WORDS)].title()} {WORDS[show // 11 % len(WORDS)]} {show:05d}"
        folder = root / name / f"Season {season + 1:02d}"
        title = " ".join(chance.choices(WORDS, k=3)).title()
        path = folder / f"{name} - S{season + 1:02d}E{number % PER_FOLDER + 1:02d} - {title}.mkv"
        folder.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
        paths.append(path)
    return paths


def write_configuration(
    folder: Path, port: int, languages: Sequence[str] = LANGUAGES
) -> Configuration:
    """Write the configuration; with port 0 the daemon has no port.

    With the language spoken, files are recognised as soon as they come.
    """
    is_recognising = "original" in languages
    watch = "auto" if is_recognising else "off"
    config = folder / "config.toml"
    text = f'[daemon]\nstate_dir = "{folder}/state"\nlog_level = "info"\n'
    for name in LIBRARIES:
        text += f'[libraries.{name}]\npath = "{folder}/{name}"\nwatch = "{watch}"\n'
        text += f"languages = {json.dumps(languages)}\n"
        text += 'stability_delay = "1s"\n' if is_recognising else ""
    if port:
        text += f"[web]\nport = {port}\n"
    config.write_text(text, "utf-8")
    return load_config(config)


def fill(folder: Path, count: int) -> Database:
    """Make the files of the libraries, and a database in which all of them are at rest."""
    (folder / "state").mkdir(mode=0o700)
    db = Database(folder / "state" / DATABASE_FILE)
    for place, library in enumerate(LIBRARIES):
        paths = add_paths(folder / library, range(place * count // 2, (place + 1) * count // 2))
        for begin in range(0, len(paths), BATCH):
            add_files(db, library, paths[begin : begin + BATCH])
    return db


def add_files(db: Database, library: str, paths: Sequence[Path]) -> None:
    """Add files that exist as a scan does, and what an examination would find."""
    diff = ScanDiff(new=[(os.fsencode(path), path.stat(), 0) for path in paths])
    now = time.time()
    db.bulk_files.apply_diff(library, diff, DiffOptions(priority=BACKFILL, now=now, check_at=now))
    engine = open_engine(db.path)
    with engine.begin() as c:
        first = c.execute(
            sa.select(sa.func.min(files.c.id)).where(files.c.path == os.fsencode(paths[0]))
        ).scalar_one()
        examine(c, library, list(enumerate(paths, first)))
    engine.dispose()


def examine(c: sa.Connection, library: str, numbered: list[tuple[int, Path]]) -> None:
    """Write states, coverage, requirements and a history of files."""
    has, wants, states, entries = [], [], [], []
    now = time.time()
    for number, path in numbered:
        chance = random.Random(number)
        state, at = chance.choice(STATES), now - chance.uniform(0, 80 * 86400)
        states.append(
            {
                "key": number,
                "state": state,
                "title": path.stem.split(" - ")[-1],
                "duration": chance.uniform(1200, 7200),
                "at": at,
                "reason": "ffmpeg cannot read the file" if state is FileState.FAILED else "",
            }
        )
        event = HistoryEvent.FAILED if state is FileState.FAILED else HistoryEvent.ENDED
        entries.append(HistoryEntry(event=event, path=path, file_id=number, library=library, at=at))
        for language in LANGUAGES:
            status = chance.choice(STATUSES)
            wants.append(
                {
                    "file_id": number,
                    "library": library,
                    "language": language,
                    "secondary": None,
                    "kind": "full",
                    "status": status,
                    "reason": "a sidecar" if status == "met" else "the library wants it",
                }
            )
            if status == "met":
                has.append(
                    {
                        "file_id": number,
                        "language": language,
                        "secondary": None,
                        "kind": "full",
                        "format": "srt",
                        "origin": "sidecar",
                        "location": os.fsencode(f"{path.stem}.{language}.srt"),
                        "ownership": "human" if language == "en" else "ours",
                        "is_text": True,
                        "problem": "",
                    }
                )
    c.execute(
        files.update()
        .where(files.c.id == sa.bindparam("key"))
        .values(
            state=sa.bindparam("state"),
            title=sa.bindparam("title"),
            duration=sa.bindparam("duration"),
            examined_at=sa.bindparam("at"),
            updated_at=sa.bindparam("at"),
            reason=sa.bindparam("reason"),
            next_check_at=None,
        ),
        states,
    )
    c.execute(coverage.insert(), has)
    c.execute(requirements.insert(), wants)
    write_history(c, *entries)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


class Port:
    """A daemon with a port, and a session of an admin on it."""

    def __init__(self, folder: Path, has_pages: bool, languages: Sequence[str]) -> None:
        self.folder = folder
        self.port = free_port() if has_pages else 0
        self.configuration = write_configuration(folder, self.port, languages)
        self.log = folder / "log"
        accounts = Accounts(folder / "state")
        user = accounts.users.get("bench") or accounts.users.add(
            "bench", "a long enough password", Role.ADMIN
        )
        token = accounts.sessions.create(user, "127.0.0.1", "benchmark")
        accounts.close()
        self.headers = {"Cookie": f"subtitled={token}", "Accept": "text/html"}
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def cpu_seconds(self, pid: int | None = None) -> float:
        """Return the processor seconds that the daemon or another process has used."""
        clock = ~(self.pid if pid is None else pid) << 3 | 2  # clock_getcpuclockid(3)
        return time.clock_gettime(clock)

    def start(self, limit: float = 300.0) -> None:
        """Start the daemon, and wait until each library was scanned."""
        self.log.write_bytes(b"")
        self._started_at = time.time()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "subtitled"),
                    *("--config", str(self.folder / "config.toml"), "run"),
                ],
                stderr=log,
            )
        deadline = time.monotonic() + limit
        while not self.is_at_rest():
            if self.process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"the daemon did not come to rest:\n{self.log.read_text('utf-8')}")
            time.sleep(0.2)

    def is_at_rest(self) -> bool:
        """Return whether the first scans are over, and the port is open."""
        db = Database(self.folder / "state" / DATABASE_FILE)
        try:
            scanned = db.kv.get_prefix(SCANNED_KEY).values()
        finally:
            db.close()
        is_scanned = sum(float(at) + 1 > self._started_at for at in scanned) == len(LIBRARIES)
        return is_scanned and (not self.port or self.is_open())

    def is_open(self) -> bool:
        try:
            return self.connect().get("/health")[0] == 200
        except OSError:
            return False

    def connect(self) -> Client:
        return Client(self.port, self.headers)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(60)


class Client:
    """One connection that is kept open, as a browser keeps it."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = headers

    def get(self, path: str) -> tuple[int, bytes]:
        """Request a page; on a new connection if the daemon has closed the one that was idle."""
        try:
            return self._get(path)
        except (http.client.RemoteDisconnected, ConnectionError):
            self.close()
            return self._get(path)

    def _get(self, path: str) -> tuple[int, bytes]:
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._connection.close()


@contextmanager
def running_port(
    folder: Path, *, has_pages: bool = True, languages: Sequence[str] = LANGUAGES
) -> Iterator[Port]:
    """Run the daemon, and stop it at the end."""
    port = Port(folder, has_pages, languages)
    try:
        port.start()
        yield port
    finally:
        port.stop()
