"""Memory and CPU time of the idle daemon over a minute, or the seconds given.

The daemon watches three libraries of 1 000 folders, each with an image and a description. Sampled
each second, from 10 seconds after the last library was scanned.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from material import own_folder

LIBRARIES = ("films", "series", "concerts")
FOLDERS = 1000
"""Folders in each library."""


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def share_of_memory(pid: int) -> int:
    """Return the memory in kilobytes, with shared memory divided among its processes."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with own_folder() as folder:
        config, log = folder / "config.toml", folder / "log"
        text = f'[daemon]\nstate_dir = "{folder}/state"\n'
        for name in LIBRARIES:
            for number in range(FOLDERS):
                film = folder / name / f"Film {number}"
                film.mkdir(parents=True)
                (film / "poster.jpg").write_bytes(b"picture")
                (film / "movie.nfo").write_text("<movie/>", "utf-8")
            text += f'[libraries.{name}]\npath = "{folder}/{name}"\n'
        config.write_text(text, "utf-8")
        with log.open("wb") as lines:
            daemon = subprocess.Popen(
                [sys.executable, "-m", "subtitled", "--config", str(config), "run"], stderr=lines
            )
        try:
            while log.read_text("utf-8").count("scanned ") < len(LIBRARIES):
                if daemon.poll() is not None:
                    sys.exit(f"the daemon ended with status {daemon.returncode}")
                time.sleep(0.5)
            time.sleep(10)
            before, begin = ticks(daemon.pid), time.monotonic()
            memory = 0.0
            while time.monotonic() - begin < seconds:
                time.sleep(min(1.0, seconds))
                memory = max(memory, resident(daemon.pid) / 1024)
            seconds = time.monotonic() - begin
            share = share_of_memory(daemon.pid) / 1024
            used = (ticks(daemon.pid) - before) / os.sysconf("SC_CLK_TCK")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(15)
    busy = used / seconds
    print(
        f"idle over {seconds:.0f} s: {memory:.0f} MiB resident at most, {share:.0f} MiB its share, "
        f"{busy:.2%} of a core"
    )
    print(json.dumps({"rss_mib": memory, "pss_mib": share, "cpu_share": busy}))


if __name__ == "__main__":
    main()
