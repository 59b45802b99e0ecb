"""How soon an engine is suspended when playback starts, and that no work is repeated.

A real daemon with Whisper base processes 20 minutes of speech. It polls a fake Jellyfin, over HTTP
and through the bundled plugin, at the default interval of 15 s. Playback starts at a random time.
The benchmark measures the time until the kernel reports that the engine's process is stopped, and
from the end of playback until it runs again, less ``playback_cooldown`` (here 1 s). While it is
stopped it must use no CPU time. At the end it checks that the same process did all the work, that
no stored chunk was written again, and that the audio that the engine was asked for is the audio
that is stored. Finally the daemon gets SIGTERM in the middle of a chunk.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from idle import ticks
from material import looped, model, own_folder

SEED = int(os.environ.get("SUBTITLED_TEST_SEED", time.time_ns() % 2**32))
LINGER = 1.0
HOLD = 3.0
"""Seconds for which the stopped engine is observed."""
COUNTED = 'subtitled_audio_seconds_total{engine="whisper"} '


class Sessions(BaseHTTPRequestHandler):
    """A fake Jellyfin that reports what is being played."""

    playing = False

    def do_GET(self) -> None:
        item = {"NowPlayingItem": {"Path": "/srv/shows/1.mkv"}} if Sessions.playing else {}
        body = json.dumps([{"Id": "a", **item}] if self.path == "/Sessions" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


def state(pid: int) -> str:
    """Return the kernel's letter for the state of a process. T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0]


def engine_of(daemon: int) -> int | None:
    """Return the id of the engine's process, if it runs."""
    for task in Path(f"/proc/{daemon}/task").iterdir():
        for child in (task / "children").read_text("ascii").split():
            if b"subtitled.engines.worker_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    return None


def until(true: Callable[[], object], what: str, limit: float = 120.0) -> float:
    """Return the seconds until a condition holds. The benchmark ends if it never does."""
    begin = time.monotonic()
    while not true():
        if time.monotonic() - begin > limit:
            sys.exit(f"not within {limit:.0f} s: {what}")
        time.sleep(0.01)
    return time.monotonic() - begin


class House:
    """A daemon with one library, its port, and its server."""

    def __init__(self, folder: Path, server: int) -> None:
        self.films, self.state, self.log = folder / "films", folder / "state", folder / "log"
        self.films.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port: int = found.getsockname()[1]
        self.config = folder / "config.toml"
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\nchunk_duration = "15s"\n'
            f'[libraries.films]\npath = "{self.films}"\nstability_delay = "1s"\n'
            'languages = ["original"]\n'
            f'[throttle]\nplayback_cooldown = "{LINGER:g}s"\n[web]\nport = {self.port}\n'
            f'[servers.jellyfin]\nurl = "http://127.0.0.1:{server}"\n'
            'api_key = {env = "PAUSING_KEY"}\n',
            "utf-8",
        )
        self.process = self.start()

    def start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "subtitled", "--config", str(self.config), "run"],
                stderr=log,
                env=os.environ | {"PAUSING_KEY": "a1b2c3"},
            )

    def stored(self) -> dict[Path, int]:
        """Return the stored chunks, and when each was written."""
        found = self.state.glob("transcripts/*/*/*/*/*-*.json")
        return {path: path.stat().st_mtime_ns for path in found if path.name.count(".") == 1}

    def asked(self) -> float:
        """Return the seconds of audio that the engine transcribed, by the metrics."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=20).text
        return next((float(li.split()[1]) for li in text.splitlines() if li.startswith(COUNTED)), 0)

    def surplus(self) -> float:
        """Return the seconds transcribed but not stored, such as those for language detection."""
        for _ in range(50):
            before = self.stored()
            asked = self.asked()
            if self.stored() == before:
                return asked - sum(map(seconds, before))
            time.sleep(0.2)
        sys.exit("stretches are stored faster than they can be counted")


def seconds(stretch: Path) -> float:
    """Return the seconds of audio of a chunk, by the name of its file."""
    begin, _, end = stretch.stem.partition("-")
    return (int(end) - int(begin)) / 1000


def round_of(pid: int, chance: random.Random) -> tuple[float, float]:
    """Start and stop playback once; return the seconds to suspension and to resumption."""
    time.sleep(chance.uniform(0, 15))
    Sessions.playing = True
    still = until(lambda: state(pid) == "T", "the engine stands still")
    before = ticks(pid)
    time.sleep(HOLD)
    if state(pid) != "T" or ticks(pid) != before:
        sys.exit("the engine does not stand still")
    Sessions.playing = False
    return still, until(lambda: state(pid) != "T", "the engine goes on") - LINGER


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    chance = random.Random(SEED)
    model()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sessions)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with own_folder() as folder:
        made = looped(["sonnet.en.mp3", "jfk.flac"], 1200, folder / "long.flac")
        house = House(folder, server.server_port)
        try:
            made.rename(house.films / "Long.flac")
            until(house.stored, "the first stretch is stored")
            pid = engine_of(house.process.pid)
            assert pid is not None
            surplus, first = house.surplus(), house.stored()
            measured = [round_of(pid, chance) for _ in range(rounds)]
            kept, again = house.stored(), house.surplus() - surplus
            until(lambda: len(house.stored()) > len(kept), "the next stretch is stored")
            same = engine_of(house.process.pid) == pid
            rewritten = sum(house.stored()[path] != when for path, when in first.items())
            kept = house.stored()
            begin = time.monotonic()
            house.process.send_signal(signal.SIGTERM)
            status = house.process.wait(60)
            stopping = time.monotonic() - begin
            house.process = house.start()
            until(lambda: len(house.stored()) > len(kept), "it goes on after a restart")
            rewritten += sum(house.stored()[path] != when for path, when in kept.items())
        finally:
            house.process.kill()
            house.process.wait()
            server.shutdown()
    still, on = ([one[which] for one in measured] for which in (0, 1))
    print(f"seed {SEED}, {rounds} rounds")
    print(f"play to standing still: {statistics.median(still):.1f} s, at most {max(still):.1f}")
    print(f"end to going on, less linger: {statistics.median(on):.1f} s, at most {max(on):.1f}")
    print(f"{len(kept)} stretches stored, {rewritten} written again, {again:.0f} s heard again")
    print(f"the same process: {same}; SIGTERM in work: {stopping:.1f} s, status {status}")
    if rewritten or abs(again) > 1 or not same or status:
        sys.exit("something was done again, or did not end well")


if __name__ == "__main__":
    main()
