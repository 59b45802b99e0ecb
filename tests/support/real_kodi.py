"""A real Kodi on a virtual screen, with its web server on."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from subtitled.plugin import ComponentContext
from subtitled_plugins.kodi import Kodi, KodiSettings

from .process_guard import killed_with_parent

KODI = Path("/usr/lib/x86_64-linux-gnu/kodi/kodi.bin")
PASSWORD = "a secret of this test"
STARTING = 90.0
"""Seconds that Kodi may take to answer, on a busy machine."""


@dataclass
class Real:
    """A running Kodi. Its library is ``films``, which is ``ours`` on our side."""

    url: str
    films: Path
    ours: Path

    def call(self, method: str, **params: Any) -> Any:
        """Make a JSON-RPC call of the test, beside those of the plugin."""
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        response = httpx.post(f"{self.url}/jsonrpc", json=body, auth=("kodi", PASSWORD), timeout=10)
        payload = response.json()
        assert "error" not in payload, payload
        return payload["result"]

    def plugin(self) -> Kodi:
        settings = {
            "url": self.url,
            "password": {"env": "KODI_PASSWORD"},
            "path_map": [[str(self.ours), str(self.films)]],
        }
        return Kodi(KodiSettings.model_validate(settings), ComponentContext("tv"))


def until(condition: Callable[[], Any], limit: float) -> Any:
    deadline = time.monotonic() + limit
    while True:
        if found := condition():
            return found
        assert time.monotonic() < deadline, "it took too long"
        time.sleep(0.1)


def _settings(port: int) -> str:
    chosen = {
        "services.webserver": "true",
        "services.webserverport": port,
        "services.webserverauthentication": "true",
        "services.webserverusername": "kodi",
        "services.webserverpassword": PASSWORD,
        "services.webserverssl": "false",
        "services.zeroconf": "false",
        "services.upnp": "false",
    }
    lines = (f'<setting id="{key}">{value}</setting>' for key, value in chosen.items())
    return f'<settings version="2">{"".join(lines)}</settings>'


@contextmanager
def running_kodi(home: Path) -> Iterator[Real]:
    """Run a Kodi whose settings and films are in a folder. The test is skipped without Kodi."""
    binary = next(iter(Path("/usr/lib").glob("*/kodi/kodi.bin")), KODI)
    if not binary.exists() or shutil.which("Xvfb") is None:
        pytest.skip("apt install kodi xvfb, or run make test-kodi")
    userdata = home / ".kodi" / "userdata"
    userdata.mkdir(parents=True)
    films, ours = home / "films", home / "ours"
    films.mkdir()
    ours.symlink_to(films)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (userdata / "guisettings.xml").write_text(_settings(port))
    (userdata / "sources.xml").write_text(
        '<sources><video><default pathversion="1"></default><source><name>films</name>'
        f'<path pathversion="1">{films}/</path></source></video></sources>'
    )
    reading, writing = os.pipe()
    screen = subprocess.Popen(
        killed_with_parent(
            "Xvfb", "-displayfd", writing, "-screen", "0", "640x480x24", "-nolisten", "tcp"
        ),
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as output:
        display = output.readline().strip()
    run = {"HOME": str(home), "DISPLAY": f":{display}", "LIBGL_ALWAYS_SOFTWARE": "1"}
    player = subprocess.Popen(
        killed_with_parent(binary, "--standalone"),
        env=os.environ | run,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    real = Real(f"http://127.0.0.1:{port}", films, ours)
    try:
        until(lambda: _answers(real), STARTING)
        _is_a_library(userdata, films)
        yield real
    finally:
        player.kill()
        player.wait()
        screen.terminate()
        screen.wait()


def _answers(real: Real) -> bool:
    try:
        return bool(real.call("JSONRPC.Ping") == "pong")
    except httpx.HTTPError:
        return False


def _is_a_library(userdata: Path, films: Path) -> None:
    """Set up a folder as a source of films with NFO files, as a user does in Kodi."""
    (database,) = (userdata / "Database").glob("MyVideos*.db")
    with sqlite3.connect(database, timeout=30) as c:
        c.execute(
            "INSERT INTO path (strPath, strContent, strScraper, useFolderNames, scanRecursive,"
            " noUpdate, exclude, allAudio) VALUES (?, 'movies', 'metadata.local', 0, 2147483647,"
            " 0, 0, 0)",
            (f"{films}/",),
        )


def opened(kodi: Real, film: Path, minute: int = 0) -> None:
    """Open a film where it was left, and wait until it is open.

    A seek is no way to get there: without a sound card Kodi forgets it after ten seconds.
    """
    there = kodi.films / film.relative_to(kodi.ours)
    left = {"hours": minute // 60, "minutes": minute % 60, "seconds": 0, "milliseconds": 0}
    kodi.call(
        "Player.Open", item={"file": str(there)}, options={"resume": left if minute else False}
    )
    until(lambda: kodi.call("Player.GetActivePlayers"), 20)


def stop_playback(kodi: Real) -> None:
    """Stop what is played, and wait until it is."""
    for playing in kodi.call("Player.GetActivePlayers"):
        kodi.call("Player.Stop", playerid=playing["playerid"])
    until(lambda: not kodi.call("Player.GetActivePlayers"), 10)
