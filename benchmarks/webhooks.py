"""10 000 webhooks in a minute for 500 files, with kill -9 in the middle, against a real daemon.

Measured at the sender, from the request to the whole answer: the 50th and 99th percentile. Each
webhook asks for a file to come first. Then: is there one job for each file that was answered for,
in front of what a mere walk would have found? New files are asked for until the end, so that the
kill hits some that were answered a moment before. A sender that meets no daemon is told so by its
own connection; that file is asked for again later, as senders do with the next import.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import wave
from pathlib import Path

import httpx

from material import own_folder

TOKEN = "a token of the benchmark's own"
SEED = int(os.environ.get("SUBTITLED_TEST_SEED", time.time_ns() % 2**32))


class House:
    """A daemon over a library of noise, in which nobody speaks."""

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
            f'[libraries.films]\npath = "{folder}/films"\nsettle = "1s"\nwatch = "off"\n'
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
        """Files that were planned in front of everything that a walk finds."""
        query = (
            "SELECT count(*) FROM files WHERE priority = 1 AND content_id IS NOT NULL "
            "AND state NOT IN ('settling', 'growing', 'missing')"
        )
        with sqlite3.connect(self.folder / "state" / "ledger.sqlite") as ledger:
            return int(ledger.execute(query).fetchone()[0])

    def jobs(self) -> int:
        query = (
            "SELECT count(*) FROM workflow_status WHERE queue_name = 'media' "
            "AND status <> 'CANCELLED'"
        )
        with sqlite3.connect(self.folder / "state" / "work.sqlite") as work:
            return int(work.execute(query).fetchone()[0])


class Sender:
    """Sends at its own pace, whatever the answers take."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.took: list[float] = []
        self.answered: set[Path] = set()
        self.refused: list[Path] = []

    async def send(self, client: httpx.AsyncClient, film: Path) -> None:
        begin = time.perf_counter()
        body = {"path": str(film), "priority": "playing"}
        try:
            said = await client.post("/hooks/generic", json=body)
        except httpx.TransportError:
            self.refused.append(film)
            return
        if said.status_code == 202:
            self.took.append(time.perf_counter() - begin)
            self.answered.add(film)
        else:
            self.refused.append(film)

    async def run(self, number: int, seconds: float) -> None:
        """All webhooks at an even pace; the daemon is killed after half of them."""
        address = f"http://127.0.0.1:{self.house.port}"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        limits = httpx.Limits(max_connections=100)
        films = self.house.films
        async with httpx.AsyncClient(base_url=address, headers=headers, limits=limits) as client:
            sending: list[asyncio.Task[None]] = []
            begin = time.monotonic()
            for step in range(number):
                await asyncio.sleep(max(0.0, begin + step * seconds / number - time.monotonic()))
                newest = step * len(films) // number
                film = films[newest if random.random() < 0.1 else random.randint(0, newest)]
                sending.append(asyncio.create_task(self.send(client, film)))
                if step == number // 2:
                    self.house.daemon.send_signal(signal.SIGKILL)
                    self.house.daemon.wait()
                    self.house.start()
            await asyncio.gather(*sending)
            self.minute = time.monotonic() - begin
            for film in films:  # those that met no daemon
                while film not in self.answered:
                    await self.send(client, film)


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
            asyncio.run(sender.run(number, seconds))
            deadline = time.monotonic() + 180
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
        f"{len(sender.refused)} met no daemon after kill -9"
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
                "refused": len(sender.refused),
            }
        )
    )


if __name__ == "__main__":
    main()
