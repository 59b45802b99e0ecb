"""What the idle daemon takes over a minute: most resident memory, processor time.

The daemon watches one empty library. Sampled each second after 10 seconds of starting.
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


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    with own_folder() as folder:
        (folder / "films").mkdir()
        config = folder / "config.toml"
        config.write_text(
            f'[daemon]\nstate_dir = "{folder}/state"\n[libraries.films]\npath = "{folder}/films"\n',
            "utf-8",
        )
        daemon = subprocess.Popen(
            [sys.executable, "-m", "subtitled", "--config", str(config), "run"],
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(10)
            if daemon.poll() is not None:
                sys.exit(f"the daemon ended with status {daemon.returncode}")
            before, begin = ticks(daemon.pid), time.monotonic()
            memory = 0.0
            while time.monotonic() - begin < seconds:
                time.sleep(min(1.0, seconds))
                memory = max(memory, resident(daemon.pid) / 1024)
            seconds = time.monotonic() - begin
            used = (ticks(daemon.pid) - before) / os.sysconf("SC_CLK_TCK")
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(15)
    share = used / seconds
    print(f"idle over {seconds:.0f} s: {memory:.0f} MiB resident at most, {share:.2%} of a core")
    print(json.dumps({"rss_mib": memory, "cpu_share": share}))


if __name__ == "__main__":
    main()
