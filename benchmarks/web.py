"""What the pages cost with a large library: answers, events, memory, and recognition beside them.

    python benchmarks/web.py pages [FILES]            the daemon with one core busy: the pages,
                                                      events, 60 event streams, a walk by cursors
    python benchmarks/web.py idle [SECONDS] [FILES]   memory and processor time of an open page
    python benchmarks/web.py recognition [SECONDS]    speed of recognition beside an open page
    python benchmarks/web.py                          all: 100 000 files, 60 s, 60 s of speech

Each is measured with the real daemon as its own process, over a real connection. Times are the 95th
percentile at the client. Beside each stands the processor time of the daemon for one request, by
the median, because other work on the machine stretches the time and that little; and the ratio of
the time to that of its queries alone, in this process and in the same run. As root, daemon and
client run ahead of the work of others, but for the one process that keeps a core busy.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa

from large_library import LANGUAGES, Port, fill, running_port, write_configuration
from material import own_folder, running
from open_page import EventStream
from subtitled.daemon.answers.coverage import count_coverage
from subtitled.daemon.answers.cursors import encode_position
from subtitled.daemon.answers.file import describe_file
from subtitled.daemon.answers.file_list import FileFilter, FileSort, count_files, list_files
from subtitled.daemon.answers.now import describe_now
from subtitled.db.database import Database
from subtitled.db.engine import open_engine
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.records import FileRecord, FileState
from subtitled.db.schema import files
from web_costs import measure_idle, measure_recognition

FILES = 100_000
REQUESTS = 40
PAUSE = 0.1
"""Seconds between two requests. What runs without a pause is held up by the kernel."""
EVENTS = 20
TABS = 60
CHANGES = 1000
"""Files that come and go during a walk."""
PAGE_SIZE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The times of one page."""

    name: str
    p95: float
    """Milliseconds at the client."""
    cpu: float
    """Milliseconds of processor time of the daemon for one request, by the median."""
    queries: float
    """Milliseconds of its queries alone, the 95th percentile."""
    goal: float | None
    """Milliseconds that it may take."""

    @property
    def ratio(self) -> float:
        return self.p95 / self.queries

    def __str__(self) -> str:
        goal = f"{self.goal:4.0f}" if self.goal else "   -"
        return (
            f"  {self.name:34} {self.p95:7.1f} ms, goal {goal}; {self.cpu:6.1f} ms of processor; "
            f"{self.ratio:5.1f} times its queries"
        )


def percentile(seconds: list[float]) -> float:
    """Return the 95th percentile in milliseconds."""
    return statistics.quantiles(seconds, n=20, method="inclusive")[-1] * 1000


def times_of(work: Callable[[], object], times: int = REQUESTS) -> list[float]:
    found = []
    for _ in range(times):
        begin = time.perf_counter()
        work()
        found.append(time.perf_counter() - begin)
    return found


@contextmanager
def busy_core() -> Iterator[None]:
    """Keep one core busy."""
    spinning = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        spinning.kill()
        spinning.wait()


