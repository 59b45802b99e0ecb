"""10 000 webhooks in a minute for 500 files, with kill -9 in the middle, against a real daemon.

The senders measure the time from the request to the whole answer: the 50th and 99th percentile.
Each webhook prioritises a file. Afterwards there must be one job for each file whose webhook was
answered, before all jobs of a mere scan. New files are requested until the end, so that the kill
hits some that were answered just before. A sender whose connection fails requests that file again
later, as real senders do with the next import.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from material import own_folder

TOKEN = "a token of the benchmark's own"
SEED = int(os.environ.get("SUBTITLED_TEST_SEED", time.time_ns() % 2**32))


class House:
    """A daemon with a library of noise without speech."""

    def __init__(self, folder: Path, files: int) -> None:
        self.folder = folder
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.port: int = found.getsockname()[1]
        (folder / "token").write_text(TOKEN, "utf-8")
        self.films = [folder / "films" / f"{number:03}.wav" for number in range(files)]
        (folder / "films").mkdir()
        for film in self.films:
            with wave.open(str(film), "wb") as sound:
                sound.setparams((1, 2, 16000, 0, "NONE", ""))
                sound.writeframes(random.randbytes(16000))
        self.config = folder / "config.toml"
        self.config.write_text(
            f'[daemon]\nstate_dir = "{folder}/state"\n'
            f'[libraries.films]\npath = "{folder}/films"\nstability_delay = "1s"\nwatch = "off"\n'
            f'[web]\nport = {self.port}\ntoken = {{file = "{folder}/token"}}\n',
            "utf-8",
        )

    def start(self) -> None:
        self.daemon = subprocess.Popen(
            [sys.executable, "-m", "subtitled", "--config", str(self.config), "run"],
            stderr=(self.folder / "log").open("ab"),
        )

    def wait_for_port(self, limit: float = 60.0) -> None:
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"http://127.0.0.1:{self.port}/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        sys.exit((self.folder / "log").read_text("utf-8", "replace"))

    def urgent(self) -> int:
        """Return the number of files that were planned before everything that a scan finds."""
        query = (
            "SELECT count(*) FROM files WHERE priority = 1 AND fingerprint IS NOT NULL "
            "AND state NOT IN ('stabilising', 'growing', 'missing')"
        )
        with sqlite3.connect(self.folder / "state" / "subtitled.sqlite") as ledger:
            return int(ledger.execute(query).fetchone()[0])

    def jobs(self) -> int:
        query = (
            "SELECT count(*) FROM workflow_status WHERE queue_name = 'media' "
            "AND status <> 'CANCELLED'"
        )
        with sqlite3.connect(self.folder / "state" / "jobs.sqlite") as work:
            return int(work.execute(query).fetchone()[0])


class Sender:
    """Sends at a fixed rate, whatever the answers take. Late requests count as late."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.took: list[float] = []
        self.answered: set[Path] = set()
        self.refused = 0
        self._mine = threading.local()

    def send(self, film: Path, due: float) -> None:
        body = json.dumps({"path": str(film), "priority": "playing"})
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        kept: http.client.HTTPConnection | None = getattr(self._mine, "connection", None)
        connection = kept or http.client.HTTPConnection("127.0.0.1", self.house.port, timeout=30)
        self._mine.connection = connection
        try:
            connection.request("POST", "/hooks/generic", body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            self._mine.connection = None
            if kept is not None and self.house.daemon.poll() is None:
                self.send(film, due)  # closed while it was idle, as happens to any client
                return
            self.refused += 1
            return
        if answer.status == 202:
            self.took.append(time.monotonic() - due)
            self.answered.add(film)
        else:
            self.refused += 1

    def run(self, number: int, seconds: float) -> None:
        """Send all webhooks at an even rate. The daemon is killed after half of them."""
        films = self.house.films
        with ThreadPoolExecutor(32) as senders:
            begin = time.monotonic()
            for step in range(number):
                due = begin + step * seconds / number
                time.sleep(max(0.0, due - time.monotonic()))
                newest = step * len(films) // number
                film = films[newest if random.random() < 0.1 else random.randint(0, newest)]
                senders.submit(self.send, film, due)
                if step == number // 2:
                    self.house.daemon.send_signal(signal.SIGKILL)
                    self.house.daemon.wait()
                    self.house.start()
        self.minute = time.monotonic() - begin
        missed, timed = set(films) - self.answered, list(self.took)
        for film in missed:  # those without an answer, or never drawn
            while film not in self.answered:
                self.send(film, time.monotonic())
        self.took = timed


def main() -> None:
    number, seconds, files = 10_000, 60.0, 500
    if len(sys.argv) > 1:
        number, seconds, files = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    print(f"seed {SEED}")
    random.seed(SEED)
    with own_folder() as folder:
        house = House(folder, files)
        house.start()
        try:
            house.wait_for_port()
            sender = Sender(house)
            sender.run(number, seconds)
            deadline = time.monotonic() + 90
            while house.urgent() < files and time.monotonic() < deadline:
                time.sleep(0.5)
            urgent, jobs = house.urgent(), house.jobs()
        finally:
            house.daemon.send_signal(signal.SIGKILL)
            house.daemon.wait()
    took = sorted(sender.took)
    middle, high = took[len(took) // 2] * 1000, took[len(took) * 99 // 100] * 1000
    print(
        f"{number} webhooks in {sender.minute:.0f} s for {files} files: half answered within "
        f"{middle:.1f} ms, 99 of 100 within {high:.1f} ms, the slowest {took[-1] * 1000:.0f} ms; "
        f"{sender.refused} met no daemon after kill -9"
    )
    print(f"{jobs} jobs; {files - urgent} files of {files} lost")
    print(
        json.dumps(
            {
                "p50_ms": middle,
                "p99_ms": high,
                "slowest_ms": took[-1] * 1000,
                "jobs": jobs,
                "lost": files - urgent,
                "refused": sender.refused,
            }
        )
    )


if __name__ == "__main__":
    main()
