"""Running ffmpeg and ffprobe: without stdin, with limits, harmless whatever the file is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import Misconfigured, Temporary

STDERR_KEPT = 8 * 1024
"""Bytes of the end of stderr that are kept."""

_running: dict[subprocess.Popen[bytes], threading.Event] = {}
"""With what is set when the daemon stops and the program is ended for that."""


class Stopping(BaseException):
    """The daemon stops: leave the work where it is. No error, so nothing catches it as one."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended."""

    status: int
    stdout: bytes
    stderr: str


def url(path: Path) -> bytes:
    """A path as ffmpeg takes it literally: no dash or colon in it means anything."""
    return b"file:" + os.fsencode(path)


def run(
    program: str,
    arguments: Sequence[str | bytes],
    limit: float,
    on_line: Callable[[str], None] | None = None,
) -> Ran:
    """Run to the end, within ``limit`` seconds. Lines of stdout go to ``on_line`` if it is given.

    Raises :class:`Misconfigured` if the program is not installed, :class:`Temporary` on time-out,
    :class:`Stopping` when it is ended by :func:`end_all`.
    """
    executable = shutil.which(program)
    if executable is None:
        raise Misconfigured(f"{program} is not installed", "Install it: apt install ffmpeg")
    process = subprocess.Popen(
        [executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    late, stopping = threading.Event(), threading.Event()
    _running[process] = stopping

    def too_late() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(limit, too_late)
    timer.start()
    stderr: deque[bytes] = deque(maxlen=STDERR_KEPT // 128)
    assert process.stderr is not None
    reader = threading.Thread(target=stderr.extend, args=(process.stderr,), daemon=True)
    reader.start()
    try:
        stdout = _read(process, on_line)
        status = process.wait()
        reader.join(5.0)
    except BaseException:
        process.kill()
        process.wait()
        raise
    finally:
        timer.cancel()
        del _running[process]
    if stopping.is_set():
        raise Stopping
    if late.is_set():
        raise Temporary(
            f"{program} did not finish within {limit:.0f} s and was ended",
            "Check that the disk or mount answers",
        )
    text = b"".join(stderr)[-STDERR_KEPT:].decode("utf-8", "replace").strip()
    return Ran(status, stdout, text)


def end_all() -> None:
    """End whatever runs just now, which raises :class:`Stopping`: the daemon stops."""
    for process, stopping in list(_running.items()):
        stopping.set()
        process.kill()


def _read(process: subprocess.Popen[bytes], on_line: Callable[[str], None] | None) -> bytes:
    assert process.stdout is not None
    if on_line is None:
        return process.stdout.read()
    for line in process.stdout:
        on_line(line.decode("utf-8", "replace").strip())
    return b""
