"""The real daemon is killed while webhooks arrive: every answered webhook is processed.

Its jobs fail soon, because the files are no media. Each file must be checked, and first.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

import subtitled
from subtitled.daemon.metrics import CONTENT_TYPE
from support.ports import find_free_port
from support.process_guard import killed_with_parent

TOKEN = "0123456789abcdef0123456789abcdef"


class Daemon:
    """A real daemon with a port. Its library is only scanned at the start, and not watched."""

    def __init__(self, home: Path) -> None:
        self.port = find_free_port()
        self.films, self.state, self.log = home / "films", home / "state", home / "log"
        self.films.mkdir()
        (home / "token").write_text(TOKEN)
        self.config = home / "config.toml"
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\n'
            f'[libraries.films]\npath = "{self.films}"\nstability_delay = "1s"\nwatch = "off"\n'
            f'[web]\nport = {self.port}\ntoken = {{file = "{home}/token"}}\n',
            "utf-8",
        )
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            killed_with_parent(sys.executable, "-m", "subtitled", "--config", self.config, "run"),
            stderr=self.log.open("ab"),
            stdin=subprocess.DEVNULL,
        )
        self.wait_until(self.is_open)

    def is_open(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    def wait_until(self, done: Callable[[], object], limit: float = 90) -> None:
        deadline = time.monotonic() + limit
        while not done():
            assert time.monotonic() < deadline, self.log.read_text("utf-8", "replace")
            time.sleep(0.1)

    def post(self, source: str, payload: object) -> httpx.Response:
        address = f"http://127.0.0.1:{self.port}/hooks/{source}"
        return httpx.post(address, json=payload, headers={"X-Api-Key": TOKEN}, timeout=20)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with sqlite3.connect(self.state / "subtitled.sqlite") as database:
            return database.execute(query).fetchall()

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)


@pytest.fixture
def daemon(home: Path) -> Iterator[Daemon]:
    created = Daemon(home)
    yield created
    if created.process is not None and created.process.poll() is None:
        created.kill()


def test_what_was_answered_survives_kill_9_and_comes_first(daemon: Daemon) -> None:
    # No file is looked at meanwhile: one that is found to be no film needs no priority.
    daemon.config.write_text(daemon.config.read_text().replace('"1s"', '"1h"'))
    daemon.start()
    daemon.wait_until(lambda: "scanned films" in daemon.log.read_text())
    answered: list[Path] = []
    killed = threading.Event()

    def send(number: int) -> None:
        for step in range(200):
            film = daemon.films / f"{number}-{step}.mkv"
            film.write_bytes(b"no film")
            try:
                output = daemon.post("generic", {"path": str(film), "priority": "playing"})
            except httpx.TransportError:
                return
            assert output.status_code == 202
            answered.append(film)
            if len(answered) == 40:
                killed.set()

    senders = [threading.Thread(target=send, args=[number]) for number in range(4)]
    for sender in senders:
        sender.start()
    assert killed.wait(60)
    daemon.kill()
    for sender in senders:
        sender.join()
    daemon.start()
    query = "SELECT path FROM files WHERE priority = 1"
    daemon.wait_until(
        lambda: {os.fsencode(film) for film in answered} <= {row[0] for row in daemon.rows(query)}
    )
    daemon.wait_until(lambda: daemon.rows("SELECT * FROM commands") == [])
    assert 40 <= len(answered) < 800


@pytest.mark.slow
def test_file_named_only_by_a_webhook_is_found_and_a_deleted_one_is_missing(
    daemon: Daemon,
) -> None:
    daemon.start()
    daemon.wait_until(lambda: "scanned films" in daemon.log.read_text())
    season = daemon.films / "The Sea" / "Season 01"
    season.mkdir(parents=True)
    film = season / "The Sea - S01E01.mkv"
    film.write_bytes(b"no film")
    payload = {"eventType": "Download", "series": {"path": str(season.parent)}}
    daemon.post("sonarr", payload | {"episodeFile": {"path": str(film)}})
    states = "SELECT path, state FROM files"
    daemon.wait_until(lambda: daemon.rows(states) == [(os.fsencode(film), "failed")])
    renamed = season / "a.mkv"
    film.rename(renamed)
    change = {"path": str(renamed), "previousPath": str(film)}
    daemon.post("sonarr", {"eventType": "Rename", "renamedEpisodeFiles": [change]})
    daemon.wait_until(lambda: (os.fsencode(renamed), "failed") in daemon.rows(states))
    renamed.unlink()
    season.rmdir()
    daemon.post("sonarr", {"eventType": "SeriesDelete", "series": {"path": str(season.parent)}})
    daemon.wait_until(lambda: (os.fsencode(renamed), "missing") in daemon.rows(states))


def test_metrics_and_health_report_the_state_of_the_daemon(daemon: Daemon) -> None:
    daemon.start()
    daemon.wait_until(lambda: "scanned films" in daemon.log.read_text())
    (daemon.films / "a.mkv").write_bytes(b"no film")
    daemon.post("generic", {"path": str(daemon.films / "a.mkv"), "priority": "urgent"})
    headers, base = {"X-Api-Key": TOKEN}, f"http://127.0.0.1:{daemon.port}"

    def scrape() -> str:
        response = httpx.get(f"{base}/metrics", headers=headers, timeout=20)
        assert response.headers["content-type"] == CONTENT_TYPE
        return response.text

    assert httpx.get(f"{base}/metrics").status_code == 401
    daemon.wait_until(lambda: 'subtitled_files{state="failed"} 1.0\n' in scrape())
    assert 'subtitled_failures_total{kind="input-rejected"} 1.0\n' in scrape()
    well = {"status": "ok", "version": subtitled.__version__}
    assert httpx.get(f"{base}/health").json() == well
    assert httpx.get(f"{base}/health", headers=headers).json() == well | {"problems": []}
    daemon.films.rename(daemon.films.with_name("elsewhere"))
    daemon.post("generic", {"path": str(daemon.films), "priority": "urgent"})
    daemon.wait_until(
        lambda: (
            httpx.get(f"{base}/health", headers=headers).json()["problems"]
            == ["library films is unavailable"]
        )
    )


def test_a_link_out_of_the_library_is_never_followed(daemon: Daemon, home: Path) -> None:
    outside = home / "outside"
    outside.mkdir()
    (outside / "secret.mkv").write_bytes(b"no film")
    daemon.start()
    daemon.wait_until(lambda: "scanned films" in daemon.log.read_text())
    (daemon.films / "link").symlink_to(outside)
    (daemon.films / "in.mkv").write_bytes(b"no film")
    paths = [daemon.films / "link" / "secret.mkv", daemon.films / "in.mkv"]
    output = daemon.post("generic", {"paths": [str(path) for path in paths], "priority": "urgent"})
    assert output.json()["accepted"] == 2
    daemon.wait_until(lambda: daemon.rows("SELECT * FROM commands") == [])
    assert daemon.rows("SELECT path FROM files") == [(os.fsencode(daemon.films / "in.mkv"),)]
    assert "leads out of it" in daemon.log.read_text()
