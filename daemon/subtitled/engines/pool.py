"""The engine processes: started when needed, ended when idle, one engine in each."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.plugins import Configured
from subtitled.media.run import Stopping
from subtitled.media.vad import Speech
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    LOCAL,
    Audio,
    Engine,
    Interval,
    Language,
    LanguageGuess,
    Misconfigured,
    Problem,
    Request,
    Stretch,
    Transcript,
    Word,
)

from . import wire
from .bounds import LEAST_LIMIT, held_to_stretch, limit
from .ceiling import Ceiling, Overgrown
from .child import Child
from .manners import NONE, Manners
from .pace import Pace
from .room import Room


class EngineHost:
    """One configured engine and its process, if it has one just now.

    Threads may call it as they like: ``capabilities.at_once`` calls are answered at a time, the
    others wait for their turn.
    """

    def __init__(
        self,
        configured: Configured[Engine],
        store: ModelStore,
        threads: int,
        unload_after: float,
        room: Room | None = None,
        manners: Manners = NONE,
    ) -> None:
        """``room`` is shared by engines of this machine, ``manners`` are its process's."""
        self.configured = configured
        self.capabilities = configured.component.capabilities(configured.settings)
        self._store = store
        self._threads = threads
        self._unload_after = unload_after
        self._room = room if self.local else None
        self._manners = manners
        self._turns = threading.BoundedSemaphore(max(1, self.capabilities.at_once))
        self._door = threading.Lock()
        self._inside = 0
        self._child: Child | None = None
        self._idle: threading.Timer | None = None
        self._closed = False

    @property
    def name(self) -> str:
        return self.configured.name

    @property
    def local(self) -> bool:
        """Whether the work is done on this machine."""
        return self.capabilities.destination == LOCAL

    @property
    def closed(self) -> bool:
        return self._closed

    def detect_language(self, audio: Audio, windows: Sequence[Interval]) -> list[LanguageGuess]:
        """What is spoken in each window."""
        said = self._ask(
            "detect_language",
            limit(self.capabilities, sum(window.duration for window in windows)),
            audio=str(audio.path),
            windows=wire.INTERVALS.dump_python(list(windows), mode="json"),
        )
        return wire.GUESSES.validate_python(said)

    def transcribe(self, audio: Audio, request: Request) -> Transcript:
        """The words of one stretch. What an engine may not give is refused or cut off here."""
        said = self._ask(
            "transcribe",
            limit(self.capabilities, request.stretch.interval.duration),
            audio=str(audio.path),
            request=wire.REQUEST.dump_python(request, mode="json"),
        )
        return held_to_stretch(wire.TRANSCRIPT.validate_python(said), request, self.name)

    def align(
        self, audio: Audio, stretch: Stretch, text: str, language: Language
    ) -> tuple[Word, ...]:
        """Where the words of a text are said. What they say and where they lie is not checked."""
        said = self._ask(
            "align",
            limit(self.capabilities, stretch.interval.duration),
            audio=str(audio.path),
            stretch=wire.STRETCH.dump_python(stretch, mode="json"),
            text=text,
            language=language,
        )
        return tuple(wire.WORDS.validate_python(said))

    def prepare(self) -> None:
        """Begin to load, since it is needed soon. What goes wrong is said when it is asked."""

        def load() -> None:
            with contextlib.suppress(Problem, Stopping), self._process():
                pass

        threading.Thread(target=load, name=f"load {self.name}", daemon=True).start()

    def close(self) -> None:
        """End the process for good; a call in flight raises :class:`Stopping`."""
        self._closed = True
        self._unload()

    @property
    def loaded(self) -> bool:
        return self.process_id is not None

    @property
    def process_id(self) -> int | None:
        """The process that it has just now, if any."""
        child = self._child
        return child.pid if child is not None and child.alive else None

    def freeze(self) -> None:
        """Stop the process where it is, unless the work is done elsewhere."""
        child = self._child
        if child is not None and self.local:
            child.freeze()

    def thaw(self) -> None:
        """Have it go on."""
        child = self._child
        if child is not None:
            child.thaw()

    def outgrown(self, megabytes: int) -> None:
        """End the process, which takes too much memory; the next has half the threads."""
        child = self._child
        if child is None or not self.local:
            return
        self._threads = max(1, self._threads // 2)
        child.condemn(
            Overgrown(
                f"engine {self.name} took {megabytes} MB of memory and was ended",
                "Raise neighbour.engine_memory, or choose a smaller model",
            )
        )

    def make_room(self) -> bool:
        """End the process if it is idle; whether it was."""
        return self._unload_if_idle()

    def _ask(self, call: str, limit: float, **said: Any) -> Any:
        with self._process() as child:
            return child.call(call, limit, **said)

    @contextlib.contextmanager
    def _process(self) -> Iterator[Child]:
        """The process, for as long as one of its turns is ours."""
        with self._turns:
            with self._door:
                child = self._at_hand()
                self._inside += 1
            try:
                yield child
            finally:
                with self._door:
                    self._inside -= 1
                    if not self._inside:
                        self._unload_later()

    def _at_hand(self) -> Child:
        """The process, started if need be; only whoever is in the door may ask for it."""
        if self._idle is not None:
            self._idle.cancel()
        if self._child is None or not self._child.alive:
            if self._closed:
                raise Stopping
            if self._room is not None:
                self._room.enter(self)
            self._child = self._start()
        if self._closed:  # meanwhile: loading takes a while
            self._unload()
            raise Stopping
        return self._child

    def _unload_later(self) -> None:
        self._idle = threading.Timer(self._unload_after, self._unload_if_idle)
        self._idle.daemon = True
        self._idle.start()

    def _start(self) -> Child:
        component, settings = self.configured.component, self.configured.settings
        models = {spec.name: str(self._store.ensure(spec)) for spec in component.models(settings)}
        return Child(
            f"engine {self.name}",
            {
                "role": "engine",
                "module": component.__module__,
                "cls": component.__qualname__,
                "name": self.name,
                "settings": settings.model_dump(mode="json"),
                "threads": self._threads,
                "models": models,
                "at_once": self.capabilities.at_once,
            },
            manners=self._manners,
        )

    def _unload_if_idle(self) -> bool:
        if not self._door.acquire(blocking=False):
            return False
        try:
            if self._inside:
                return False
            self._unload()
        finally:
            self._door.release()
        return True

    def _unload(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.end()
        if self._room is not None:
            self._room.leave(self)


class Engines:
    """All configured engines, and the process that listens for speech."""

    def __init__(self, configuration: Configuration, models: Path, threads: int) -> None:
        daemon, neighbour = configuration.settings.daemon, configuration.settings.neighbour
        store, room = ModelStore(models), Room(daemon.models_at_once)
        self._manners = Manners(neighbour.niceness, neighbour.idle_io)
        self._hosts = {
            name: EngineHost(configured, store, threads, daemon.unload_after, room, self._manners)
            for name, configured in configuration.engines.items()
        }
        self._ceiling = Ceiling(neighbour.engine_memory, list(self._hosts.values()))
        self._listener: Child | None = None
        self._closed = False
        self.pace = Pace()
        """A clock that stands still while engines are stopped."""

    def __getitem__(self, name: str) -> EngineHost:
        try:
            return self._hosts[name]
        except KeyError:
            raise Misconfigured(
                f"the engine {name!r} is not configured or could not be loaded",
                "Run: subtitled config check",
            ) from None

    def names(self) -> tuple[str, ...]:
        return tuple(self._hosts)

    def find_speech(self, audio: Audio, limit: float | None = None) -> Speech:
        """Where somebody speaks. The process for it lives no longer than the question.

        With ``limit``, in sound that is being decoded and will be whole within so many seconds.
        """
        if self._closed:
            raise Stopping
        self._listener = listener = Child(
            "speech detection", {"role": "listener"}, manners=self._manners
        )
        try:
            said = listener.call(
                "find_speech",
                LEAST_LIMIT + (audio.duration if limit is None else limit),
                audio=str(audio.path),
                arriving=limit is not None,
            )
        finally:
            listener.end()
        return wire.SPEECH.validate_python(said)

    def loaded(self) -> tuple[str, ...]:
        """Names of the engines that have a process now."""
        return tuple(name for name, host in self._hosts.items() if host.loaded)

    def freeze(self) -> None:
        """Stop every process of this machine where it is; those that are stopped stay so."""
        self.pace.stop()
        for process in self._processes():
            process.freeze()

    def thaw(self) -> None:
        """Have them go on."""
        self.pace.go()
        for process in self._processes():
            process.thaw()

    def process_ids(self) -> list[int]:
        """The processes that there are just now."""
        found = [host.process_id for host in self._hosts.values()]
        if self._listener is not None and self._listener.alive:
            found.append(self._listener.pid)
        return [process for process in found if process is not None]

    def _processes(self) -> list[Child | EngineHost]:
        listener = self._listener
        return [*self._hosts.values(), *([listener] if listener is not None else [])]

    def close(self) -> None:
        """End every process; what is in flight raises :class:`Stopping`."""
        self._closed = True
        self._ceiling.close()
        if self._listener is not None:
            self._listener.end()
        for host in self._hosts.values():
            host.close()
