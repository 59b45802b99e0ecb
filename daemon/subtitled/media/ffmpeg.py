"""Running ffmpeg and ffprobe, and the errors that a media file can cause.

Programs run without stdin and with a time limit. File names cannot be mistaken for options or URLs.
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
from subtitled.plugin.paths import display_path

MAX_STDERR_BYTES = 8 * 1024
"""Bytes at the end of stderr that are kept."""

_running: dict[subprocess.Popen[bytes], threading.Event] = {}
"""Running programs, each with an event that is set if :func:`kill_all` ended it."""


class NotMediaError(InputRejectedError):
    """The file has no content that ffmpeg knows."""


class TruncatedError(InputRejectedError):
    """The end of the file is missing."""


class NoAudioError(InputRejectedError):
    """The file has no audio track."""


class FileGoneError(TransientError):
    """The file does not exist, or not any more."""


class ShutdownRequested(BaseException):
    """The daemon stops, so the work is left where it is.

    It is no :class:`Exception`, so that no handler of errors catches it.
    """


def unreadable_error(path: Path, error: OSError) -> SubtitledError:
    """Convert an ``OSError`` about a media file to an error with a hint."""
    if isinstance(error, FileNotFoundError):
        return FileGoneError(f"{display_path(path)} does not exist")
    if isinstance(error, PermissionError):
        return SetupError(
            f"{display_path(path)} cannot be read by this user",
            "Let the daemon's user read it: add that user to the group of the media",
        )
    return TransientError(
        f"{display_path(path)} cannot be read: {error.strerror}", "Check the disk or mount"
    )


@dataclass(frozen=True, slots=True)
class Completed:
    """The result of a program that ran to its end."""

    exit_status: int
    stdout: bytes
    stderr: str


def file_url(path: Path) -> bytes:
    """Return a URL that ffmpeg reads as this path, even with a leading dash or a colon in it."""
    return b"file:" + os.fsencode(path)


def run_ffmpeg(
    program: str,
    arguments: Sequence[str | bytes],
    timeout: float,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run ffmpeg or ffprobe to its end.

    Args:
        program: ``ffmpeg`` or ``ffprobe``.
        arguments: The arguments after the program.
        timeout: Seconds after which the program is killed.
        on_line: Is called with each line of stdout. ``stdout`` of the result is then empty.

    Raises:
        SetupError: The program is not installed.
        TransientError: The program timed out.
        ShutdownRequested: :func:`kill_all` ended the program.
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
            f"{program} did not finish within {timeout:.0f} s and was killed",
            "Check that the disk or mount responds",
        )
    text = b"".join(stderr)[-MAX_STDERR_BYTES:].decode("utf-8", "replace").strip()
    return Completed(status, stdout, text)


def kill_all() -> None:
    """Kill all running programs. Their :func:`run_ffmpeg` raises :class:`ShutdownRequested`."""
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
