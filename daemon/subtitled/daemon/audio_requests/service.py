"""The thread that answers questions about audio, one at a time, before the jobs of libraries.

A question that is asked twice is answered once. If nobody waits for the answer any more, the work
ends at its next step. Jobs of libraries wait between two chunks while a question is worked on.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import count
from time import monotonic, time

from subtitled.config.asr_settings import AsrSettings
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_scratch_dir
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.jobs.gate import Blocked, WorkGate
from subtitled.jobs.log_context import current_job
from subtitled.jobs.runner import JobRunner
from subtitled.jobs.throttle_state import Throttle, ThrottleRegistry
from subtitled.library.paths import shorten_message
from subtitled.media.errors import NotMediaError, ShutdownRequested
from subtitled.plugin import SubtitledError, TransientError
from subtitled.polling import PollingWorker

from .answering import AudioAnswerer
from .questions import AudioAnswer, AudioQuestion, AudioTask
from .scratch_folder import AudioScratchFolder, Upload

_log = logging.getLogger(__name__)

FOLDER_NAME = "audio-requests"
"""The folder in the scratch folder."""
THROTTLE_RULE = "audio request"
PRUNE_SECONDS = 30.0
"""Seconds between two looks at what is no longer kept."""
THROTTLED_WAIT_SECONDS = 0.5
MAX_RETRY_SECONDS = 3600.0
"""The longest wait that a caller is told. Pauses may end earlier than they say."""
SHUTDOWN_RETRY_SECONDS = 60.0


class RequestDropped(BaseException):
    """Nobody waits for the answer any more. It is no error, so no handler of errors catches it."""


@dataclass(slots=True, eq=False, kw_only=True)
class _Work:
    """A question that is being answered, or waits for it."""

    question: AudioQuestion
    id: str
    future: Future[AudioAnswer] = field(default_factory=Future)
    waiting: int = 1
    """How many callers wait."""
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Ticket:
    """The place of one caller who waits for an answer."""

    future: Future[AudioAnswer]
    leave: Callable[[], None]
    """Is called once by each caller, with the answer or without it."""


class AudioRequests(PollingWorker):
    """The thread."""

    def __init__(
        self,
        configuration: Configuration,
        runner: JobRunner,
        answerer: AudioAnswerer | None = None,
    ) -> None:
        """Create the thread without starting it.

        Args:
            configuration: The configuration.
            runner: The runner of the daemon's jobs, whose engines and rules are used.
            answerer: What answers; by default one with the services of the runner.
        """
        super().__init__("audio requests")
        self._settings: AsrSettings = configuration.settings.web.asr
        root = resolve_scratch_dir(configuration.settings) / FOLDER_NAME
        self.folder = AudioScratchFolder(root, self._settings.keep)
        self._answerer = answerer or AudioAnswerer(runner.services, self._settings, self.folder)
        self._engine_names = tuple(configuration.engines)
        self._gate: WorkGate = runner.gate
        self._throttles: ThrottleRegistry = runner.throttles
        self._active_jobs = runner.active_jobs
        self._lock = threading.Lock()
        self._queue: deque[_Work] = deque()
        self._works: dict[AudioQuestion, _Work] = {}
        self._numbers = count(1)

    def start(self) -> None:
        """Delete what an earlier run left, and start the thread."""
        self.folder.empty()
        super().start()

    def receive(self, *, is_pcm: bool, expected_bytes: int = 0) -> Upload:
        """Begin to receive audio; see :meth:`AudioScratchFolder.receive`."""
        return self.folder.receive(is_pcm=is_pcm, expected_bytes=expected_bytes)

    def ask(self, question: AudioQuestion) -> Ticket:
        """Ask a question about audio that is held. It is accepted at once, however much waits.

        This may read a file of a library, so it must not be called in an event loop.

        Raises:
            TransientError: The daemon stops.
        """
        if question.media is not None:
            answer = self._answerer.answer_from_library(question)
            if answer is not None:
                done: Future[AudioAnswer] = Future()
                done.set_result(answer)
                return Ticket(done, lambda: None)
        with self._lock:
            if self.is_stopping:
                raise stopping_error()  # Nobody would answer.
            work = self._works.get(question)
            if work is not None:
                work.waiting += 1
                _log.info("%s: joined by %s", work.id, question.caller)
            else:
                work = _Work(question=question, id=f"request {next(self._numbers)}")
                self._works[question] = work
                self.folder.hold(question.audio)
                if question.task is AudioTask.DETECT_LANGUAGE:
                    self._queue.appendleft(work)  # It is short, and a transcription follows it.
                else:
                    self._queue.append(work)
        self.wake()
        return Ticket(work.future, lambda: self._leave(work))

    def request_stop(self) -> None:
        """Ask the thread to stop. Those who wait are told to come back."""
        super().request_stop()
        with self._lock:
            waiting = list(self._works.values())
            self._queue.clear()
        for work in waiting:
            self._end(work, error=stopping_error())

    def tick(self) -> float:
        """Answer what is asked, and delete what is no longer kept."""
        while (work := self._take()) is not None and not self.is_stopping:
            self._run(work)
        self.folder.prune()
        return PRUNE_SECONDS

    def _take(self) -> _Work | None:
        with self._lock:
            return self._queue.popleft() if self._queue else None

    def _leave(self, work: _Work) -> None:
        with self._lock:
            work.waiting -= 1
            if work.waiting or work.future.done():
                return
            work.is_dropped = True
            # The next who asks the same begins again.
            if self._works.get(work.question) is work:
                del self._works[work.question]
            is_queued = work in self._queue
            if is_queued:
                self._queue.remove(work)
        _log.info("%s: dropped, because nobody waits for it", work.id)
        if is_queued:
            self.folder.release(work.question.audio)

    def _run(self, work: _Work) -> None:
        question = work.question
        current_job.set(work.id)
        self._active_jobs.add(work.id)
        # Exempt is what has the path of the folder: the questions themselves.
        throttle = Throttle(
            "a program waits for the text of its audio",
            is_immediate=False,
            exempt_paths=frozenset({self.folder.root}),
            is_routine=True,
        )
        began = monotonic()
        try:
            self._throttles.put(THROTTLE_RULE, throttle)
            answer = self._answerer.answer(question, lambda engine: self._check(work, engine))
        except RequestDropped:
            self.folder.release(question.audio)
        except ShutdownRequested:
            self._end(work, error=stopping_error())
        except SubtitledError as error:
            # Callers know nothing of the scratch folder or of libraries, and need not.
            path = self.folder.media_of(question.audio)
            error.message = shorten_message(error.message, path, "the audio")
            if isinstance(error, NotMediaError):
                error.hint = "Send a whole file, in a format that ffmpeg can read"
            _log.warning("%s of %s: %s", question.task, question.caller, error)
            self._end(work, error=error)
        except BaseException as error:  # noqa: BLE001 - one question must not end the others
            _log.exception("%s of %s: unexpected error", question.task, question.caller)
            self._end(work, error=TransientError(f"unexpected error: {type(error).__name__}"))
        else:
            _log.info(
                "%s of %s: %.0f s of audio, %s, answered in %.1f s",
                question.task,
                question.caller,
                answer.duration,
                answer.spoken or "no speech",
                monotonic() - began,
            )
            self._end(work, answer=answer)
        finally:
            if not self._queue:
                self._throttles.put(THROTTLE_RULE, None)
            self._active_jobs.discard(work.id)
            current_job.set("")

    def _end(
        self, work: _Work, *, answer: AudioAnswer | None = None, error: Exception | None = None
    ) -> None:
        with self._lock:
            if self._works.get(work.question) is work:
                del self._works[work.question]
            if work.future.done():
                return  # The daemon stops.
            if error is not None:
                work.future.set_exception(error)
            elif answer is not None:
                work.future.set_result(answer)
        self.folder.release(work.question.audio)

    def _check(self, work: _Work, engine: str) -> None:
        """Wait while work is throttled.

        Raises:
            RequestDropped: Nobody waits any more.
            ShutdownRequested: The daemon stops.
            ResourceUnavailableError: Work is paused, its hours are over, or no engine may be
                called.
        """
        engines = [engine] if engine else self._answerer.engines_for(work.question)
        while True:
            if self.is_stopping:
                raise ShutdownRequested
            if work.is_dropped:
                raise RequestDropped
            blocked = self._gate.blocked_for_job(
                "",
                engines or self._engine_names,
                self.folder.root,
                keeps_hours=self._settings.hours == "schedule",
            )
            if blocked is None:
                return
            if blocked.reason != self._throttles.first_reason(self.folder.root):
                raise _refusal(blocked)
            self.rest(THROTTLED_WAIT_SECONDS)


def _refusal(blocked: Blocked) -> ResourceUnavailableError:
    seconds = MAX_RETRY_SECONDS if blocked.until is None else blocked.until - time()
    seconds = min(max(seconds, 1.0), MAX_RETRY_SECONDS)
    return ResourceUnavailableError(blocked.reason, "Ask again later", seconds)


def stopping_error() -> TransientError:
    """Return what those are told who ask while the daemon stops."""
    return TransientError("the daemon stops", "Ask again", SHUTDOWN_RETRY_SECONDS)
