"""Costs of a large library: scans compared with bare directory walks, memory, watching, latency.

    python benchmarks/library.py walk [FILES]       a first scan and one that finds nothing new,
                                                    compared with scandir and stat alone; memory
    python benchmarks/library.py watch [FOLDERS]    the daemon watching so many folders, idle
    python benchmarks/library.py arrive [TIMES]     from a rename that completes a file to its work
    python benchmarks/library.py                    all: 200 000 files, 20 000 folders, 10 times

Each creates its own tree in a temporary folder. Ratios are of one run, with the parts one after the
other, of wall-clock time and of CPU time. CPU time is what counts on a busy machine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from idle import memory, ticks
from material import Cost, costs, own_folder, running

PER_FOLDER = 10
SETTLE = 1.0

WALK = """
import sys, time
from pathlib import Path
from subtitled.config.settings import LibrarySettings
from subtitled.library.ingest import Ingest
from subtitled.db.database import Database

intake = Ingest(Database(Path(sys.argv[2])), {"films": LibrarySettings(path=Path(sys.argv[1]))})
def peak():
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM:"))
before = peak()
begin, cpu = time.perf_counter(), time.process_time()
report = intake.scan("films")
print(report.files, report.new, time.perf_counter() - begin, time.process_time() - cpu,
      before, peak())
