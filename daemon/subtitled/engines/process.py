"""The parent's side of an engine process: start it, call it, time it, end it, report its death."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import TransientError
from subtitled.plugin.limits import MAX_WIRE_BYTES, clean_text

from .call_watch import CallWatch
from .pausable_clock import PausableClock
from .priority import DEFAULT_PRIORITY, ProcessPriority
from .protocol import (
    Answer,
    CallCancelledError,
    EngineCrashedError,
    EngineLoadError,
    error_from_json,
    parse_answer,
)
from .stderr_tail import StderrTail
from .worker_output import PLUGIN_LOGGER, parse_record
from .worker_process import WorkerProcess, take_worker

_log = logging.getLogger(__name__)

MAX_REASON_CHARACTERS = 500
"""Longest reason of an engine that is passed on."""
MAX_OUTPUT_LINE_BYTES = 32 * 1024
"""Longest line that it prints, which a log record fits in. A longer one counts as several."""
ABORT_SECONDS = 5.0
"""Seconds that a process that hangs has to say at which line. It is killed then."""
STDERR_SECONDS = 10.0
"""Longest wait for the last lines of a process that has ended."""
AnswerQueue = queue.SimpleQueue[Answer | None]
"""Where a call waits for its answer. None means that the process ended without one."""


@dataclass(frozen=True, slots=True)
class _PendingCall:
    """A call that waits for its answer."""

    id: int
    watch: CallWatch | None
    answers: AnswerQueue = field(default_factory=queue.SimpleQueue)


class EngineProcess:
    """A subprocess in the role that ``spec`` describes; see :mod:`.worker_main`.

    Threads may call it freely. The process answers as many calls at a time as its spec says, and
    each answer carries the number of its call. The time for which a process is suspended does not
    count towards timeouts. A call that times out kills the process, and with it the calls beside
    it.
    """

    def __init__(
        self,
        name: str,
        spec: dict[str, Any],
        start_timeout: float = 300.0,
        priority: ProcessPriority = DEFAULT_PRIORITY,
        on_spawn: Callable[[EngineProcess], None] = lambda process: None,
        worker: WorkerProcess | None = None,
    ) -> None:
        """Start the process and wait until it has loaded its model.

        Args:
            name: What log lines and errors call it.
            spec: Role, engine, settings, models and concurrency, as JSON.
            start_timeout: Seconds that loading may take.
            priority: The priority of the process.
            on_spawn: Is called with this object before the model is loaded. Another thread can
                then call :meth:`terminate`.
            worker: A process that waits to be told its role; None: one is taken or started.

        Raises:
            SubtitledError: The engine could not be loaded.
            EngineCrashedError: The process died while loading.
            EngineLoadError: The process hung while loading.
            ShutdownRequested: :meth:`terminate` was called meanwhile.
        """
        self.name = name
        self._clock = PausableClock()
        self._kill_reason: EngineCrashedError | None = None
        self._is_terminated = False
        self._stderr = StderrTail(spec.get("module", ""))
        self._has_text = False
        """Whether the process was given subtitles, which it may have printed."""
        started = worker or take_worker(spec["role"])
        self._process, self._parent_death_pipe = started.process, started.death_pipe
        priority.apply(self._process.pid)
        self._connection = Connection(started.connection.detach())
        self._send_lock, self._release_lock = threading.Lock(), threading.Lock()
        self._message_ids = itertools.count()
        self._pending: dict[int, _PendingCall] = {}
        self._is_over = False
        self._stderr_reader = threading.Thread(
            target=self._read_stderr, daemon=True, name=f"{name}-stderr"
        )
        self._stderr_reader.start()
        threading.Thread(target=self._read_stdout, daemon=True, name=f"{name}-stdout").start()
        threading.Thread(target=self._read_answers, daemon=True, name=f"{name}-answers").start()
        on_spawn(self)
        try:
            self._send_and_wait(spec, start_timeout, EngineLoadError)
            self._has_text = spec["role"] == "translator"
        except BaseException:
            self._process.kill()
            self._process.wait()
            self.release()
            raise

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process runs and was not told to end."""
        return not self._is_terminated and self._process.poll() is None

    def call(
        self, name: str, timeout: float, watch: CallWatch | None = None, **arguments: Any
    ) -> Any:
        """Call a method and wait for the answer.

        Args:
            name: The method.
            timeout: Seconds, not counting time for which the process is suspended.
            watch: Is told of the progress, and may cancel the call.
            **arguments: Its arguments as JSON.

        Raises:
            CallCancelledError: ``watch`` cancelled the call.
            SubtitledError: The engine raised it, or something unexpected.
            EngineCrashedError: The process died or hung.
            ShutdownRequested: :meth:`terminate` was called meanwhile.
        """
        return self._send_and_wait({"call": name, **arguments}, timeout, watch=watch)

    def terminate(self) -> None:
        """End the process. A call in flight raises :class:`ShutdownRequested`."""
        if self._is_terminated:
            return
        self._is_terminated = True
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        self._process.wait()
        self.release()

    def release(self) -> None:
        """Close what a process that has ended leaves open. May be called again."""
        with self._release_lock:
            pipe, self._parent_death_pipe = self._parent_death_pipe, -1
        if pipe >= 0:
            os.close(pipe)

    def suspend(self) -> None:
        """Stop the process where it is, even during a call."""
        if not self._clock.is_paused and self.is_alive:
            self._clock.pause()
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after :meth:`suspend`."""
        if self._clock.is_paused:
            self._process.send_signal(signal.SIGCONT)
            self._clock.resume()

    def kill_with(self, error: EngineCrashedError) -> None:
        """End the process. Calls in flight raise ``error``."""
        self._kill_reason = error
        self._process.kill()

    def _send_and_wait(
        self,
        message: dict[str, Any],
        timeout: float,
        late_error: type[EngineCrashedError] = EngineCrashedError,
        watch: CallWatch | None = None,
    ) -> Any:
        call_id = next(self._message_ids)
        call = self._pending[call_id] = _PendingCall(call_id, watch)
        deadline = self._clock.now() + timeout
        try:
            self._send({"id": call_id, **message})
            # If the reader thread ends after this check, it puts None into every pending queue.
            answer = None if self._is_over else self._wait_for_answer(call, deadline)
        except TimeoutError:
            place = self._end_hanging()
            doing = "load" if late_error is EngineLoadError else "answer"
            raise late_error(
                f"{self.name} did not {doing} within {timeout:.0f} s and was killed{place}",
                "It is restarted for the next try",
            ) from None
        except OSError:
            answer = None
        finally:
            del self._pending[call_id]
        if watch is not None and watch.was_cancelled:
            raise CallCancelledError(f"the call of {self.name} was cancelled")
        if answer is None:
            if self._is_terminated:
                raise ShutdownRequested
            raise self._exit_error()
        if answer.outcome == "error":
            raise error_from_json(answer.value, self.name)
        if answer.outcome == "exception":
            reason = clean_text(answer.value, MAX_REASON_CHARACTERS)
            raise TransientError(f"{self.name} failed: {reason}", "See the plugin's documentation")
        return answer.value

    def _send(self, message: dict[str, Any]) -> None:
        with self._send_lock:
            self._connection.send_bytes(json.dumps(message).encode())

    def _wait_for_answer(self, call: _PendingCall, deadline: float) -> Answer | None:
        """Return the answer, or None if the process ended or nobody waits for the answer any more.

        Meanwhile progress is passed on, and the call is cancelled if its caller wants that.

        Raises:
            TimeoutError: The deadline on the clock of this process has passed.
        """
        while True:
            remaining = deadline - self._clock.now()
            with contextlib.suppress(queue.Empty):
                return call.answers.get(timeout=min(1.0, max(0.0, remaining)))
            if call.watch is not None:
                call.watch.tell_progress()
                if call.watch.wants_cancelling():
                    self._send({"cancel": call.id})
                elif call.watch.is_overdue:
                    if len(self._pending) > 1:
                        return None  # Those beside it are wanted. Its answer will be dropped.
                    self._process.kill()
                    self._process.wait()
            if remaining <= 0:
                raise TimeoutError

    def _read_answers(self) -> None:
        """Hand each answer to the call that waits for it, and None to all when the process ends."""
        try:
            while True:
                answer = parse_answer(self._connection.recv_bytes(MAX_WIRE_BYTES))
                call = self._pending.get(answer.id)
                if call is not None and answer.outcome != "progress":
                    call.answers.put(answer)
                elif call is not None and call.watch is not None:
                    call.watch.reported = answer.value
        except EOFError:
            pass
        except OSError as error:
            if error.errno is None:  # longer than the limit
                self._refuse("a message that is too long")
        except Exception as error:  # noqa: BLE001 - the calls must learn of it, whatever it is
            self._refuse(clean_text(str(error), MAX_REASON_CHARACTERS))
        self._is_over = True
        self._process.kill()  # A process that cannot be understood is of no use.
        for call in list(self._pending.values()):
            call.answers.put(None)

    def _refuse(self, reason: str) -> None:
        """Remember why the process is ended: it broke the protocol."""
        if self._kill_reason is None and not self._is_terminated:
            self._kill_reason = EngineCrashedError(
                f"{self.name} sent what is no answer ({reason}) and was killed",
                "This is a fault of that plugin: tell its author, or configure another engine",
            )

    def _end_hanging(self) -> str:
        """End the process, and return the line of the plugin that it is at, if it says so."""
        self._process.send_signal(signal.SIGABRT)  # faulthandler prints the line and ends it
        try:
            self._process.wait(ABORT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr_reader.join(STDERR_SECONDS)
        return self._stderr.describe(has_text=True)

    def _exit_error(self) -> EngineCrashedError:
        status = self._process.wait()
        if self._kill_reason is not None:
            return self._kill_reason
        self._stderr_reader.join(STDERR_SECONDS)  # The last lines say why.
        cause = f"status {status}"
        if status < 0:
            cause = signal.Signals(-status).name
            if -status == signal.SIGKILL:
                cause += ", perhaps for lack of memory"
        details = self._stderr.describe(has_text=self._has_text)
        return EngineCrashedError(
            f"{self.name} crashed ({cause}){details}", "It is restarted for the next try"
        )

    def _read_stdout(self) -> None:
        """Log what native code prints. It may be what was recognised, so no message repeats it."""
        assert self._process.stdout is not None
        while raw := self._process.stdout.readline(MAX_OUTPUT_LINE_BYTES):
            if line := raw.decode("utf-8", "replace").rstrip():
                _log.debug("%s: %s", self.name, line)

    def _read_stderr(self) -> None:
        assert self._process.stderr is not None
        while raw := self._process.stderr.readline(MAX_OUTPUT_LINE_BYTES):
            line = raw.decode("utf-8", "replace").rstrip()
            if (record := parse_record(line)) is not None:
                level, logger, message = record
                if not logger.startswith(PLUGIN_LOGGER):
                    logger = f"{PLUGIN_LOGGER}.{self.name.partition(' ')[2]}"
                logging.getLogger(logger).log(level, "%s: %s", self.name, message)
            elif line:
                self._stderr.add(line)
                _log.debug("%s: %s", self.name, line)
