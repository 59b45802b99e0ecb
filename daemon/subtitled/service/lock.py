"""One daemon to a state folder: the second is told who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

from subtitled.plugin import Misconfigured


class StateLock:
    """A lock on a state folder that the kernel lets go when the process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        """Take it. Raises :class:`Misconfigured` naming the process that holds it."""
        self._path = folder / "daemon.lock"
        self._file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = holder(folder) or {}
            self._file.close()
            since = said.get("since")
            raise Misconfigured(
                f"another daemon, process {said.get('pid', '?')} on {said.get('host', '?')}, "
                f"works on {folder}" + (f" since {_clock(since)}" if since else ""),
                "Stop that one, or give this one another daemon.state_dir",
            ) from None
        self._file.truncate(0)
        said = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        json.dump(said, self._file)
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def holder(folder: Path) -> dict[str, Any] | None:
    """Who holds the lock now (``pid``, ``host``, ``since``), or None."""
    try:
        with (folder / "daemon.lock").open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said: dict[str, Any] = json.loads(file.read() or "{}")
                return said
    except FileNotFoundError:
        pass
    return None


def _clock(since: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
