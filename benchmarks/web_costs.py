"""What an open page costs the daemon: memory and processor time at rest, speed of recognition."""

from __future__ import annotations

import os
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
    """Recognise clips in turn with and without an open page, and compare by the median.

    Times are for one second of speech.
    """
    model()
    rows: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with own_folder() as folder:
        write_configuration(folder, 0, languages=("original",))
        for name in ("films", "series", "clips"):
            (folder / name).mkdir()
        (folder / "state").mkdir(mode=0o700)
        # Each is a little longer than the one before, so that none is known already.
        lengths = [seconds + number for number in range(2 * ALTERNATIONS + 1)]
        clips = [looped(NAMES, length, folder / "clips" / f"{length:g}.flac") for length in lengths]
        others = running()
        with running_port(folder, languages=("original",)) as port:
            db = Database(folder / "state" / DATABASE_FILE)
            _recognise(port, db, clips[0])  # loads the model
            for number, (length, clip) in enumerate(zip(lengths[1:], clips[1:], strict=True)):
                is_open = bool(number % 2)
                with OpenPage(port) if is_open else nullcontext() as page:
                    taken, spent = _recognise(port, db, clip)
                rows[is_open].append((taken / length, spent / length))
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
    """Return the seconds from a clip's arrival to its sidecar, and the processor seconds."""
    target = port.folder / "films" / clip.name
    before = _cpu(port.pid)
    begin = time.monotonic()
    clip.rename(target)
    while (record := db.files.get(target)) is None or record.state not in FINAL_STATES:
        if time.monotonic() - begin > 600:
            sys.exit(f"{clip.name} is not done: {record}")
        time.sleep(0.05)
    seconds = time.monotonic() - begin
    if not list(target.parent.glob(f"{target.stem}*.srt")):
        sys.exit(f"{clip.name} has no sidecar: {record}")
    return seconds, _cpu(port.pid) - before


def _cpu(pid: int) -> float:
    """Return the processor seconds of a process and all below it, also of those that ended."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    spent = sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [(task / "children").read_text("ascii").split() for task in tasks]
    return spent + sum(_cpu(int(child)) for some in children for child in some)
