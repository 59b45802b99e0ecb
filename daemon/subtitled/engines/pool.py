"""The pool: a client for each engine and isolated translator, and the process for speech."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil

from subtitled.config.load import Configuration
from subtitled.config.plugins import ConfiguredComponent
from subtitled.media.errors import ShutdownRequested
from subtitled.media.vad import SpeechActivity
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Engine,
    SetupError,
)

from . import protocol
from .client import EngineClient
from .devices import CPU, choose_slot, list_devices
from .limits import (
    BYTES_PER_MB,
    MIN_TIMEOUT_SECONDS,
    MemoryWatchdog,
    ModelSlots,
)
from .pausable_clock import PausableClock
from .priority import ProcessPriority
from .process import EngineProcess
from .process_client import ProcessClient
from .translators import InProcessTranslator, OpenTranslator, TranslatorClient
from .worker_process import VAD, end_spares

MAX_VAD_THREADS = 4
"""Most threads of speech detection. Each takes 100 MB, and four are faster than ffmpeg decodes."""


class _DeviceRooms:
    """A limit on loaded models for each device: a card has memory of its own."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._slots: dict[str, ModelSlots] = {}
        self._seen = list_devices()

    def __getitem__(self, device: str) -> ModelSlots:
        if device not in self._slots:
            memory_mb = psutil.virtual_memory().total // BYTES_PER_MB if device == CPU else None
            self._slots[device] = ModelSlots(self._limit, memory_mb)
        return self._slots[device]

    def of_engine(self, configured: ConfiguredComponent[Engine]) -> ModelSlots:
        """Return the limit of the device on which an engine runs."""
        offered = configured.capabilities().devices
        return self[choose_slot(configured.device, offered, self._seen)]


class EnginePool:
    """All configured engines and translators, and the process for voice activity detection."""

    def __init__(self, configuration: Configuration, models: Path, threads: int) -> None:
        daemon, throttle = configuration.settings.daemon, configuration.settings.throttle
        store, rooms = ModelStore(models), _DeviceRooms(daemon.max_loaded_models)
        self._priority = ProcessPriority(throttle.niceness, throttle.io_idle)
        self._clients = {
            name: EngineClient(
                configured,
                store,
                threads,
                daemon.model_idle_timeout,
                rooms.of_engine(configured),
                self._priority,
            )
            for name, configured in configuration.engines.items()
        }
        self._store, self._threads = store, threads
        self._translators = configuration.translators
        self._translator_clients = {
            name: TranslatorClient(
                configured, store, threads, daemon.model_idle_timeout, rooms[CPU], self._priority
            )
            for name, configured in configuration.translators.items()
            if configured.is_isolated
        }
        self._memory_watchdog = MemoryWatchdog(
            throttle.engine_memory_limit_mb,
            self._all_clients(),
        )
        self._vad_process: EngineProcess | None = None
        self._is_closed = False
        self.clock = PausableClock()
        """A clock that stands still while the engines are suspended."""

    def __getitem__(self, name: str) -> EngineClient:
        try:
            return self._clients[name]
        except KeyError:
            raise SetupError(
                f"the engine {name!r} is not configured or could not be loaded",
                "Run: subtitled config check",
            ) from None

    def names(self) -> tuple[str, ...]:
        """Return the names of the configured engines."""
        return tuple(self._clients)

    def open_translator(self, name: str) -> OpenTranslator:
        """Return a translator that can be called.

        An isolated one is the same for all callers. Any other is made for this caller, in this
        process.

        Args:
            name: The name of a translator that is configured and could be loaded.
        """
        client = self._translator_clients.get(name)
        return client or InProcessTranslator(self._translators[name], self._store, self._threads)

    def find_speech(self, audio: Audio, max_seconds: float | None = None) -> SpeechActivity:
        """Detect speech, in a process that ends with the call.

        Args:
            audio: The decoded track, or the file into which it is being decoded.
            max_seconds: None if the track is complete. Otherwise the seconds within which its
                decoding is expected to end.

        Raises:
            SubtitledError: The detection failed or crashed.
            ShutdownRequested: The pool was closed meanwhile.
        """
        if self._is_closed:
            raise ShutdownRequested
        self._vad_process = vad_process = EngineProcess(
            "speech detection",
            {"role": VAD, "threads": min(self._threads, MAX_VAD_THREADS)},
            priority=self._priority,
        )
        try:
            answer = vad_process.call(
                "find_speech",
                MIN_TIMEOUT_SECONDS + (audio.duration if max_seconds is None else max_seconds),
                audio=str(audio.path),
                is_growing=max_seconds is not None,
            )
        finally:
            vad_process.terminate()
        return protocol.validate_result(protocol.SPEECH, answer, "speech detection")

    def end_speech_detection(self) -> None:
        """End the process that detects speech, because nobody waits for its result any more."""
        if self._vad_process is not None:
            self._vad_process.terminate()

    def run_here(self) -> None:
        """Run every engine and translator in this process, for the author of a plugin."""
        for client in self._all_clients():
            client.run_here()

    def loaded_names(self) -> tuple[str, ...]:
        """Return the names of the engines that have a process now."""
        return tuple(name for name, client in self._clients.items() if client.is_loaded)

    def suspend(self) -> None:
        """Stop every local process where it is. Calling it again has no effect."""
        self.clock.pause()
        for process in self._processes():
            process.suspend()

    def resume(self) -> None:
        """Continue after :meth:`suspend`."""
        self.clock.resume()
        for process in self._processes():
            process.resume()

    def process_ids(self) -> list[int]:
        """Return the ids of all processes that exist now."""
        ids = [client.process_id for client in self._all_clients()]
        if self._vad_process is not None and self._vad_process.is_alive:
            ids.append(self._vad_process.pid)
        return [process for process in ids if process is not None]

    def _all_clients(self) -> list[ProcessClient[Any]]:
        return [*self._clients.values(), *self._translator_clients.values()]

    def _processes(self) -> list[EngineProcess | ProcessClient[Any]]:
        vad_process = self._vad_process
        return [*self._all_clients(), *([vad_process] if vad_process is not None else [])]

    def close(self) -> None:
        """End every process. A call in flight raises :class:`ShutdownRequested`."""
        self._is_closed = True
        end_spares()
        self._memory_watchdog.close()
        if self._vad_process is not None:
            self._vad_process.terminate()
        for client in self._all_clients():
            client.close()