"""


def tree(root: Path, files: int) -> None:
    """Create a library of series: ten episodes in a season, eight seasons in a show."""
    for number in range(-(-files // PER_FOLDER)):
        show, season = divmod(number, 8)
        folder = root / f"Show {show:05d}" / f"Season {season + 1:02d}"
        folder.mkdir(parents=True)
        for episode in range(min(PER_FOLDER, files - number * PER_FOLDER)):
            name = f"Show {show:05d} - S{season + 1:02d}E{episode + 1:02d} - An Episode of It.mkv"
            os.close(os.open(folder / name, os.O_CREAT | os.O_WRONLY))


def bare(root: Path) -> int:
    """Do the minimum of a scan: list every folder and stat every file."""
    count, folders = 0, [os.fspath(root)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    entry.stat()
                    count += 1
    return count


def walked(root: Path, ledger: Path) -> tuple[int, Cost, float, float]:
    """Scan in a new process: number of new files, cost, memory before and peak, in MiB."""
    others = running()
    done = subprocess.run(
        [sys.executable, "-c", WALK, str(root), str(ledger)],
        capture_output=True,
        text=True,
        check=True,
    )
    _, new, seconds, cpu, before, peak = map(float, done.stdout.split())
    return int(new), Cost(seconds, cpu, others), before, peak


def walk(files: int) -> dict[str, float]:
    with own_folder() as folder:
        root, ledger = folder / "films", folder / "subtitled.sqlite"
        tree(root, files)
        bare(root)  # so that all find the folders in the page cache
        least = min((costs(lambda: bare(root)) for _ in range(3)), key=lambda cost: cost.cpu)
        new, first, before, peak = walked(root, ledger)
        again = [walked(root, ledger) for _ in range(3)]
        if new != files or any(found for found, *_ in again):
            sys.exit(f"{new} of {files} files were found, then {[found for found, *_ in again]}")
        second = min((cost for _, cost, _, _ in again), key=lambda cost: cost.cpu)
        size = ledger.stat().st_size / 2**20
    said = {
        "files": files,
        "bare_seconds": least.seconds,
        "first_wall_ratio": first.seconds / least.seconds,
        "first_cpu_ratio": first.cpu / least.cpu,
        "again_wall_ratio": second.seconds / least.seconds,
        "again_cpu_ratio": second.cpu / least.cpu,
        "first_memory_mib": peak - before,
        "again_memory_mib": max(most - start for _, _, start, most in again),
        "ledger_mib": size,
        "others": max(cost.others for cost in (least, first, second)),
    }
    print(
        f"{files} files: bare walk {least.seconds:.2f} s ({least.cpu:.2f} s of processor); "
        f"first walk {said['first_wall_ratio']:.2f} times that ({said['first_cpu_ratio']:.2f}), "
        f"scanned again {said['again_wall_ratio']:.2f} ({said['again_cpu_ratio']:.2f}); memory of "
        f"the walks {said['first_memory_mib']:.0f} and {said['again_memory_mib']:.0f} MiB; "
        f"{_alone(int(said['others']))}"
    )
    return said


@contextmanager
def daemon(folder: Path, root: Path) -> Iterator[subprocess.Popen[bytes]]:
    config = folder / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{folder}/state"\nlog_level = "info"\n'
        f'[libraries.films]\npath = "{root}"\nstability_delay = "{SETTLE}s"\n',
        "utf-8",
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "subtitled", "--config", str(config), "run"], stderr=log
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def until(done: Callable[[], bool], process: subprocess.Popen[bytes], limit: float = 120) -> None:
    end = time.monotonic() + limit
    while not done():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit(f"it did not come to that; status {process.poll()}")
        time.sleep(0.1)


def watch(folders: int) -> dict[str, float]:
    with own_folder() as folder:
        root = folder / "films"
        (root / "0").mkdir(parents=True)
        (root / "0" / "0").mkdir()

        def measure() -> tuple[float, float, int]:
            with daemon(folder, root) as process:
                until(lambda: "scanned films" in (folder / "log").read_text(), process)
                time.sleep(10)
                before, begin = ticks(process.pid), time.monotonic()
                time.sleep(30)
                used = (ticks(process.pid) - before) / os.sysconf("SC_CLK_TCK")
                share = used / (time.monotonic() - begin)
                held = memory(process.pid)["rss"]
                events = "watched by events" in (folder / "log").read_text()
            shutil.rmtree(folder / "state")
            if not events:
                sys.exit("the library was not watched by events")
            return held, share, running()

        few = measure()
        for number in range(folders // 10):
            for inner in range(10):
                (root / f"Show {number:05d}" / f"Season {inner:02d}").mkdir(parents=True)
        many = measure()
    print(
        f"watching {folders + folders // 10} folders: {many[0]:.0f} MiB resident, "
        f"{many[0] - few[0]:.0f} more than with three folders; {many[1]:.2%} of a core idle "
        f"(three folders: {few[1]:.2%}); {_alone(max(few[2], many[2]))}"
    )
    return {
        "rss_mib": many[0],
        "rss_more_mib": many[0] - few[0],
        "cpu_share": many[1],
        "cpu_share_of_few": few[1],
    }


def arrive(times: int) -> dict[str, float]:
    """Measure the latency of a file of silence: it is planned and queued, and its job starts."""
    late: list[float] = []
    with own_folder() as folder:
        root = folder / "films"
        root.mkdir()
        sound = folder / "sound.wav"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "anoisesrc=a=0.001:d=2", sound],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        with daemon(folder, root) as process:
            until(lambda: "scanned films" in (folder / "log").read_text(), process)
            time.sleep(3)
            for number in range(times):
                data = sound.read_bytes() + bytes([number]) * 64
                part = root / f"{number}.wav.part"
                part.write_bytes(data)
                part.rename(root / f"{number}.wav")
                arrived = time.time()
                late.append(_begins(folder / "state" / "subtitled.sqlite", part) - arrived - SETTLE)
                time.sleep(0.37)  # so that the arrivals hit all phases of periodic work
    print(
        "from the rename to the start of work, beyond the stability check: "
        f"{statistics.median(late):.2f} s "
        f"in the middle, {max(late):.2f} s at most of {times}; {_alone(running())}"
    )
    return {"median": statistics.median(late), "most": max(late)}


def _begins(ledger: Path, part: Path) -> float:
    """Return when the job of a file starts, in seconds since 1970, to 10 ms."""
    path = os.fsencode(part.with_suffix(""))
    query = "SELECT state FROM files WHERE path = ? AND state NOT IN ('stabilising', 'queued')"
    end = time.monotonic() + 60
    with closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as connection:
        while time.monotonic() < end:
            if connection.execute(query, (path,)).fetchone():
                return time.time()
            time.sleep(0.01)
    sys.exit(f"no work on {part.stem} began within a minute")


def _alone(others: int) -> str:
    return f"{others} other threads ran" if others else "nothing else ran"


def main() -> None:
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    said = {}
    if what in ("", "walk"):
        said["walk"] = walk(number or 200_000)
    if what in ("", "watch"):
        said["watch"] = watch(number or 20_000)
    if what in ("", "arrive"):
        said["arrive"] = arrive(number or 10)
    print(json.dumps(said))


if __name__ == "__main__":
    main()
