"""One process of a name to a state folder: the second is told who is there."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.places import ensure_private
from subtitled.library.records import DAEMON
from subtitled.plugin import Misconfigured

WORKERS = "workers"
"""The folder, in the state folder, with a folder for each worker."""


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that works on a state folder; ``since`` in seconds since 1970."""

    name: str
    pid: int | None = None
    host: str = ""
    since: float | None = None


class StateLock:
    """A lock on a state folder that the kernel lets go when the process ends, however it ends."""

    def __init__(self, folder: Path, name: str = DAEMON) -> None:
        """Take it, as the daemon or the worker of a name. Raises :class:`Misconfigured` naming the
        process that holds it."""
        path = _path(folder, name)
        ensure_private(path.parent)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            known = holder(folder, name) or Holder(name)
            self._file.close()
            since = f" since {_clock(known.since)}" if known.since else ""
            where = f"process {known.pid or '?'} on {known.host or '?'}"
            if name == DAEMON:
                raise Misconfigured(
                    f"another daemon, {where}, works on {folder}{since}",
                    "Stop that one, or give this one another daemon.state_dir",
                ) from None
            raise Misconfigured(
                f"another worker {name}, {where}, works on {folder}{since}",
                "Stop that one, or give this one another name: subtitled worker NAME",
            ) from None
        self._file.truncate(0)
        said = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.time()}
        json.dump(said, self._file)
        self._file.flush()

    def release(self) -> None:
        self._file.close()


def holder(folder: Path, name: str = DAEMON) -> Holder | None:
    """Who works on a state folder now as the daemon, or as the worker of a name."""
    try:
        with _path(folder, name).open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                said = json.loads(file.read() or "{}")
                return Holder(name, said.get("pid"), said.get("host", ""), said.get("since"))
    except FileNotFoundError:
        pass
    return None


def workers(folder: Path) -> dict[str, Holder]:
    """The workers that work on a state folder now, by name."""
    found = (holder(folder, path.parent.name) for path in folder.glob(f"{WORKERS}/*/lock"))
    return {known.name: known for known in sorted(filter(None, found), key=lambda one: one.name)}


def _path(folder: Path, name: str) -> Path:
    return folder / "daemon.lock" if name == DAEMON else folder / WORKERS / name / "lock"


def _clock(since: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
