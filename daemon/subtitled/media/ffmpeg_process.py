"""One run of ffmpeg or ffprobe, with limits of time and output.

Programs run without stdin. File names cannot be mistaken for options or URLs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import SetupError, TransientError
from subtitled.plugin.confinement import Limits, start_confined

from .errors import NotMediaError, ShutdownRequested
from .read_errors import find_read_error

MAX_STDERR_BYTES = 8 * 1024
"""Bytes at the end of stderr that are kept."""
MAX_STDOUT_BYTES = 16 * 1024 * 1024
"""Most bytes of stdout that are read. A film with a hundred tracks takes a tenth of a megabyte."""
MAX_LINE_BYTES = 64 * 1024
"""Longest line of stdout. A longer one counts as several."""

_running: dict[subprocess.Popen[bytes], threading.Event] = {}
"""Running programs, each with an event that is set if :func:`kill_all` ended it."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of a program that ran to its end."""

    exit_status: int
    stdout: bytes
    stderr: str
    read_error: int = 0
    """The number of the error with which reading a media file ended; 0 if it met none."""


def file_url(path: Path) -> bytes:
    """Return a URL that ffmpeg reads as this path, even with a leading dash or a colon in it."""
    return b"file:" + os.fsencode(path)


def run_ffmpeg(
    program: str,
    arguments: Sequence[str | bytes],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
    limits: Limits = Limits(),  # noqa: B008 - it never changes
) -> Completed:
    """Run ffmpeg or ffprobe to its end. :func:`run_ffprobe` and :func:`run_graph` add the limits.

    Args:
        program: ``ffmpeg`` or ``ffprobe``.
        arguments: The arguments after the program.
        timeout: Seconds after which the program is killed.
        on_line: Is called with each line of stdout. ``stdout`` of the result is then empty.
        limits: What the program may open and use.

    Returns:
        The exit status, stdout, and the end of stderr.

    Raises:
        SetupError: The program is not installed.
        TransientError: The program timed out.
        NotMediaError: The program printed more than :data:`MAX_STDOUT_BYTES`.
        ShutdownRequested: :func:`kill_all` ended the program.
    """
    executable = shutil.which(program)
    if executable is None:
        raise SetupError(f"{program} is not installed", "Install it: apt install ffmpeg")
    process = start_confined(
        [executable, *arguments],
        limits,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    timed_out, stopping = threading.Event(), threading.Event()
    _running[process] = stopping

    def kill_late() -> None:
        timed_out.set()
        process.kill()

    timer = threading.Timer(timeout, kill_late)
    timer.start()
    stderr = _Messages([file_url(path) for path in limits.reads])
    reader = threading.Thread(target=stderr.read, args=(process,), daemon=True)
    reader.start()
    try:
        stdout = _read_stdout(process, on_line)
        if len(stdout) > MAX_STDOUT_BYTES:
            process.kill()
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
        raise ShutdownRequested
    if timed_out.is_set():
        raise TransientError(
            f"{program} did not finish within {timeout:.0f} s and was killed",
            "Check that the disk or mount responds",
        )
    if len(stdout) > MAX_STDOUT_BYTES:
        raise NotMediaError(
            f"{program} prints more than {MAX_STDOUT_BYTES} bytes about the file",
            "Get the file again",
        )
    return Completed(status, stdout, stderr.text(), stderr.read_error)


def kill_all() -> None:
    """Kill all running programs. Their :func:`run_ffmpeg` raises :class:`ShutdownRequested`."""
    for process, stopping in list(_running.items()):
        stopping.set()
        process.kill()


def _read_stdout(process: subprocess.Popen[bytes], on_line: Callable[[str], None] | None) -> bytes:
    assert process.stdout is not None
    if on_line is None:
        return process.stdout.read(MAX_STDOUT_BYTES + 1)
    while line := process.stdout.readline(MAX_LINE_BYTES):
        on_line(line.decode("utf-8", "replace").strip())
    return b""


class _Messages:
    """The end of what a program writes to stderr, and the read error that it reports."""

    def __init__(self, urls: Sequence[bytes]) -> None:
        self._urls = urls
        self._tail = bytearray()
        self.read_error = 0

    def read(self, process: subprocess.Popen[bytes]) -> None:
        """Read stderr to its end."""
        assert process.stderr is not None
        while line := process.stderr.readline(MAX_STDERR_BYTES):
            self.read_error = self.read_error or find_read_error(line, self._urls)
            self._tail += line
            del self._tail[:-MAX_STDERR_BYTES]

    def text(self) -> str:
        return self._tail.decode("utf-8", "replace").strip()
