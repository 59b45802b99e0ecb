"""What guessit reads from a path: here, or in a process that ends when it is not asked any more.

guessit takes 11 MB, which no process gives back. So the daemon and workers have another process
read the paths (:func:`guess_in_another_process`).
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import threading
from typing import Any, Final

IDLE_SECONDS: Final = 30.0
"""Seconds without a question after which the process ends."""
_FIELDS: Final = ("title", "episode_title", "type", "year")


class _GuessingProcess:
    """Asks another process, which is started when it is needed. Threads may share it."""

    def __init__(self, idle_seconds: float) -> None:
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def guess(self, path: str) -> dict[str, Any] | None:
        """Read a path in the process.

        Raises:
            OSError: It cannot be started or asked. The first process may have ended just when it
                was asked; then another one is.
        """
        question = json.dumps(path).encode("ascii") + b"\n"
        with self._lock:
            try:
                return self._ask(self._process or self._start(), question)
            except OSError:
                return self._ask(self._start(), question)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", __name__, str(self._idle_seconds)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what goes wrong there goes wrong here too, and is told
            process_group=0,  # Ctrl+C ends this process, whose pipe then ends that one
        )
        self._process = process
        threading.Thread(target=self._wait, args=(process,), daemon=True).start()
        return process

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until a process has ended, so that the system forgets it."""
        process.wait()
        with self._lock:
            _close(process)
            if self._process is process:
                self._process = None

    def _ask(self, process: subprocess.Popen[bytes], question: bytes) -> dict[str, Any] | None:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(question)
            process.stdin.flush()
            answer = process.stdout.readline()
        except ValueError as error:  # the pipe is closed
            raise BrokenPipeError(str(error)) from error
        if not answer.endswith(b"\n"):
            raise BrokenPipeError("the process that reads titles from paths has ended")
        guessed: dict[str, Any] | None = json.loads(answer)
        return guessed


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # a question that nobody will read
                pipe.close()


_processes: list[_GuessingProcess] = []
"""The one that is asked, if another process is."""


def guess_in_another_process(idle_seconds: float = IDLE_SECONDS) -> None:
    """Have paths read in another process from now on.

    Args:
        idle_seconds: Seconds without a question after which it ends.
    """
    _processes[:] = [_GuessingProcess(idle_seconds)]


def guess_title(path: str) -> dict[str, Any] | None:
    """Read the title, the title of the episode, the type and the year from a path.

    Args:
        path: A path in the style of releases.

    Returns:
        What was found: texts, and numbers; None if guessit can read nothing.
    """
    for process in _processes:
        try:
            return process.guess(path)
        except OSError:
            continue  # without it, more memory is used
    return _read(path)


def _read(path: str) -> dict[str, Any] | None:
    from guessit import guessit  # a slow import that most processes never need
    from guessit.api import GuessitException

    try:
        guess = guessit(path)
    except GuessitException:
        return None
    return {field: guess[field] for field in _FIELDS if isinstance(guess.get(field), (str, int))}


def _answer_questions(idle_seconds: float) -> None:
    """Answer each line of the standard input until it ends, or none comes for some time."""
    while select.select([0], [], [], idle_seconds)[0]:
        question = sys.stdin.buffer.readline()
        if not question:
            return
        sys.stdout.buffer.write(json.dumps(_read(json.loads(question))).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    _answer_questions(float(sys.argv[1]))
