"""Running ffmpeg and ffprobe, and the errors that a media file can cause.

Programs run without stdin, with limits of time, memory and output, and can open the given files
only. File names cannot be mistaken for options or URLs.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg
import psutil

from subtitled.plugin import InputRejectedError, SetupError, SubtitledError, TransientError
from subtitled.plugin.confinement import Limits, start_confined
from subtitled.plugin.limits import MAX_SECONDS, is_out_of_resources
from subtitled.plugin.paths import display_path

from .demuxers import INPUT_OPTIONS
from .read_errors import check_readable, find_read_error, passing_error

MAX_STDERR_BYTES = 8 * 1024
"""Bytes at the end of stderr that are kept."""
MAX_STDOUT_BYTES = 16 * 1024 * 1024
"""Most bytes of stdout that are read. A film with a hundred tracks takes a tenth of a megabyte."""
MAX_LINE_BYTES = 64 * 1024
"""Longest line of stdout. A longer one counts as several."""
MIN_MEMORY_BYTES, MAX_MEMORY_BYTES = 1024**3, 8 * 1024**3
"""The most memory of a program, on small and on large machines."""
MEMORY_SHARE = 0.75
"""Share of the machine's memory that a program may take."""
MIN_BYTES_PER_SECOND = 50
"""A second of any codec takes more bytes. A file cannot be longer than its size allows."""
SHORT_SECONDS = 3600.0
"""Length that is believed of any file."""

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
    hint = "Check the disk or mount"
    if is_out_of_resources(error):
        hint = "This process has too many files open, or too little memory: it is tried again"
    return TransientError(f"{display_path(path)} cannot be read: {error.strerror}", hint)


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


_REFUSED_FORMAT = re.compile(r"^\[([\w,]+) @ \w+\] Format not on whitelist", re.MULTILINE)


def failure_reason(completed: Completed) -> str:
    """Return in a few words why ffmpeg could not read a file; an empty string if it did not say."""
    if refused := _REFUSED_FORMAT.search(completed.stderr):
        return f"its content is {refused[1]}, which is no film, or a list of other files"
    lines = completed.stderr.splitlines()
    return lines[-1].split(": ")[-1] if lines else ""


def is_disk_full(completed: Completed) -> bool:
    """Return whether the disk with the written file was full."""
    return "No space left on device" in completed.stderr and not completed.read_error


def believed_seconds(duration: float, size_bytes: int) -> float:
    """Return how long a media file can be at most, by its size and by what it states.

    Args:
        duration: Seconds that the file states. 0 if it states none.
        size_bytes: The size of the file.

    Returns:
        Seconds. An hour at least.
    """
    possible = min(MAX_SECONDS, max(SHORT_SECONDS, size_bytes / MIN_BYTES_PER_SECOND))
    return min(max(SHORT_SECONDS, duration or possible), possible)


def memory_limit() -> int:
    """Return the most bytes of memory that a program may take."""
    share = int(MEMORY_SHARE * psutil.virtual_memory().total)
    return min(MAX_MEMORY_BYTES, max(MIN_MEMORY_BYTES, share))


def run_ffprobe(path: Path, options: Sequence[str], timeout: float) -> Completed:
    """Run ffprobe on a media file. It can open that file only.

    It is run twice if it could not read the file.

    Args:
        path: The media file.
        options: What to print, such as ``-show_streams``.
        timeout: Seconds after which the program is killed.

    Returns:
        The result. Its exit status is not 0 for a file in none of the formats of media files.

    Raises:
        SubtitledError: As :func:`run_ffmpeg`, or the disk has an error.
    """
    whitelists = [word for name, value in INPUT_OPTIONS.items() for word in (f"-{name}", value)]
    run = partial(
        run_ffmpeg,
        "ffprobe",
        ["-v", "error", *whitelists, *options, file_url(path)],
        timeout,
        limits=Limits(reads=(path,), memory_bytes=memory_limit(), file_bytes=0),
    )
    completed = run()
    if completed.read_error:
        _refuse_unreadable((path,), completed.read_error, ends_only=True)
        completed = run()
    return completed


def _refuse_unreadable(sources: Sequence[Path], number: int, *, ends_only: bool = False) -> None:
    """Raise the error of the disk, unless it was an input/output error and all can be read now."""
    if number != errno.EIO:
        raise unreadable_error(sources[0], OSError(number, os.strerror(number)))
    for source in sources:
        try:
            check_readable(source, ends_only=ends_only)
        except OSError as error:
            raise unreadable_error(source, error) from error


def open_input(number: int = 0, /, **options: Any) -> Any:
    """Begin a graph of ffmpeg-python with the media file, whatever its format.

    Args:
        number: Which file, if :func:`run_graph` is given several.
        **options: Options of ffmpeg for the input.

    Returns:
        The input. Its path is filled in by :func:`run_graph`.
    """
    return ffmpeg.input(f"SOURCE{number}", **INPUT_OPTIONS, **options)


def run_graph(
    graph: Any,
    source: Path | Sequence[Path],
    target: Path,
    timeout: float,
    *,
    max_bytes: int,
    on_line: Callable[[str], None] | None = None,
) -> Completed:
    """Run a graph of ffmpeg-python that writes one file. ffmpeg can open these files only.

    It is run twice if it failed or could not read a file, to find out whether a fault inside the
    file is the reason.

    Args:
        graph: A graph that begins with :func:`open_input` and writes to ``TARGET``. Paths are not
            part of it, because not all of them are text.
        source: The media file, or the files of a clip.
        target: The file to write.
        timeout: Seconds after which the program is killed.
        max_bytes: The largest file that it may write. It is killed if it writes more.
        on_line: Is called with each line of stdout.

    Returns:
        The result.

    Raises:
        SubtitledError: As :func:`run_ffmpeg`, or the disk has an error.
    """
    command = graph.global_args("-nostdin", "-hide_banner", "-v", "error")
    sources = (source,) if isinstance(source, Path) else tuple(source)
    paths = {f"SOURCE{number}": file_url(path) for number, path in enumerate(sources)}
    compiled: list[str] = ffmpeg.compile(command, overwrite_output=True)[1:]

    def run(written: Path, on_line: Callable[[str], None] | None) -> Completed:
        words = paths | {"TARGET": file_url(written)}
        return run_ffmpeg(
            "ffmpeg",
            [words.get(word, word) for word in compiled],
            timeout,
            on_line,
            limits=Limits(
                reads=sources,
                writes=(written,),
                memory_bytes=memory_limit(),
                file_bytes=max_bytes,
            ),
        )

    completed = run(target, on_line)
    has_failed = completed.exit_status > 0 and not is_disk_full(completed)
    if has_failed or completed.read_error:
        number = completed.read_error or errno.EIO
        _refuse_unreadable(sources, number, ends_only=not completed.read_error)
        # All can be read: an error has passed, or a fault inside the file is called so.
        again = target.with_name(target.name + ".again")
        try:
            second = run(again, lambda _: None)
            is_same = bool(second.exit_status) == bool(completed.exit_status)
            if not is_same or (completed.read_error and _size_of(target) != _size_of(again)):
                raise passing_error(sources[0])
        finally:
            again.unlink(missing_ok=True)
    if completed.exit_status == -signal.SIGXFSZ:
        raise NotMediaError(
            f"{display_path(sources[0])} holds more than it states: decoding was stopped after "
            f"{max_bytes / 1e6:.0f} MB",
            "Get the file again",
        )
    return completed


def _size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


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
