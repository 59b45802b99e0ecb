"""What can be wrong with a media file.

Running ffmpeg and ffprobe: without stdin, with limits, harmless whatever the file is called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError


class NotMediaError(InputRejectedError):
    """There is nothing in the file that ffmpeg knows."""


class TruncatedError(InputRejectedError):
    """The end of the file is missing."""


class NoAudioError(InputRejectedError):
    """The file has no sound."""


class FileGoneError(TransientError):
    """The file is not there (any more)."""


def display_path(path: Path) -> str:
    """The path as printable text, whatever its bytes."""
    return os.fsencode(path).decode("utf-8", "replace")


def unreadable_error(path: Path, error: OSError) -> SubtitledError:
    """An ``OSError`` about a medium as a problem with its cure."""
    if isinstance(error, FileNotFoundError):
        return FileGoneError(f"{display_path(path)} is not there")
    if isinstance(error, PermissionError):
        return SetupError(
            f"{display_path(path)} may not be read",
            "Let the daemon's user read it: add that user to the group of the media",
        )
    return TransientError(
        f"{display_path(path)} cannot be read: {error.strerror}", "Check the disk or mount"
    )


MAX_STDERR_BYTES = 8 * 1024
"""Bytes of the end of stderr that are kept."""

_running: dict[subprocess.Popen[bytes], threading.Event] = {}
"""With what is set when the daemon stops and the program is ended for that."""


class ShutdownRequested(BaseException):
    """The daemon stops: leave the work where it is. No error, so nothing catches it as one."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a program ended."""

    exit_status: int
    stdout: bytes
    stderr: str


def file_url(path: Path) -> bytes:
    """A path as ffmpeg takes it literally: no dash or colon in it means anything."""
    return b"file:" + os.fsencode(path)


def run_ffmpeg(
    program: str,
    arguments: Sequence[str | bytes],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run to the end, within ``limit`` seconds. Lines of stdout go to ``on_line`` if it is given.

    Raises :class:`SetupError` if the program is not installed, :class:`TransientError` on time-out,
    :class:`ShutdownRequested` when it is ended by :func:`kill_all`.
    """
    executable = shutil.which(program)
    if executable is None:
        raise SetupError(f"{program} is not installed", "Install it: apt install ffmpeg")
    process = subprocess.Popen(
        [executable, *arguments],
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
    stderr: deque[bytes] = deque(maxlen=MAX_STDERR_BYTES // 128)
    assert process.stderr is not None
    reader = threading.Thread(target=stderr.extend, args=(process.stderr,), daemon=True)
    reader.start()
    try:
        stdout = _read_stdout(process, on_line)
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
            f"{program} did not finish within {timeout:.0f} s and was ended",
            "Check that the disk or mount answers",
        )
    text = b"".join(stderr)[-MAX_STDERR_BYTES:].decode("utf-8", "replace").strip()
    return Completed(status, stdout, text)


def kill_all() -> None:
    """End whatever runs just now, which raises :class:`ShutdownRequested`: the daemon stops."""
    for process, stopping in list(_running.items()):
        stopping.set()
        process.kill()


def _read_stdout(process: subprocess.Popen[bytes], on_line: Callable[[str], None] | None) -> bytes:
    assert process.stdout is not None
    if on_line is None:
        return process.stdout.read()
    for line in process.stdout:
        on_line(line.decode("utf-8", "replace").strip())
    return b""
