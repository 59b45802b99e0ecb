"""The child's side: a process in which one engine lives, or in which we listen for speech.

Started as ``python -m subtitled.engines.host FD LIFELINE`` by :mod:`.child`. It ends with its
parent, however the parent ends: the lifeline is a pipe that closes then.
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

from subtitled.plugin import Audio, Context, Engine, Language, Problem

from . import wire

Answer = Callable[[dict[str, Any]], Any]


def _end_with_parent(lifeline: int) -> None:
    """Leave as soon as the parent is gone, even in the middle of native code."""

    def wait() -> None:
        os.read(lifeline, 1)
        os._exit(0)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _engine(order: dict[str, Any]) -> dict[str, Answer]:
    """Make the ordered engine, load it, and say what it answers to."""
    module = importlib.import_module(order["module"])
    cls: type[Engine] = getattr(module, order["cls"])
    engine = cls(
        cls.Settings.model_validate(order["settings"]),
        Context(
            name=order["name"],
            threads=order["threads"],
            models={name: Path(folder) for name, folder in order["models"].items()},
        ),
    )
    engine.load()

    def detect(said: dict[str, Any]) -> Any:
        windows = wire.INTERVALS.validate_python(said["windows"])
        guesses = engine.detect_language(Audio(Path(said["audio"])), windows)
        return wire.GUESSES.dump_python(list(guesses), mode="json")

    def transcribe(said: dict[str, Any]) -> Any:
        request = wire.REQUEST.validate_python(said["request"])
        transcript = engine.transcribe(Audio(Path(said["audio"])), request)
        return wire.TRANSCRIPT.dump_python(transcript, mode="json", warnings="error")

    def align(said: dict[str, Any]) -> Any:
        words = engine.align(
            Audio(Path(said["audio"])),
            wire.STRETCH.validate_python(said["stretch"]),
            said["text"],
            Language(said["language"]),
        )
        return wire.WORDS.dump_python(list(words), mode="json", warnings="error")

    return {"detect_language": detect, "transcribe": transcribe, "align": align}


def _listener(order: dict[str, Any]) -> dict[str, Answer]:
    """Listening for speech needs a model too, so it happens here and not in the daemon."""
    from subtitled.media.vad import find_speech, find_speech_arriving

    def speech(said: dict[str, Any]) -> Any:
        path = Path(said["audio"])
        found = find_speech_arriving(path) if said["arriving"] else find_speech(Audio(path))
        return wire.SPEECH.dump_python(found, mode="json")

    return {"find_speech": speech}


_ROLES = {"engine": _engine, "listener": _listener}


def _attempt(action: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"result": action()}
    except Problem as problem:
        return {"problem": wire.problem_to_json(problem)}
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the parent names it
        return {"error": f"{type(error).__name__}: {error}"}


def serve(connection: Connection) -> None:
    """Take the order, then answer calls until the parent hangs up, ``at_once`` at a time.

    An engine that works on one thing at a time is only ever called by the main thread, as native
    libraries like it best.
    """
    order = json.loads(connection.recv_bytes())
    answers: dict[str, Answer] = {}
    sending = threading.Lock()

    def start() -> None:
        answers.update(_ROLES[order["role"]](order))

    def reply(number: int, said: dict[str, Any]) -> None:
        content = json.dumps({"id": number, **said}).encode()
        with sending:
            connection.send_bytes(content)

    def answer(said: dict[str, Any]) -> None:
        reply(said["id"], _attempt(lambda: answers[said["call"]](said)))

    ready = _attempt(start)
    reply(order["id"], ready)
    at_once = order.get("at_once", 1)
    workers = ThreadPoolExecutor(at_once) if at_once > 1 else None
    while "result" in ready:
        try:
            said = json.loads(connection.recv_bytes())
        except EOFError:
            return
        if workers is None:
            answer(said)
        else:
            workers.submit(answer, said)


if __name__ == "__main__":
    _end_with_parent(int(sys.argv[2]))
    serve(Connection(int(sys.argv[1])))
    os._exit(0)  # native libraries may hang in their own clean-up
