"""What an open page costs the daemon: memory and processor time at rest, speed of recognition."""

from __future__ import annotations

import statistics
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from idle import resident, share_of_memory
from large_library import Port, fill, running_port, write_configuration
from material import looped, model, own_folder, running
from open_page import OpenPage
from pausing import engine_of
from subtitled.db.database import Database
from subtitled.db.records import FINAL_STATES
from subtitled.db.state_folder import DATABASE_FILE

SETTLE = 10.0
"""Seconds of rest before a measurement."""
PAGES = ("/", "/coverage", "/files", "/files/1", "/queue", "/history", "/health-page", "/settings")
NAMES = ["sonnet.en.mp3", "jfk.flac", "apollo11.mp3"]
ALTERNATIONS = 3


def measure_idle(seconds: float, count: int) -> dict[str, Any]:
    """Measure the daemon at rest without a port, with one, and with an open page."""
    found: dict[str, dict[str, float]] = {}
    with own_folder() as folder:
        write_configuration(folder, 0)
        fill(folder, count).close()
        for name in ("without a port", "with a port", "with an open page"):
            with running_port(folder, has_pages=name != "without a port") as port:
                is_open = name == "with an open page"
                client = port.connect() if is_open else None
                for path in PAGES if client is not None else ():
                    status, _ = client.get(path)
                    if status != 200:
                        sys.exit(f"{path} is answered with {status}")
                with OpenPage(port) if is_open else nullcontext():
                    time.sleep(SETTLE)
                    found[name] = _at_rest(port, seconds)
            print(f"  {name}: {found[name]}", flush=True)
    without, with_page = found["without a port"], found["with an open page"]
    more = {name: with_page[name] - without[name] for name in without}
    print(
        f"an open page at {count} files, over {seconds:.0f} s: {more['pss_mib']:+.1f} MiB, goal "
        f"+25; {more['cpu_share']:+.2%} of a core, goal +0.30%; {running()} threads ran beside it"
    )
    return {"files": count, **found, "more": more}


def _at_rest(port: Port, seconds: float) -> dict[str, float]:
    before, begin = port.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    spent = port.cpu_seconds() - before
    return {
        "cpu_share": spent / (time.monotonic() - begin),
        "rss_mib": resident(port.pid) / 1024,
        "pss_mib": share_of_memory(port.pid) / 1024,
    }


def measure_recognition(seconds: float) -> dict[str, Any]:
    """Recognise clips in turn with and without an open page, and compare by the median."""
    model()
    rows: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with own_folder() as folder:
        write_configuration(folder, 0, languages=("original",))
        for name in ("films", "series", "clips"):
            (folder / name).mkdir()
        (folder / "state").mkdir(mode=0o700)
        # Each is a little longer than the one before, so that none is known already.
        clips = [
            looped(NAMES, seconds + number, folder / "clips" / f"{number}.flac")
            for number in range(2 * ALTERNATIONS + 1)
        ]
        others = running()
        with running_port(folder, languages=("original",)) as port:
            db = Database(folder / "state" / DATABASE_FILE)
            _recognise(port, db, clips[0])  # loads the model
            for number, clip in enumerate(clips[1:]):
                is_open = bool(number % 2)
                with OpenPage(port) if is_open else nullcontext() as page:
                    rows[is_open].append(_recognise(port, db, clip))
                told = f", {page.requests} requests" if page is not None else ""
                print(f"  page open: {is_open}; {rows[is_open][-1]}{told}", flush=True)
            db.close()
    wall, cpu = (
        statistics.median(row[place] for row in rows[False])
        / statistics.median(row[place] for row in rows[True])
        for place in (0, 1)
    )
    print(
        f"recognition beside an open page: {wall:.3f} of its speed by the clock, {cpu:.3f} by "
        f"processor time, goal 0.97; {others} threads ran beside it"
    )
    return {"speed": wall, "cpu_ratio": cpu, "others": others, "runs": list(rows.items())}


def _recognise(port: Port, db: Database, clip: Path) -> tuple[float, float]:
    """Return the seconds from a clip's arrival to its sidecar, and all processor seconds."""
    target = port.folder / "films" / clip.name
    before = _cpu(port)
    begin = time.monotonic()
    clip.rename(target)
    while (record := db.files.get(target)) is None or record.state not in FINAL_STATES:
        if time.monotonic() - begin > 600:
            sys.exit(f"{clip.name} is not done: {record}")
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    if not list(target.parent.glob(f"{target.stem}*.srt")):
        sys.exit(f"{clip.name} has no sidecar: {record}")
    return seconds, _cpu(port) - before


def _cpu(port: Port) -> float:
    """Return the processor seconds of the daemon and its engine."""
    engine = engine_of(port.pid)
    return port.cpu_seconds() + (port.cpu_seconds(engine) if engine is not None else 0.0)
