"""The entry point of an engine process, which runs one engine or voice activity detection.

:mod:`.process` starts it as ``python -m subtitled.engines.worker_main FD PIPE``. The process exits
with its parent, however the parent ends: the kernel then closes the parent-death pipe.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from subtitled.plugin import Audio, ComponentContext, Engine, Language, SubtitledError

from . import protocol

Handler = Callable[[dict[str, Any]], Any]


def _exit_with_parent(parent_death_pipe: int) -> None:
    """Exit as soon as the parent is gone, even in the middle of native code."""

    def wait() -> None:
        os.read(parent_death_pipe, 1)
        os._exit(0)

    threading.Thread(target=wait, name="parent-death-pipe", daemon=True).start()


def _engine_handlers(spec: dict[str, Any]) -> dict[str, Handler]:
    """Create and load the engine that a spec names, and return its handlers by method."""
    module = importlib.import_module(spec["module"])
    cls: type[Engine] = getattr(module, spec["cls"])
    engine = cls(
        cls.Settings.model_validate(spec["settings"]),
        ComponentContext(
            name=spec["name"],
            threads=spec["threads"],
            models={name: Path(folder) for name, folder in spec["models"].items()},
        ),
    )
    engine.load()

    def detect(message: dict[str, Any]) -> Any:
        windows = protocol.TIME_SPANS.validate_python(message["windows"])
        guesses = engine.detect_language(Audio(Path(message["audio"])), windows)
        return protocol.GUESSES.dump_python(list(guesses), mode="json")

    def transcribe(message: dict[str, Any]) -> Any:
        request = protocol.TRANSCRIPTION_REQUEST.validate_python(message["request"])
        transcript = engine.transcribe(Audio(Path(message["audio"])), request)
        return protocol.TRANSCRIPT.dump_python(transcript, mode="json", warnings="error")

    def align(message: dict[str, Any]) -> Any:
        words = engine.align(
            Audio(Path(message["audio"])),
            protocol.CHUNK.validate_python(message["chunk"]),
            message["text"],
            Language(message["language"]),
        )
        return protocol.WORDS.dump_python(list(words), mode="json", warnings="error")

    return {"detect_language": detect, "transcribe": transcribe, "align": align}


def _vad_handlers(spec: dict[str, Any]) -> dict[str, Handler]:
    """Return the handler for voice activity detection, whose model stays out of the daemon."""
    from subtitled.media.vad import detect_speech, detect_speech_while_decoding

    def speech(message: dict[str, Any]) -> Any:
        path = Path(message["audio"])
        activity = (
            detect_speech_while_decoding(path)
            if message["is_growing"]
            else detect_speech(Audio(path))
        )
        return protocol.SPEECH.dump_python(activity, mode="json")

    return {"find_speech": speech}


_ROLES = {"engine": _engine_handlers, "vad": _vad_handlers}


def _run_handler(action: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"result": action()}
    except SubtitledError as error:
        return {"error": protocol.error_to_json(error)}
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the parent names it
        return {"exception": f"{type(error).__name__}: {error}"}


def serve(connection: Connection) -> None:
    """Read the spec, then answer calls until the parent closes the connection.

    At most ``max_concurrency`` calls run at a time. With 1, every call runs in the main thread,
    because some native libraries require it.
    """
    spec = json.loads(connection.recv_bytes())
    handlers: dict[str, Handler] = {}
    send_lock = threading.Lock()

    def start() -> None:
        handlers.update(_ROLES[spec["role"]](spec))

    def reply(message_id: int, reply_message: dict[str, Any]) -> None:
        payload = json.dumps({"id": message_id, **reply_message}).encode()
        with send_lock:
            connection.send_bytes(payload)

    def answer(request_message: dict[str, Any]) -> None:
        reply(
            request_message["id"],
            _run_handler(lambda: handlers[request_message["call"]](request_message)),
        )

    ready = _run_handler(start)
    reply(spec["id"], ready)
    max_concurrency = spec.get("max_concurrency", 1)
    executor = ThreadPoolExecutor(max_concurrency) if max_concurrency > 1 else None
    while "result" in ready:
        try:
            message = json.loads(connection.recv_bytes())
        except EOFError:
            return
        if executor is None:
            answer(message)
        else:
            executor.submit(answer, message)


if __name__ == "__main__":
    _exit_with_parent(int(sys.argv[2]))
    serve(Connection(int(sys.argv[1])))
    os._exit(0)  # Native libraries may hang in their own clean-up.
