"""The entry point of an engine process, which runs one engine or voice activity detection.

:mod:`.process` starts it as ``python -m subtitled.engines.worker_main FD PIPE``. The process exits
with its parent, however the parent ends: the kernel then closes the parent-death pipe.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

from subtitled.config.plugin_faults import PluginFaultError, explain_exception, find_definition
from subtitled.config.plugin_registration import (
    RegisteredComponent,
    collect_components,
    create_plugin_manager,
)
from subtitled.config.plugin_results import convert_result, return_type
from subtitled.plugin import (
    Audio,
    ComponentContext,
    Engine,
    InputRejectedError,
    Language,
    SubtitledError,
)

from . import protocol
from .limits import validate_in_chunk
from .worker_output import redirect_output

Handler = Callable[[dict[str, Any]], Any]
T = TypeVar("T")


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
    who = f"engine {spec['name']}"
    cls = _find_class(spec)

    def create() -> Engine:
        engine = cls(
            cls.Settings.model_validate(spec["settings"]),
            ComponentContext(
                name=spec["name"],
                threads=spec["threads"],
                models={name: Path(folder) for name, folder in spec["models"].items()},
            ),
        )
        engine.load()
        return engine

    engine = _call_plugin(who, create, has_text=False)

    def convert(method: Callable[..., Any], call: Callable[[], Any]) -> Any:
        name = method.__name__
        result = _call_plugin(who, call, has_text=True)
        return convert_result(who, method, name, result, return_type(Engine, name))

    def detect(message: dict[str, Any]) -> Any:
        windows = protocol.TIME_SPANS.validate_python(message["windows"])
        audio = Audio(Path(message["audio"]))
        guesses = convert(engine.detect_language, lambda: engine.detect_language(audio, windows))
        return protocol.GUESSES.dump_python(list(guesses), mode="json")

    def transcribe(message: dict[str, Any]) -> Any:
        request = protocol.TRANSCRIPTION_REQUEST.validate_python(message["request"])
        audio = Audio(Path(message["audio"]))
        transcript = convert(engine.transcribe, lambda: engine.transcribe(audio, request))
        try:
            validate_in_chunk(transcript, request, spec["name"])
        except InputRejectedError as error:
            place = find_definition(engine.transcribe)
            raise InputRejectedError(f"{error.message} ({place})", error.hint) from None
        return protocol.TRANSCRIPT.dump_python(transcript, mode="json", warnings="error")

    def align(message: dict[str, Any]) -> Any:
        audio = Audio(Path(message["audio"]))
        chunk = protocol.CHUNK.validate_python(message["chunk"])
        text, language = message["text"], Language(message["language"])
        words = convert(engine.align, lambda: engine.align(audio, chunk, text, language))
        return protocol.WORDS.dump_python(list(words), mode="json", warnings="error")

    return {"detect_language": detect, "transcribe": transcribe, "align": align}


def _find_class(spec: dict[str, Any]) -> type[Engine]:
    """Find the class of an engine: by its name, or by having the plugin register it again."""
    who = f"engine {spec['name']}"
    found: Any = _call_plugin(who, lambda: importlib.import_module(spec["module"]), has_text=False)
    for part in spec["cls"].split("."):
        found = getattr(found, part, None)
    if isinstance(found, type) and issubclass(found, Engine):
        return found

    def register() -> list[RegisteredComponent]:
        module = importlib.import_module(spec.get("entry_point") or spec["module"])
        return collect_components(create_plugin_manager(), spec["name"], module)

    for component in _call_plugin(who, register, has_text=False):
        if (component.kind, component.name) == ("engines", spec.get("registered_name", "")):
            return component.component_class  # type: ignore[return-value]
    raise PluginFaultError(f"{who} is at fault: its module has no class {spec['cls']}")


def _call_plugin(who: str, call: Callable[[], T], *, has_text: bool) -> T:
    """Call code of the plugin. Whatever it raises is an error of ours that says where."""
    try:
        return call()
    except SubtitledError:
        raise
    except BaseException as error:  # a plugin may raise anything, SystemExit too
        raise explain_exception(who, error, has_text=has_text) from error


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


_ROLES = {"engine": engine_handlers, "vad": _vad_handlers}


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

    def start() -> None:
        if spec["role"] == "engine":
            redirect_output(spec["name"], spec["module"], spec.get("log_level", logging.INFO))
        handlers.update(_ROLES[spec["role"]](spec))

    def reply(message_id: int, reply_message: dict[str, Any]) -> None:
        payload = json.dumps({"id": message_id, **reply_message}).encode()
        with send_lock:
            connection.send_bytes(payload)

    def answer(request_message: dict[str, Any]) -> None:
        reply(
            request_message["id"],
            run_handler(lambda: handlers[request_message["call"]](request_message)),
        )

    ready = run_handler(start)
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