@contextmanager
def ahead_of_others(*pids: int) -> Iterator[bool]:
    """Let processes run before the work of others, where that is allowed; tell whether it is."""
    tasks = [int(task.name) for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]
    try:
        for task in tasks:
            os.sched_setscheduler(task, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        yield False
        return
    try:
        yield True
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


class Pages:
    """The pages of one daemon."""

    def __init__(self, port: Port, db: Database) -> None:
        self.port, self.db = port, db
        self.client = port.connect()
        self.chance = random.Random(7)
        with open_engine(db.path).connect() as c:
            self.numbers = list(c.execute(sa.select(files.c.id)).scalars())

    def record(self) -> FileRecord:
        """Return any file."""
        record = self.db.files.get_by_id(self.chance.choice(self.numbers))
        assert record is not None
        return record

    def measure(
        self,
        name: str,
        address: Callable[[], str],
        queries: Callable[[], object],
        goal: float | None = None,
        before: Callable[[], object] = lambda: None,
    ) -> Answered:
        """Request a page again and again; each request is about something else."""
        for _ in range(3):
            self.get(address())
        seconds, cpu, alone = [], [], []
        for _ in range(REQUESTS):
            path = address()
            before()
            begin, spent = time.perf_counter(), self.port.cpu_seconds()
            self.get(path)
            seconds.append(time.perf_counter() - begin)
            cpu.append(self.port.cpu_seconds() - spent)
            time.sleep(PAUSE)
            before()
            alone += times_of(queries, 1)
        result = Answered(
            name=name,
            p95=percentile(seconds),
            cpu=statistics.median(cpu) * 1000,
            queries=percentile(alone),
            goal=goal,
        )
        print(result, flush=True)
        return result

    def get(self, path: str) -> bytes:
        status, body = self.client.get(path)
        if status != 200:
            sys.exit(f"{path} is answered with {status}: {body[:300]!r}")
        return body

    def all(self) -> list[Answered]:
        db, configuration = self.db, self.port.configuration

        def place() -> str:
            return encode_position(FileSort.PATH, self.record())

        def listed(wanted: FileFilter, after: Callable[[], str | None] = lambda: None) -> object:
            page = list_files(db, wanted, after=(cursor := after()))
            return count_files(db, wanted, page if cursor is None else None)

        def absent() -> str:
            return "zq" + "".join(self.chance.choices("abcdefghijk", k=6))

        missing = FileFilter(library="films", language="de", kind="full", status="missing")
        fields = {"library": "films", "language": "de", "kind": "full", "status": "missing"}

        def write() -> None:
            db.kv.set("benchmark", str(self.chance.random()))

        return [
            self.measure(
                "list, any depth",
                lambda: f"/files?after={place()}",
                lambda: listed(FileFilter(), place),
                30,
            ),
            self.measure("list, first page", lambda: "/files", lambda: listed(FileFilter()), 30),
            self.measure(
                "list, one language is missing",
                lambda: "/files?" + urlencode(fields),
                lambda: listed(missing),
                30,
            ),
            self.measure(
                "search that finds nothing",
                lambda: f"/files?search={absent()}",
                lambda: listed(FileFilter(search=absent())),
                60,
            ),
            self.measure(
                "search that finds many",
                lambda: "/files?search=harbour",
                lambda: listed(FileFilter(search="harbour")),
                60,
            ),
            self.measure(
                "coverage",
                lambda: "/coverage",
                lambda: count_coverage(configuration.settings, db),
                80,
            ),
            self.measure(
                "coverage after each write",
                lambda: "/coverage",
                lambda: count_coverage(configuration.settings, db),
                80,
                write,
            ),
            self.measure(
                "file",
                lambda: f"/files/{self.chance.choice(self.numbers)}",
                lambda: describe_file(configuration, db, self.record()),
                30,
            ),
            self.measure(
                "now, after each write",
                lambda: "/",
                lambda: describe_now(configuration, db),
                None,
                write,
            ),
        ]


def measure_events(pages: Pages) -> float:
    """Return the milliseconds from a write to its event, the 95th percentile."""
    seconds = []
    with EventStream(pages.port, "history") as stream:
        for number in range(EVENTS):
            time.sleep(pages.chance.uniform(0.1, 1.0))
            begin = time.perf_counter()
            pages.db.history.add(HistoryEntry(event=HistoryEvent.REQUESTED, reason=f"{number}"))
            if f'"reason":"{number}"' not in stream.next_event().replace(": ", ":"):
                sys.exit("another event came first")
            seconds.append(time.perf_counter() - begin)
    return percentile(seconds)


def measure_tabs(pages: Pages) -> tuple[int, float]:
    """Return how many of 60 streams of a browser are open, and the milliseconds of a page then."""
    streams = [EventStream(pages.port, "changed") for _ in range(TABS)]
    try:
        seconds = times_of(lambda: pages.get("/files"), 20)
        return sum(stream.status == 200 for stream in streams), percentile(seconds)
    finally:
        for stream in streams:
            stream.close()


def walk_amid_changes(pages: Pages, changes: int) -> dict[str, int]:
    """Read all files page by page while others come and go, and check what was seen."""
    engine = open_engine(pages.db.path)
    with engine.connect() as c:
        before = dict(c.execute(sa.select(files.c.id, files.c.path)).all())
        template = dict(c.execute(sa.select(files).limit(1)).mappings().one())
    stayed, seen = set(before), list[int]()
    per_page = max(1, changes * PAGE_SIZE // len(before))
    cursor: str | None = ""
    left = changes
    while cursor is not None:
        query = {"limit": PAGE_SIZE} | ({"after": cursor} if cursor else {})
        body: dict[str, Any] = json.loads(pages.get(f"/api/v1/files?{urlencode(query)}"))
        seen += [item["id"] for item in body["items"]]
        cursor = body["next"]
        with engine.begin() as c:
            for number in range(min(per_page, left)):
                left -= 1
                if number % 2:
                    gone = pages.chance.choice(tuple(stayed))
                    stayed.discard(gone)
                    c.execute(files.delete().where(files.c.id == gone))
                    continue
                beside = Path(os.fsdecode(pages.chance.choice(list(before.values()))))
                path = os.fsencode(beside.with_name(f"{pages.chance.random()} {beside.name}"))
                row = template | {"path": path, "state": FileState.UP_TO_DATE}
                del row["id"]
                c.execute(files.insert(), row)
    engine.dispose()
    twice, missed = len(seen) - len(set(seen)), len(stayed - set(seen))
    if twice or missed:
        sys.exit(f"{twice} files were seen twice, and {missed} that stayed were missed")
    return {"seen": len(seen), "changes": changes - left, "twice": twice, "missed": missed}


def measure_pages(count: int) -> dict[str, Any]:
    with own_folder() as folder:
        write_configuration(folder, 0)
        db = fill(folder, count)
        with running_port(folder) as port:
            pages = Pages(port, db)
            with busy_core(), ahead_of_others(port.pid, os.getpid()) as is_ahead:
                others = running()
                place = "ahead of" if is_ahead else "among"
                print(f"{count} files, {len(LANGUAGES)} languages, {place} {others} busy threads")
                rows = pages.all()
                event = measure_events(pages)
                print(f"  event after a write: {event:.0f} ms, goal 1500", flush=True)
                accepted, tab = measure_tabs(pages)
                print(f"  {TABS} streams of a browser: {accepted} open, a page then {tab:.0f} ms")
                walked = walk_amid_changes(pages, min(CHANGES, count // 4))
                print(f"  walk by cursors: {walked}", flush=True)
        db.close()
    return {
        "files": count,
        "others": others,
        "is_ahead_of_others": is_ahead,
        "pages": [asdict(row) | {"ratio": row.ratio} for row in rows],
        "event_ms": event,
        "streams_open": accepted,
        "page_beside_streams_ms": tab,
        "walk": walked,
    }


def main() -> None:
    what, given = (sys.argv[1] if len(sys.argv) > 1 else ""), [int(text) for text in sys.argv[2:]]
    if what not in ("", "pages", "idle", "recognition"):
        sys.exit(__doc__)
    found: dict[str, Any] = {}
    if what in ("", "pages"):
        found["pages"] = measure_pages(*(given or [FILES]))
    if what in ("", "idle"):
        seconds, count = (*given, *(60, FILES)[len(given) :])
        found["idle"] = measure_idle(seconds, count)
    if what in ("", "recognition"):
        found["recognition"] = measure_recognition(*(given or [60]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
