"""The entry point of a process, which runs one engine, translator or voice activity detection.

:mod:`.worker_process` starts it as ``python -m subtitled.engines.worker_main FD PIPE [ROLE]``. The
process exits with its parent, however the parent ends: the kernel then closes the parent-death
pipe.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from subtitled.config.plugin_faults import find_definition
from subtitled.plugin import (
    Audio,
    Engine,
    InputRejectedError,
    Language,
    SubtitledError,
)
from subtitled.plugin.call_control import CallControl

from . import protocol
from .component_loading import LoadedComponent
from .limits import validate_in_chunk
from .translator_worker import translator_handlers
from .worker_output import redirect_output
from .worker_process import ENGINE, VAD

Handler = Callable[[dict[str, Any]], Any]


def _exit_with_parent(parent_death_pipe: int) -> None:
    """Exit as soon as the parent is gone, even in the middle of native code."""

    def wait() -> None:
        os.read(parent_death_pipe, 1)
        os._exit(0)

    threading.Thread(target=wait, name="parent-death-pipe", daemon=True).start()


def engine_handlers(spec: dict[str, Any]) -> dict[str, Handler]:
    """Create and load the engine that a spec names, and return its handlers by method.

    Raises:
        SubtitledError: The engine raised it, or anything else, or is not where the spec says.
    """
    engine = LoadedComponent(spec, Engine, "engines")

    def add_models(message: dict[str, Any]) -> dict[str, Path]:
        models = {name: Path(folder) for name, folder in message.get("models", {}).items()}
        engine.component.context.models.update(models)
        return models

    def detect(message: dict[str, Any]) -> Any:
        windows = protocol.SPEECH_WINDOWS.validate_python(message["windows"])
        audio = Audio(Path(message["audio"]))
        guesses = engine.call("detect_language", audio, windows)
        return protocol.GUESSES.dump_python(list(guesses), mode="json")

    def transcribe(message: dict[str, Any]) -> Any:
        request = protocol.TRANSCRIPTION_REQUEST.validate_python(message["request"])
        request = replace(
            request, models=add_models(message), control=message.get("control") or CallControl()
        )
        audio = Audio(Path(message["audio"]))
        transcript = engine.call("transcribe", audio, request)
        try:
            validate_in_chunk(transcript, request, spec["name"])
        except InputRejectedError as error:
            place = find_definition(engine.component.transcribe)
            raise InputRejectedError(f"{error.message} ({place})", error.hint) from None
        return protocol.TRANSCRIPT.dump_python(transcript, mode="json", warnings="error")

    def align(message: dict[str, Any]) -> Any:
        audio = Audio(Path(message["audio"]))
        chunk = protocol.CHUNK.validate_python(message["chunk"])
        text, language = message["text"], Language(message["language"])
        add_models(message)
        words = engine.call("align", audio, chunk, text, language)
        return protocol.WORDS.dump_python(list(words), mode="json", warnings="error")

    return {"detect_language": detect, "transcribe": transcribe, "align": align}


def _vad_handlers(spec: dict[str, Any]) -> dict[str, Handler]:
    """Return the handler for voice activity detection, whose model stays out of the daemon."""
    from subtitled.media.vad import detect_speech, detect_speech_while_decoding

    def speech(message: dict[str, Any]) -> Any:
        path, threads = Path(message["audio"]), spec.get("threads", 1)
        activity = (
            detect_speech_while_decoding(path, threads)
            if message["is_growing"]
            else detect_speech(Audio(path), threads)
        )
        return protocol.SPEECH.dump_python(activity, mode="json")

    return {"find_speech": speech}


_EARLY_IMPORTS = {
    VAD: ("subtitled.media.vad", "faster_whisper.vad", "onnxruntime"),
    # What the engine needs that is used unless another is named. It takes others 60 MB.
    ENGINE: ("subtitled_plugins.whisper.early_imports",),
}
"""Role -> what is imported before it is known which component or sound it is about."""


def import_early(role: str) -> None:
    """Import what a role needs. What is missing is missed where it is needed."""
    for module in _EARLY_IMPORTS.get(role, ()):
        with contextlib.suppress(ImportError):
            importlib.import_module(module)


_ROLES: dict[str, Callable[[dict[str, Any]], dict[str, Handler]]] = {
    ENGINE: engine_handlers,
    "translator": translator_handlers,
    VAD: _vad_handlers,
}


def handlers_of(spec: dict[str, Any]) -> dict[str, Handler]:
    """Load what a spec describes, and return its handlers by method.

    Raises:
        SubtitledError: It could not be loaded.
    """
    return _ROLES[spec["role"]](spec)


def run_handler(action: Callable[[], Any]) -> dict[str, Any]:
    """Run a handler and return its result, or its error as JSON."""
    try:
        return {"result": action()}
    except SubtitledError as error:
        return {"error": protocol.error_to_json(error)}
    except Exception as error:  # noqa: BLE001 - of this process itself; the parent must learn of it
        return {"exception": type(error).__name__}


def serve(connection: Connection) -> None:
    """Read the spec, then answer calls until the parent closes the connection.

    At most ``max_concurrency`` calls run at a time. With 1, every call runs in the main thread,
    because some native libraries require it.
    """
    spec = json.loads(connection.recv_bytes())
    handlers: dict[str, Handler] = {}
    send_lock = threading.Lock()
    calls: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    cancelled: set[int] = set()

    def start() -> None:
        if spec["role"] != VAD:
            redirect_output(spec["name"], spec["module"], spec.get("log_level", logging.INFO))
        handlers.update(handlers_of(spec))

    def reply(message_id: int, reply_message: dict[str, Any]) -> None:
        payload = json.dumps({"id": message_id, **reply_message}).encode()
        with send_lock:
            connection.send_bytes(payload)

    def answer(request_message: dict[str, Any]) -> None:
        call_id = request_message["id"]
        control = CallControl(
            lambda seconds: reply(call_id, {"progress": seconds}), lambda: call_id in cancelled
        )
        message = request_message | {"control": control}
        reply(call_id, run_handler(lambda: handlers[message["call"]](message)))
        cancelled.discard(call_id)

    def read_calls() -> None:
        """Read what the parent sends. None in the queue means that it sends no more."""
        try:
            while True:
                message = json.loads(connection.recv_bytes())
                if "cancel" in message:
                    cancelled.add(message["cancel"])
                else:
                    calls.put(message)
        except (EOFError, OSError):
            calls.put(None)

    ready = run_handler(start)
    reply(spec["id"], ready)
    max_concurrency = spec.get("max_concurrency", 1)
    executor = ThreadPoolExecutor(max_concurrency) if max_concurrency > 1 else None
    if "result" not in ready:
        return
    threading.Thread(target=read_calls, name="calls", daemon=True).start()
    while (message := calls.get()) is not None:
        if executor is None:
            answer(message)
        else:
            executor.submit(answer, message)


if __name__ == "__main__":
    _exit_with_parent(int(sys.argv[2]))
    for early_role in sys.argv[3:]:
        import_early(early_role)
    serve(Connection(int(sys.argv[1])))
    os._exit(0)  # Native libraries may hang in their own clean-up.
