"""A component with a process of its own, which is started when needed and ended when idle."""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Generic, TypeVar

from subtitled.config.plugin_paths import current_plugin_paths
from subtitled.config.plugins import ConfiguredComponent
from subtitled.media.errors import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    LOCAL,
    Component,
    ModelSpec,
    SubtitledError,
)

from .call_watch import CallWatch
from .limits import (
    MemoryLimitExceededError,
    ModelSlots,
)
from .local_engine import LocalEngine
from .priority import DEFAULT_PRIORITY, ProcessPriority
from .process import EngineProcess
from .worker_process import take_worker

C = TypeVar("C", bound=Component)


class ProcessClient(Generic[C]):
    """One configured engine or translator, and its process if it has one now.

    Threads may call it freely. At most ``max_concurrency`` calls run at a time, the others wait.
    """

    role: ClassVar[str]
    """What the process is: a key of the roles of :mod:`.worker_main`."""

    def __init__(
        self,
        configured: ConfiguredComponent[C],
        store: ModelStore,
        threads: int,
        unload_after: float,
        slots: ModelSlots | None = None,
        priority: ProcessPriority = DEFAULT_PRIORITY,
    ) -> None:
        """Create a client without starting the process.

        Args:
            configured: The component and its settings.
            store: Where its models are installed.
            threads: CPU threads that it may use.
            unload_after: Seconds without a call after which the process is ended.
            slots: The limit on loaded models that local components share.
            priority: The priority of the process.
        """
        self.configured = configured
        self._store = store.of_plugin(configured.plugin)
        self._threads = threads
        self._unload_after = unload_after
        self.slots = slots if self.is_local else None
        """The limit on loaded models that it shares with others; None for a remote component."""
        self._priority = priority
        self._concurrency = threading.BoundedSemaphore(max(1, self.max_concurrency))
        self._lock = threading.Lock()
        self._active_calls = 0
        self._engine_process: EngineProcess | LocalEngine | None = None
        self._loading_process: EngineProcess | None = None
        self._idle_timer: threading.Timer | None = None
        self._is_closed = False
        self._is_here = False

    @property
    def name(self) -> str:
        """The name of the component in the configuration."""
        return self.configured.name

    @property
    def title(self) -> str:
        """What messages call it, such as ``engine whisper``."""
        return f"{self.role} {self.name}"

    @property
    def is_local(self) -> bool:
        """Whether the component works on this machine."""
        return bool(self.configured.capabilities().destination == LOCAL)

    @functools.cached_property
    def memory_mb(self) -> int:
        """Megabytes that the models need when they are loaded, 0 if that is unknown."""
        try:
            return sum(spec.memory_mb or 0 for spec in self.configured.models())
        except SubtitledError:
            return 0  # Loading the models raises it again.

    @property
    def max_concurrency(self) -> int:
        """How many calls the process answers at a time."""
        return 1

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._is_closed

    def preload(self, *, only_in_free_room: bool = False) -> None:
        """Load the model in the background. An error is raised by the next call, not here.

        Args:
            only_in_free_room: Do nothing if another model would have to be unloaded for it.
        """
        if only_in_free_room and self.slots is not None and not self.slots.has_room(self):
            return

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
        """Stop the process where it is, unless the component is remote."""
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
                f"{self.title} used {used_mb} MB of memory and was killed",
                "Raise throttle.engine_memory_limit_mb, or choose a smaller model",
            )
        )

    def run_here(self) -> None:
        """Run the component in this process from its next start on, for its author to debug it."""
        self._is_here = True

    def evict_if_idle(self) -> bool:
        """End the process if it is idle; return whether it was."""
        return self._unload_if_idle()

    def _call(
        self, method: str, timeout: float, watch: CallWatch | None = None, **arguments: Any
    ) -> Any:
        with self._acquire_process() as process:
            return process.call(method, timeout, watch, **arguments)

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
            if self.slots is not None:
                self.slots.acquire(self)
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
        if self._is_here:
            return LocalEngine(self._spec())
        # The process imports its modules while the files of the models are verified.
        worker = take_worker(self.role)
        try:
            spec = self._spec()
        except BaseException:
            worker.end()
            raise
        return EngineProcess(
            self.title,
            spec,
            priority=self._priority,
            on_spawn=self._remember_loading,
            worker=worker,
        )

    def _spec(self) -> dict[str, Any]:
        models = self._fetch_models(self.configured.models())
        return spec_of(self.configured, self._threads, models, self.role, self.max_concurrency)

    def _fetch_models(self, specs: Iterable[ModelSpec]) -> dict[str, str]:
        """Return the folder of each model by its name. What is not installed is downloaded."""
        return {spec.name: str(self._store.ensure(spec)) for spec in specs}

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
        if self.slots is not None:
            self.slots.release(self)


def spec_of(
    configured: ConfiguredComponent[C],
    threads: int,
    models: dict[str, str],
    role: str = "engine",
    max_concurrency: int = 1,
) -> dict[str, Any]:
    """Return the description by which a process creates a component, as JSON.

    Args:
        configured: The component and its settings.
        threads: CPU threads that it may use.
        models: The folder of each of its models, by name.
        role: ``engine`` or ``translator``.
        max_concurrency: How many calls the process answers at a time.
    """
    component = configured.component_class
    return {
        "role": role,
        "module": component.__module__,
        "cls": component.__qualname__,
        "name": configured.name,
        "entry_point": configured.entry_point,
        "registered_name": configured.registered_name,
        "plugin_paths": current_plugin_paths().to_json(),
        "settings": configured.settings.model_dump(mode="json"),
        "threads": threads,
        "models": models,
        "device": configured.device,
        "max_concurrency": max_concurrency,
        "log_level": logging.getLogger("subtitled").getEffectiveLevel(),
    }
