"""Locks on a state folder: one process of each name at a time."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.paths import ensure_private_folder
from subtitled.db.records import DAEMON_NAME
from subtitled.plugin import SetupError

WORKERS_FOLDER = "workers"
"""Folder in the state folder that holds a folder for each worker."""


@dataclass(frozen=True, slots=True)
class LockHolder:
    """A process that works on a state folder. ``started_at`` is in seconds since 1970."""

    name: str
    pid: int | None = None
    host: str = ""
    started_at: float | None = None


class StateLock:
    """A lock on a state folder. The kernel releases it when the process ends, however it ends."""

    def __init__(self, folder: Path, name: str = DAEMON_NAME) -> None:
        """Acquire the lock as the daemon, or as the worker of a name.

        Raises:
            SetupError: Another process holds the lock; the message names it.
        """
        path = _lock_path(folder, name)
        ensure_private_folder(path.parent)
        self._file = path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = find_holder(folder, name) or LockHolder(name)
            self._file.close()
            since = f" since {_format_time(holder.started_at)}" if holder.started_at else ""
            where = f"process {holder.pid or '?'} on {holder.host or '?'}"
            if name == DAEMON_NAME:
                raise SetupError(
                    f"another daemon, {where}, works on {folder}{since}",
                    "Stop that one, or give this one another daemon.state_dir",
                ) from None
            raise SetupError(
                f"another worker {name}, {where}, works on {folder}{since}",
                "Stop that one, or give this one another name: subtitled worker NAME",
            ) from None
        self._file.truncate(0)
        payload = {"pid": os.getpid(), "host": socket.gethostname(), "started_at": time.time()}
        json.dump(payload, self._file)
        self._file.flush()

    def release(self) -> None:
        """Release the lock."""
        self._file.close()


def find_holder(folder: Path, name: str = DAEMON_NAME) -> LockHolder | None:
    """Return the process that works on a state folder as the daemon, or as the worker of a name."""
    try:
        with _lock_path(folder, name).open("r", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                payload = json.loads(file.read() or "{}")
                return LockHolder(
                    name, payload.get("pid"), payload.get("host", ""), payload.get("started_at")
                )
    except FileNotFoundError:
        pass
    return None


def find_workers(folder: Path) -> dict[str, LockHolder]:
    """Return the workers that work on a state folder now, by name."""
    holders = (
        find_holder(folder, path.parent.name) for path in folder.glob(f"{WORKERS_FOLDER}/*/lock")
    )
    return {holder.name: holder for holder in sorted(filter(None, holders), key=lambda h: h.name)}


def _lock_path(folder: Path, name: str) -> Path:
    return (
        folder / "daemon.lock" if name == DAEMON_NAME else folder / WORKERS_FOLDER / name / "lock"
    )


def _format_time(since: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(since))
