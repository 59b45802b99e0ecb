"""Processes that answer questions for this one, and end when they are not asked any more.

Some libraries take memory that a process cannot give back, such as guessit, py3langid and numpy.
The daemon and workers run for months, so they have other processes use those
(:func:`use_helpers`). Commands, which end soon, use them themselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import select
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

IDLE_SECONDS: Final = 30.0
"""Seconds without a question after which a process ends."""
ANSWER_SECONDS: Final = 900.0
"""Seconds after which a process that has not answered counts as hung, and is ended. A slow disk
needs some of them to read the sound of a long film."""

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

        Raises:
            OSError: The process could not read or write a file.
        """
        if not _idle_seconds:
            return answer(question)
        line = json.dumps(question).encode("ascii") + b"\n"
        for _ in range(2):
            with self._lock, contextlib.suppress(OSError):
                told = json.loads(self._ask(self._process or self._start(), line))
                break
        else:
            return answer(question)
        if "error" in told:
            raise OSError(*told["error"])
        return told["answer"]

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
            OSError: The process has ended, or does not answer.
        """
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(line)
            process.stdin.flush()
            answers = select.poll()
            answers.register(process.stdout, select.POLLIN)
            if not answers.poll(ANSWER_SECONDS * 1000):
                process.kill()
            answer = process.stdout.readline()
            if not answer.endswith(b"\n"):
                raise BrokenPipeError
        except OSError:
            self._forget(process)
            raise
        return answer


def answer_questions(answer: Callable[[Any], Any]) -> None:
    """Answer the questions on the standard input until none comes for some time; then exit.

    The process exits at once when the one that asks has ended, even in the middle of an answer.

    Args:
        answer: Answers a question. An OSError is told to the one that asks; other errors end the
            process.
    """
    idle_seconds = float(sys.argv[1])
    questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read_questions() -> None:
        while question := sys.stdin.buffer.readline():
            questions.put(question)
        os._exit(0)

    threading.Thread(target=read_questions, name="questions", daemon=True).start()
    with contextlib.suppress(queue.Empty):
        while True:
            question = json.loads(questions.get(timeout=idle_seconds))
            try:
                told = {"answer": answer(question)}
            except OSError as error:
                if error.errno is None:
                    raise
                told = {"error": [error.errno, error.strerror, error.filename]}
            sys.stdout.buffer.write(json.dumps(told).encode("ascii") + b"\n")
            sys.stdout.buffer.flush()
    os._exit(0)  # The thread still waits for questions.
