"""Running ffmpeg and ffprobe on media files, with all that limits them.

They can open the given files only, and take so much memory and disk. What failed to be read is read
again, to tell an error of the disk from a fault inside the file.
"""

from __future__ import annotations

import errno
import os
import re
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import ffmpeg
import psutil

from subtitled.plugin.confinement import Limits
from subtitled.plugin.limits import MAX_SECONDS
from subtitled.plugin.paths import display_path

from .demuxers import INPUT_OPTIONS
from .errors import NotMediaError, unreadable_error
from .ffmpeg_process import Completed, file_url, run_ffmpeg
from .read_errors import check_readable, passing_error

MIN_MEMORY_BYTES, MAX_MEMORY_BYTES = 1024**3, 8 * 1024**3
"""The most memory of a program, on small and on large machines."""
MEMORY_SHARE = 0.75
"""Share of the machine's memory that a program may take."""
MIN_BYTES_PER_SECOND = 50
"""A second of any codec takes more bytes. A file cannot be longer than its size allows."""
SHORT_SECONDS = 3600.0
"""Length that is believed of any file."""

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
