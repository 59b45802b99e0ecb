"""Memory and CPU time of the idle daemon and of a worker, before and after work.

The daemon watches three libraries of 1 000 folders, each with an image and a description, and a
worker runs beside it. Each is watched for a minute, or for the seconds given: first when the last
library was scanned, then again after two recordings were transcribed, the engines were unloaded,
and what is kept for a minute was released. About 5 minutes.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from material import SPEECH, model, own_folder

LIBRARIES = ("films", "series", "concerts")
FOLDERS = 1000
"""Folders in each library."""
RECORDINGS = ("jfk.flac", "sonnet.en.mp3")
SECONDS_UNTIL_RELEASED = 75.0
"""Seconds after the end of the engines from which nothing more is released."""


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def memory(pid: int) -> dict[str, float]:
    """Return in MiB what is resident, its share of shared memory, and what is anonymous."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()[1:]
    values = {line.split(":")[0]: int(line.split()[1]) / 1024 for line in rollup}
    return {"rss": values["Rss"], "pss": values["Pss"], "anonymous": values["Anonymous"]}


def children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()


def measure(processes: Mapping[str, int], seconds: float, when: str) -> dict[str, object]:
    """Watch idle processes, print a line for each and return the figures."""
    before, begin = {name: ticks(pid) for name, pid in processes.items()}, time.monotonic()
    peaks = dict.fromkeys(processes, 0.0)
    while time.monotonic() - begin < seconds:
        time.sleep(min(1.0, seconds))
        for name, pid in processes.items():
            peaks[name] = max(peaks[name], memory(pid)["rss"])
    took = time.monotonic() - begin
    found: dict[str, object] = {}
    for name, pid in processes.items():
        busy = (ticks(pid) - before[name]) / os.sysconf("SC_CLK_TCK") / took
        now = memory(pid)
        print(
            f"{when}, {name}, over {took:.0f} s: {peaks[name]:.0f} MiB resident at most, "
            f"{now['pss']:.0f} MiB its share, {now['anonymous']:.0f} MiB its own, "
            f"{busy:.2%} of a core",
            flush=True,
        )
        found[name] = {"rss_mib": peaks[name], "pss_mib": now["pss"], "cpu_share": busy}
    return found


def wait(condition: Callable[[], bool], processes: list[subprocess.Popen[bytes]]) -> None:
    while not condition():
        for process in processes:
            if process.poll() is not None:
                sys.exit(f"a process ended with status {process.returncode}")
        time.sleep(0.5)


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    model()
    with own_folder() as folder:
        config, log = folder / "config.toml", folder / "log"
        text = f'[daemon]\nstate_dir = "{folder}/state"\nmodel_idle_timeout = 5\n'
        for name in LIBRARIES:
            for number in range(FOLDERS):
                film = folder / name / f"Film {number}"
                film.mkdir(parents=True)
                (film / "poster.jpg").write_bytes(b"picture")
                (film / "movie.nfo").write_text("<movie/>", "utf-8")
            text += f'[libraries.{name}]\npath = "{folder}/{name}"\nstability_delay = 1\n'
        config.write_text(text, "utf-8")
        command = [sys.executable, "-m", "subtitled", "--config", str(config)]
        # As at any start but the first, the database is there, and Alembic is not imported.
        subprocess.run([*command, "status"], check=True, stdout=subprocess.DEVNULL)
        with log.open("wb") as lines:
            daemon = subprocess.Popen([*command, "run"], stderr=lines)
            running = [daemon]
            try:
                wait(lambda: log.read_text("utf-8").count("scanned ") >= len(LIBRARIES), running)
                worker = subprocess.Popen([*command, "worker", "second"], stderr=lines)
                running.append(worker)
                processes = {"daemon": daemon.pid, "worker": worker.pid}
                time.sleep(20)
                results = {"before work": measure(processes, seconds, "before work")}
                for number, name in enumerate(RECORDINGS):
                    media = folder / "films" / f"Film {number}" / f"Film {number}.mkv"
                    source = ("-i", str(SPEECH / name), "-map", "0:a", "-c:a", "flac")
                    subprocess.run(["ffmpeg", "-v", "error", *source, str(media)], check=True)
                films = folder / "films"
                wait(lambda: len(list(films.glob("*/*.srt"))) == len(RECORDINGS), running)
                wait(lambda: not any(map(children, processes.values())), running)
                time.sleep(SECONDS_UNTIL_RELEASED)
                results["after work"] = measure(processes, seconds, "after work")
            finally:
                for process in running:
                    process.send_signal(signal.SIGTERM)
                for process in running:
                    process.wait(15)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
