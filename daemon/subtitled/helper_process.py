"""Processes that answer questions for this one, and end when they are not asked any more.

Some libraries take memory that a process cannot give back, such as guessit and py3langid. The
daemon and workers run for months, so they have other processes use those (:func:`use_helpers`).
Commands, which end soon, use them themselves.
"""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

IDLE_SECONDS: Final = 30.0
"""Seconds without a question after which a process ends."""

_idle_seconds: list[float] = []
"""The seconds in force; empty if there are no helpers."""


def use_helpers(idle_seconds: float | None = IDLE_SECONDS) -> None:
    """Have other processes answer questions from now on.

    Args:
        idle_seconds: Seconds without a question after which a process ends. None: ask none.
    """
    _idle_seconds[:] = [] if idle_seconds is None else [idle_seconds]


class HelperProcess:
    """Asks a process, which is started when it is needed. Threads may share it."""

    def __init__(self, module: str) -> None:
        """Create it without a process.

        Args:
            module: The module to run, which calls :func:`answer_questions`.
        """
        self._module = module
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> bool:
        """Start the process if there is none, so that it is ready when it is asked.

        Returns:
            Whether there is a process.
        """
        if not _idle_seconds:
            return False
        with self._lock, contextlib.suppress(OSError):
            if self._process is None:
                self._start()
            return True
        return False

    def ask(self, question: Any, answer: Callable[[Any], Any]) -> Any:
        """Have a question answered.

        Args:
            question: The question, as JSON has it.
            answer: Answers it here, if there is no process or it has failed twice. The first may
                have ended just when it was asked.
        """
        line = json.dumps(question).encode("ascii") + b"\n"
        for _ in range(2 if _idle_seconds else 0):
            with self._lock, contextlib.suppress(OSError):
                return json.loads(self._ask(self._process or self._start(), line))
        return answer(question)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", self._module, str(_idle_seconds[0])],
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
            self._forget(process)

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # a question that nobody will read
                    pipe.close()
        if self._process is process:
            self._process = None

    def _ask(self, process: subprocess.Popen[bytes], line: bytes) -> bytes:
        """Write a question and read the answer.

        Raises:
            OSError: The process has ended.
        """
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer.endswith(b"\n"):
                raise BrokenPipeError
        except OSError:
            self._forget(process)
            raise
        return answer


def answer_questions(answer: Callable[[Any], Any]) -> None:
    """Answer the questions on the standard input until it ends, or none comes for some time.

    Args:
        answer: Answers a question. Its errors end the process.
    """
    idle_seconds = float(sys.argv[1])
    while select.select([0], [], [], idle_seconds)[0]:
        question = sys.stdin.buffer.readline()
        if not question:
            return
        sys.stdout.buffer.write(json.dumps(answer(json.loads(question))).encode("ascii") + b"\n")
        sys.stdout.buffer.flush()
