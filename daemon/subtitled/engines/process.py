"""Time that a child process really had: it stands still while the process is stopped.

The parent's side of a child process: ask it, time it, end it, say how it died.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from subtitled.media.ffmpeg import ShutdownRequested
from subtitled.plugin import TransientError

from .manners import NONE, Manners
from .protocol import EngineCrashedError, error_from_json


class PausableClock:
    """A monotonic clock that can be stopped; time limits of calls go by it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._paused_seconds = 0.0
        self._paused_since: float | None = None
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds, from no particular begin."""
        with self._lock:
            return (
                self._clock() if self._paused_since is None else self._paused_since
            ) - self._paused_seconds

    @property
    def is_paused(self) -> bool:
        return self._paused_since is not None

    def pause(self) -> None:
        with self._lock:
            self._paused_since = (
                self._paused_since if self._paused_since is not None else self._clock()
            )

    def resume(self) -> None:
        with self._lock:
            if self._paused_since is not None:
                self._paused_seconds += self._clock() - self._paused_since
                self._paused_since = None


_log = logging.getLogger(__name__)


AnswerQueue = queue.SimpleQueue[dict[str, Any] | None]
"""Where one call waits for its answer; None says that none will come."""


class EngineProcess:
    """One child process in the role that ``order`` describes (see :mod:`.host`).

    Any number of threads may call; the child answers as many at a time as its order says, each
    answer with the number of its call. One that is stopped for a while (:meth:`suspend`) has that
    time on top of its limits. Raises what the child says as a :class:`~subtitled.plugin.Problem`,
    and :class:`EngineCrashedError` when it dies or hangs: a call that takes too long ends the
    process, and with it the calls beside it.
    """

    def __init__(
        self,
        name: str,
        spec: dict[str, Any],
        start_timeout: float = 300.0,
        manners: Manners = NONE,
    ) -> None:
        """``manners`` are given to the process at its start."""
        self.name = name
        self._clock = PausableClock()
        self._kill_reason: EngineCrashedError | None = None
        self._is_terminated = False
        self._stderr_tail: deque[str] = deque(maxlen=5)
        ours, theirs = socket.socketpair()
        lifeline, self._parent_death_pipe = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "subtitled.engines.worker_main",
                    str(theirs.fileno()),
                    str(lifeline),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=(theirs.fileno(), lifeline),
                # A group of its own: should the daemon be killed while the child is stopped, the
                # kernel wakes and ends it (setpgid(2), orphaned process groups).
                process_group=0,
            )
        finally:
            theirs.close()
            os.close(lifeline)
        manners.give(self._process.pid)
        self._connection = Connection(ours.detach())
        self._send_lock = threading.Lock()
        self._message_ids = itertools.count()
        self._pending: dict[int, AnswerQueue] = {}
        self._is_over = False
        threading.Thread(target=self._read_stderr, daemon=True, name=f"{name}-stderr").start()
        threading.Thread(target=self._read_answers, daemon=True, name=f"{name}-answers").start()
        self._send_and_wait(spec, start_timeout)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return not self._is_terminated and self._process.poll() is None

    def call(self, name: str, timeout: float, **arguments: Any) -> Any:
        """Ask for one thing and wait at most ``limit`` seconds for the answer."""
        return self._send_and_wait({"call": name, **arguments}, timeout)

    def terminate(self) -> None:
        """End the process; a call in flight raises :class:`ShutdownRequested`."""
        if self._is_terminated:
            return
        self._is_terminated = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._parent_death_pipe)

    def suspend(self) -> None:
        """Stop the process where it is, in the middle of a call or not."""
        if not self._clock.is_paused and self.is_alive:
            self._clock.pause()
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        if self._clock.is_paused:
            self._process.send_signal(signal.SIGCONT)
            self._clock.resume()

    def kill_with(self, error: EngineCrashedError) -> None:
        """End the process; calls in flight raise the verdict."""
        self._kill_reason = error
        self._process.kill()

    def _send_and_wait(self, message: dict[str, Any], timeout: float) -> Any:
        number = next(self._message_ids)
        answers = self._pending[number] = queue.SimpleQueue()
        deadline = self._clock.now() + timeout
        try:
            with self._send_lock:
                self._connection.send_bytes(json.dumps({"id": number, **message}).encode())
            # Whoever hears the end after this look at it tells every call that waits.
            answer = None if self._is_over else self._wait_for_answer(answers, deadline)
        except TimeoutError:
            self._process.kill()
            self._process.wait()
            raise EngineCrashedError(
                f"{self.name} did not answer within {timeout:.0f} s and was ended",
                "It is started anew for the next try",
            ) from None
        except OSError:
            answer = None
        finally:
            del self._pending[number]
        if answer is None:
            if self._is_terminated:
                raise ShutdownRequested
            raise self._exit_error()
        if "error" in answer:
            raise error_from_json(answer["error"])
        if "exception" in answer:
            raise TransientError(
                f"{self.name} failed: {answer['exception']}", "See its author's notes"
            )
        return answer["result"]

    def _wait_for_answer(self, answers: AnswerQueue, deadline: float) -> dict[str, Any] | None:
        """What comes before the deadline on the clock of this process; None for its end."""
        while True:
            remaining = deadline - self._clock.now()
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=min(1.0, max(0.0, remaining)))
            if remaining <= 0:
                raise TimeoutError

    def _read_answers(self) -> None:
        """Hand each answer to the call that waits for it; at the end, the end to all."""
        with contextlib.suppress(EOFError, OSError, ValueError, LookupError, TypeError):
            while True:
                answer = json.loads(self._connection.recv_bytes())
                waiting = self._pending.get(answer["id"])
                if waiting is not None:
                    waiting.put(answer)
        self._is_over = True
        self._process.kill()  # what cannot be understood any more is of no use either
        for waiting in list(self._pending.values()):
            waiting.put(None)

    def _exit_error(self) -> EngineCrashedError:
        status = self._process.wait()
        if self._kill_reason is not None:
            return self._kill_reason
        how = f"status {status}"
        if status < 0:
            how = signal.Signals(-status).name
            if -status == signal.SIGKILL:
                how += ", perhaps for lack of memory"
        words = f": {self._stderr_tail[-1]}" if self._stderr_tail else ""
        return EngineCrashedError(
            f"{self.name} crashed ({how}){words}", "It is started anew for the next try"
        )

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self._stderr_tail.append(line)
                _log.debug("%s: %s", self.name, line)
