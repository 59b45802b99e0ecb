"""The parent's side of a child process: ask it, time it, end it, say how it died."""

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
from collections import deque
from multiprocessing.connection import Connection
from typing import Any

from subtitled.media.run import Stopping
from subtitled.plugin import Temporary

from .manners import NONE, Manners
from .pace import Pace
from .wire import Crashed, problem_from_json

_log = logging.getLogger(__name__)


Answers = queue.SimpleQueue[dict[str, Any] | None]
"""Where one call waits for its answer; None says that none will come."""


class Child:
    """One child process in the role that ``order`` describes (see :mod:`.host`).

    Any number of threads may call; the child answers as many at a time as its order says, each
    answer with the number of its call. One that is stopped for a while (:meth:`freeze`) has that
    time on top of its limits. Raises what the child says as a
    :class:`~subtitled.plugin.Problem`, and :class:`Crashed` when it dies or hangs: a call that
    takes too long ends the process, and with it the calls beside it.
    """

    def __init__(
        self,
        name: str,
        order: dict[str, Any],
        start_limit: float = 300.0,
        manners: Manners = NONE,
    ) -> None:
        """``manners`` are given to the process at its start."""
        self.name = name
        self._pace = Pace()
        self._verdict: Crashed | None = None
        self._stopped = False
        self._last_words: deque[str] = deque(maxlen=5)
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        try:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "subtitled.engines.host",
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
        self._sending = threading.Lock()
        self._numbers = itertools.count()
        self._awaited: dict[int, Answers] = {}
        self._over = False
        threading.Thread(target=self._listen_to_stderr, daemon=True, name=f"{name}-stderr").start()
        threading.Thread(target=self._listen, daemon=True, name=f"{name}-answers").start()
        self._exchange(order, start_limit)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._stopped and self._process.poll() is None

    def call(self, name: str, limit: float, **said: Any) -> Any:
        """Ask for one thing and wait at most ``limit`` seconds for the answer."""
        return self._exchange({"call": name, **said}, limit)

    def end(self) -> None:
        """End the process; a call in flight raises :class:`Stopping`."""
        if self._stopped:
            return
        self._stopped = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._lifeline)

    def freeze(self) -> None:
        """Stop the process where it is, in the middle of a call or not."""
        if not self._pace.stopped and self.alive:
            self._pace.stop()
            self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        if self._pace.stopped:
            self._process.send_signal(signal.SIGCONT)
            self._pace.go()

    def condemn(self, verdict: Crashed) -> None:
        """End the process; calls in flight raise the verdict."""
        self._verdict = verdict
        self._process.kill()

    def _exchange(self, message: dict[str, Any], limit: float) -> Any:
        number = next(self._numbers)
        answers = self._awaited[number] = queue.SimpleQueue()
        deadline = self._pace.now() + limit
        try:
            with self._sending:
                self._connection.send_bytes(json.dumps({"id": number, **message}).encode())
            # Whoever hears the end after this look at it tells every call that waits.
            answer = None if self._over else self._answer(answers, deadline)
        except TimeoutError:
            self._process.kill()
            self._process.wait()
            raise Crashed(
                f"{self.name} did not answer within {limit:.0f} s and was ended",
                "It is started anew for the next try",
            ) from None
        except OSError:
            answer = None
        finally:
            del self._awaited[number]
        if answer is None:
            if self._stopped:
                raise Stopping
            raise self._how_it_died()
        if "problem" in answer:
            raise problem_from_json(answer["problem"])
        if "error" in answer:
            raise Temporary(f"{self.name} failed: {answer['error']}", "See its author's notes")
        return answer["result"]

    def _answer(self, answers: Answers, deadline: float) -> dict[str, Any] | None:
        """What comes before the deadline on the clock of this process; None for its end."""
        while True:
            left = deadline - self._pace.now()
            with contextlib.suppress(queue.Empty):
                return answers.get(timeout=min(1.0, max(0.0, left)))
            if left <= 0:
                raise TimeoutError

    def _listen(self) -> None:
        """Hand each answer to the call that waits for it; at the end, the end to all."""
        with contextlib.suppress(EOFError, OSError, ValueError, LookupError, TypeError):
            while True:
                answer = json.loads(self._connection.recv_bytes())
                waiting = self._awaited.get(answer["id"])
                if waiting is not None:
                    waiting.put(answer)
        self._over = True
        self._process.kill()  # what cannot be understood any more is of no use either
        for waiting in list(self._awaited.values()):
            waiting.put(None)

    def _how_it_died(self) -> Crashed:
        status = self._process.wait()
        if self._verdict is not None:
            return self._verdict
        how = f"status {status}"
        if status < 0:
            how = signal.Signals(-status).name
            if -status == signal.SIGKILL:
                how += ", perhaps for lack of memory"
        words = f": {self._last_words[-1]}" if self._last_words else ""
        return Crashed(f"{self.name} crashed ({how}){words}", "It is started anew for the next try")

    def _listen_to_stderr(self) -> None:
        assert self._process.stderr is not None
        for raw in self._process.stderr:
            line = raw.decode("utf-8", "replace").rstrip()
            if line:
                self._last_words.append(line)
                _log.debug("%s: %s", self.name, line)
