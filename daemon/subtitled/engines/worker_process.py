"""A process that waits to be told what it is: an engine, a translator or the detection of speech.

Python and what every engine needs take a third of a second to load. A command that will need a
process can have one start at once, and load its own modules meanwhile. Nothing heavy is imported
here for that reason.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass

ENGINE, VAD = "engine", "vad"
"""The roles of an engine and of the detection of speech. A third is that of a translator."""


@dataclass(frozen=True, slots=True)
class WorkerProcess:
    """A process of :mod:`.worker_main` that was told nothing yet."""

    process: subprocess.Popen[bytes]
    connection: socket.socket
    """Our end of the connection to it."""
    death_pipe: int
    """It ends when this descriptor is closed."""

    def end(self) -> None:
        """End the process, because nobody needs it."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        self.connection.close()
        os.close(self.death_pipe)
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def start_worker(role: str = "") -> WorkerProcess:
    """Start a process.

    Args:
        role: What it will be, if that is known. It then imports what that needs.
    """
    ours, theirs = socket.socketpair()
    child_pipe, death_pipe = os.pipe()
    try:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "subtitled.engines.worker_main"),
                *(str(theirs.fileno()), str(child_pipe), *([role] if role else [])),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=(theirs.fileno(), child_pipe),
            # Its own process group: if the daemon is killed while the child is stopped, the
            # kernel wakes and ends the orphaned group (setpgid(2)).
            process_group=0,
        )
    except BaseException:
        ours.close()
        os.close(death_pipe)
        raise
    finally:
        theirs.close()
        os.close(child_pipe)
    return WorkerProcess(process, ours, death_pipe)


_lock = threading.Lock()
_spares: list[tuple[str, WorkerProcess]] = []


def start_spare(role: str) -> None:
    """Start a process that waits to be taken.

    If the system lets no process start, the error is raised where one is needed.

    Args:
        role: What it will be.
    """
    atexit.register(end_spares)
    with contextlib.suppress(OSError), _lock:
        _spares.append((role, start_worker(role)))


def take_worker(role: str) -> WorkerProcess:
    """Return a process that waits, one that was started before if there is one.

    Args:
        role: What it will be.
    """
    with _lock:
        for number, (kind, worker) in enumerate(_spares):
            if kind == role and worker.process.poll() is None:
                del _spares[number]
                return worker
    return start_worker()


def end_spares() -> None:
    """End the processes that nobody took."""
    with _lock:
        spares = _spares[:]
        _spares.clear()
    for _, worker in spares:
        worker.end()
