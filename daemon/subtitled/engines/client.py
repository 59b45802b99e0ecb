"""The client of one engine, whose process is started when needed and ended when idle."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from subtitled.config.plugins import ConfiguredComponent
from subtitled.media.ffmpeg import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    LOCAL,
    Audio,
    Chunk,
    Engine,
    EngineCapabilities,
    Language,
    LanguageGuess,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)

from . import protocol
from .limits import (
    MemoryLimitExceededError,
    ModelSlots,
    call_timeout,
    validate_in_chunk,
)
from .local_engine import LocalEngine
from .priority import DEFAULT_PRIORITY, ProcessPriority
from .process import EngineProcess


class EngineClient:
    """One configured engine and its process, if it has one now.

    Threads may call it freely. At most ``capabilities.max_concurrency`` calls run at a time, the
    others wait.
    """

    def __init__(
        self,
        configured: ConfiguredComponent[Engine],
        store: ModelStore,
        threads: int,
        unload_after: float,
        slots: ModelSlots | None = None,
        priority: ProcessPriority = DEFAULT_PRIORITY,
    ) -> None:
        """Create a client without starting the process.

        Args:
            configured: The engine and its settings.
            store: Where its models are installed.
            threads: CPU threads that the engine may use.
            unload_after: Seconds without a call after which the process is ended.
            slots: The limit on loaded models that local engines share.
            priority: The priority of the process.
        """
        self.configured = configured
        self.capabilities: EngineCapabilities = configured.capabilities()
        self._store = store
        self._threads = threads
        self._unload_after = unload_after
        self._slots = slots if self.is_local else None
        self._priority = priority
        self._concurrency = threading.BoundedSemaphore(max(1, self.capabilities.max_concurrency))
        self._lock = threading.Lock()
        self._active_calls = 0
        self._engine_process: EngineProcess | LocalEngine | None = None
        self._loading_process: EngineProcess | None = None
        self._idle_timer: threading.Timer | None = None
        self._is_closed = False
        self._is_here = False

    @property
    def name(self) -> str:
        """The name of the engine in the configuration."""
        return self.configured.name

    @property
    def is_local(self) -> bool:
        """Whether the engine works on this machine."""
        return self.capabilities.destination == LOCAL

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        """Identify the language of each window.

        Args:
            audio: The decoded track.
            windows: Spans of speech, in seconds.

        Returns:
            One guess for each window, in the same order.

        Raises:
            SubtitledError: The engine failed or crashed.
            ShutdownRequested: The client was closed meanwhile.
        """
        answer = self._call(
            "detect_language",
            call_timeout(self.capabilities, sum(window.duration for window in windows)),
            audio=str(audio.path),
            windows=protocol.TIME_SPANS.dump_python(list(windows), mode="json"),
        )
        return protocol.validate_result(protocol.GUESSES, answer, f"engine {self.name}")

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        """Transcribe a chunk and validate the answer.

        Raises:
            InputRejectedError: The engine refused the chunk, or gave words outside it.
            SubtitledError: The engine failed or crashed.
            ShutdownRequested: The client was closed meanwhile.
        """
        answer = self._call(
            "transcribe",
            call_timeout(self.capabilities, request.chunk.span.duration),
            audio=str(audio.path),
            request=protocol.TRANSCRIPTION_REQUEST.dump_python(request, mode="json"),
        )
        transcript = protocol.validate_result(protocol.TRANSCRIPT, answer, f"engine {self.name}")
        return validate_in_chunk(transcript, request, self.name)

    def align(self, audio: Audio, chunk: Chunk, text: str, language: Language) -> tuple[Word, ...]:
        """Find when the words of a text are said. The caller has to validate words and times.

        Args:
            audio: The decoded track.
            chunk: The part of it in which the text is said.
            text: What is said there.
            language: The language of the text.
        """
        answer = self._call(
            "align",
            call_timeout(self.capabilities, chunk.span.duration),
            audio=str(audio.path),
            chunk=protocol.CHUNK.dump_python(chunk, mode="json"),
            text=text,
            language=language,
        )
        words = protocol.validate_result(protocol.WORDS, answer, f"engine {self.name}")
        return tuple(words)

    def preload(self) -> None:
        """Load the model in the background. An error is raised by the next call, not here."""

        def load() -> None:
            with contextlib.suppress(SubtitledError, ShutdownRequested), self._acquire_process():
                pass

        threading.Thread(target=load, name=f"load {self.name}", daemon=True).start()

    def close(self) -> None:
        """End the process for good. A call in flight raises :class:`ShutdownRequested`."""
        self._is_closed = True
        loading = self._loading_process
        if loading is not None:
            loading.terminate()
        self._unload()

    @property
    def is_loaded(self) -> bool:
        """Whether its process is running."""
        return self.process_id is not None

    @property
    def process_id(self) -> int | None:
        """The id of the process, or None if there is none now."""
        process = self._engine_process
        return process.pid if process is not None and process.is_alive else None

    def suspend(self) -> None:
        """Stop the process where it is, unless the engine is remote."""
        child = self._engine_process
        if child is not None and self.is_local:
            child.suspend()

    def resume(self) -> None:
        """Continue after :meth:`suspend`."""
        child = self._engine_process
        if child is not None:
            child.resume()

    def kill_for_memory(self, used_mb: int) -> None:
        """End the process because of its memory. The next process has half the threads."""
        child = self._engine_process
        if child is None or not self.is_local:
            return
        self._threads = max(1, self._threads // 2)
        child.kill_with(
            MemoryLimitExceededError(
                f"engine {self.name} used {used_mb} MB of memory and was killed",
                "Raise throttle.engine_memory_limit_mb, or choose a smaller model",
            )
        )

    def run_here(self) -> None:
        """Run the engine in this process from its next start on, for its author to debug it."""
        self._is_here = True

    def evict_if_idle(self) -> bool:
        """End the process if it is idle; return whether it was."""
        return self._unload_if_idle()

    def _call(self, method: str, timeout: float, **arguments: Any) -> Any:
        with self._acquire_process() as process:
            return process.call(method, timeout, **arguments)

    @contextlib.contextmanager
    def _acquire_process(self) -> Iterator[EngineProcess | LocalEngine]:
        """Yield the process and count the call as active."""
        with self._concurrency:
            with self._lock:
                process = self._ensure_running()
                self._active_calls += 1
            try:
                yield process
            finally:
                with self._lock:
                    self._active_calls -= 1
                    if not self._active_calls:
                        self._schedule_unload()

    def _ensure_running(self) -> EngineProcess | LocalEngine:
        """Return the process, started if necessary. The caller holds ``_lock``."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        if self._engine_process is None or not self._engine_process.is_alive:
            if self._is_closed:
                raise ShutdownRequested
            if self._engine_process is not None:
                self._engine_process.release()
            if self._slots is not None:
                self._slots.acquire(self)
            self._engine_process = self._start()
            self._loading_process = None
        if self._is_closed:  # Loading takes a while.
            self._unload()
            raise ShutdownRequested
        return self._engine_process

    def _schedule_unload(self) -> None:
        self._idle_timer = threading.Timer(self._unload_after, self._unload_if_idle)
        self._idle_timer.daemon = True
        self._idle_timer.start()

    def _start(self) -> EngineProcess | LocalEngine:
        models = {spec.name: str(self._store.ensure(spec)) for spec in self.configured.models()}
        spec = spec_of(self.configured, self._threads, models)
        if self._is_here:
            return LocalEngine(spec)
        return EngineProcess(
            f"engine {self.name}",
            spec,
            priority=self._priority,
            on_spawn=self._remember_loading,
        )

    def _remember_loading(self, process: EngineProcess) -> None:
        """Keep the process that is loading, so that :meth:`close` can end it."""
        self._loading_process = process
        if self._is_closed:
            process.terminate()

    def _unload_if_idle(self) -> bool:
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._active_calls:
                return False
            self._unload()
        finally:
            self._lock.release()
        return True

    def _unload(self) -> None:
        child, self._engine_process = self._engine_process, None
        if child is not None:
            child.terminate()
        if self._slots is not None:
            self._slots.release(self)


def spec_of(
    configured: ConfiguredComponent[Engine], threads: int, models: dict[str, str]
) -> dict[str, Any]:
    """Return the description by which a process creates an engine, as JSON.

    Args:
        configured: The engine and its settings.
        threads: CPU threads that it may use.
        models: The folder of each of its models, by name.
    """
    component = configured.component_class
    return {
        "role": "engine",
        "module": component.__module__,
        "cls": component.__qualname__,
        "name": configured.name,
        "entry_point": configured.entry_point,
        "registered_name": configured.registered_name,
        "settings": configured.settings.model_dump(mode="json"),
        "threads": threads,
        "models": models,
        "max_concurrency": configured.capabilities().max_concurrency,
        "log_level": logging.getLogger("subtitled").getEffectiveLevel(),
    }
