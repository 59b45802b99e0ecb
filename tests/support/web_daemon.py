"""A real daemon with its port open, whose films are no media."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import httpx

from .ports import find_free_port
from .process_guard import killed_with_parent
from .web_library import HOSTILE


class Daemon:
    """A real daemon whose films are no media, so that each of its jobs fails soon."""

    def __init__(self, home: Path) -> None:
        self.port = find_free_port()
        self.films, self.log = home / "films", home / "log"
        self.films.mkdir()
        (self.films / f"{HOSTILE.replace('/', '')}.mkv").write_bytes(b"no film")
        (self.films / "The Sea.mkv").write_bytes(b"no film")
        config = home / "config.toml"
        config.write_text(
            f'[daemon]\nstate_dir = "{home}/state"\n'
            f'[libraries.films]\npath = "{self.films}"\nstability_delay = "1s"\nwatch = "off"\n'
            f"[web]\nport = {self.port}\n",
            "utf-8",
        )
        self.process = subprocess.Popen(
            killed_with_parent(sys.executable, "-m", "subtitled", "--config", config, "run"),
            stderr=self.log.open("ab"),
            stdin=subprocess.DEVNULL,
        )
        self.address = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + 200  # beside other suites
        while not self._is_open():
            assert time.monotonic() < deadline, self.log.read_text("utf-8", "replace")
            time.sleep(0.1)

    def _is_open(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=5).is_success
        except httpx.TransportError:
            return False

    @property
    def code(self) -> str:
        match = re.search(r"within an hour: (\S+)\. For", self.log.read_text("utf-8", "replace"))
        assert match is not None
        return match[1]
