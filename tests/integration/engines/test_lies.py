"""Engines that lie about themselves, on their wire, or about when they are ready."""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.database import Database
from subtitled.engines.breaker import CircuitBreakers
from subtitled.engines.client import EngineClient
from subtitled.engines.process import EngineProcess
from subtitled.engines.protocol import EngineCrashedError, EngineLoadError, error_from_json
from subtitled.media.errors import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Chunk,
    InputRejectedError,
    Language,
    Settings,
    SetupError,
    SubtitledError,
    TimeSpan,
    TranscriptionRequest,
    TransientError,
)

LIAR = """
import json, os, sys, time
from multiprocessing.connection import Connection
from subtitled.plugin import *

class LiarSettings(Settings):
    lie: str = ""

class Liar(Engine):
    Settings = LiarSettings
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def load(self):
        if self.settings.lie == "never ready": time.sleep(600)
    def transcribe(self, audio, request):
        if "types" in self.settings.lie:
            return {"words": 3}
        if self.settings.lie == "not finite":
            word = Word(text=" a", start=0.1, end=float("inf"), confidence=0.9)
            return Transcript(language=request.language, words=(word,))
        wire = os.dup(int(sys.argv[1]))
        connection = Connection(wire)
        lies = {
            "garbage": b"\\x80\\x04garbage",
            "deep and closed": b'{"id":1,"result":' + b"[" * 90000 + b"]" * 90000 + b"}",
            "an error of nothing": b'{"id": 1, "error": null}',
        }
        if self.settings.lie == "endless":
            os.write(wire, b"\\xff\\xff\\xff\\xff\\x7f\\xff\\xff\\xff\\xff\\xff\\xff\\xff")
        else:
            connection.send_bytes(lies[self.settings.lie])
        time.sleep(600)
"""
LIES = ["garbage", "deep and closed", "an error of nothing", "types", "endless", "not finite"]
WHOLE = TimeSpan(0.0, 1.0)
REQUEST = TranscriptionRequest(chunk=Chunk(WHOLE, (WHOLE,)), language=Language("en"))
MakeClient = Callable[[str], EngineClient]


@pytest.fixture
def make_client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeClient:
    (tmp_path / "lying_engine.py").write_text(LIAR)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    module = importlib.import_module("lying_engine")

    def make(lie: str) -> EngineClient:
        settings = module.LiarSettings(lie=lie)
        configured: ConfiguredComponent[Any] = ConfiguredComponent(
            name="liar", plugin="liar", component_class=module.Liar, settings=settings
        )
        return EngineClient(configured, ModelStore(tmp_path), 1, 60.0)

    return make


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_on_the_wire_is_one_error_at_once_and_ends_no_thread(
    make_client: MakeClient, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    died: list[object] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    client = make_client(lie)
    client.preload()
    deadline = time.monotonic() + 60
    while not client.is_loaded and time.monotonic() < deadline:
        time.sleep(0.02)
    begin = time.monotonic()
    with pytest.raises((TransientError, InputRejectedError, SetupError)) as error:
        client.transcribe(Audio(Path("/dev/null")), REQUEST)
    assert time.monotonic() - begin < 15
    assert "liar" in str(error.value)
    assert len(str(error.value)) < 700
    client.close()
    assert not died


def test_an_engine_that_never_loads_is_ended_and_its_breaker_opens_at_once(
    make_client: MakeClient, tmp_path: Path
) -> None:
    client = make_client("never ready")
    spec = {
        "role": "engine", "module": "lying_engine", "cls": "Liar", "name": "liar",
        "settings": {"lie": "never ready"}, "threads": 1, "models": {},
    }  # fmt: skip
    breakers = CircuitBreakers(Database(tmp_path / "db.sqlite").kv)
    with pytest.raises(EngineLoadError), breakers.guard("liar", "film 1"):
        EngineProcess("engine liar", spec, start_timeout=0.5)
    before = _open_descriptors()
    with pytest.raises(EngineLoadError), breakers.guard("liar", "film 1"):
        EngineProcess("engine liar", spec, start_timeout=0.5)
    assert not breakers.state_of("liar").is_closed
    time.sleep(0.3)
    assert _open_descriptors() <= before + 1, "a failed load leaves no descriptor behind"
    client.close()


def test_an_engine_that_never_loads_does_not_hold_up_the_end_of_the_daemon(
    make_client: MakeClient,
) -> None:
    client = make_client("never ready")
    raised: list[BaseException] = []

    def call() -> None:
        try:
            client.transcribe(Audio(Path("/dev/null")), REQUEST)
        except BaseException as error:  # noqa: BLE001 - looked at below
            raised.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    time.sleep(1.0)
    begin = time.monotonic()
    client.close()
    thread.join(10.0)
    assert not thread.is_alive()
    assert time.monotonic() - begin < 10
    assert isinstance(raised[0], ShutdownRequested | EngineCrashedError)


@pytest.mark.parametrize(
    "payload",
    [None, [], "no", {}, {"kind": 7, "message": [], "hint": {}}, {"kind": "SystemExit"},
     {"kind": "TransientError", "message": "m", "hint": "h", "retry_after": "soon"},
     {"kind": "TransientError", "message": "m", "retry_after": [1e300]}],
)  # fmt: skip
def test_an_error_of_any_shape_is_an_error_of_ours(payload: object) -> None:
    error = error_from_json(payload)
    assert isinstance(error, TransientError)
    assert error.message
    assert error.retry_after is None


def _configure(component: type[Any]) -> ConfiguredComponent[Any]:
    return ConfiguredComponent(name="e", plugin="e", component_class=component, settings=Settings())


def _lying_capabilities(stated: object) -> type[Any]:
    from subtitled.plugin import Engine

    def capabilities(cls: object, settings: object) -> object:
        if isinstance(stated, BaseException):
            raise stated
        return stated

    namespace = {"capabilities": classmethod(capabilities), "transcribe": lambda self, a, r: None}
    return type("Lying", (Engine,), namespace)


def test_capabilities_are_checked_down_to_the_last_field() -> None:
    from subtitled.plugin import EngineCapabilities, Price

    lies: list[object] = [
        RuntimeError("no"), SystemExit(1), None, "text", 7, {}, EngineCapabilities,
        EngineCapabilities(max_concurrency=0),
        EngineCapabilities(max_concurrency=10**9),
        EngineCapabilities(max_concurrency="many"),  # type: ignore[arg-type]
        EngineCapabilities(languages=7),  # type: ignore[arg-type]
        EngineCapabilities(destination=None),  # type: ignore[arg-type]
        EngineCapabilities(max_chunk_seconds=0.0),
        EngineCapabilities(max_chunk_seconds=float("nan")),
        EngineCapabilities(price=Price(float("-inf"), "USD")),
        EngineCapabilities(price="free"),  # type: ignore[arg-type]
    ]  # fmt: skip
    for lie in lies:
        component = _lying_capabilities(lie)
        configured = _configure(component)
        with pytest.raises(SubtitledError):
            configured.capabilities()
    honest = _lying_capabilities(EngineCapabilities(languages=frozenset({Language("en")})))
    configured = _configure(honest)
    assert configured.capabilities().languages == {Language("en")}
    assert configured.capabilities() is configured.capabilities()


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_setup_errors_stay_setup_errors() -> None:
    error = error_from_json({"kind": "SetupError", "message": "no key", "hint": "set one"})
    assert isinstance(error, SetupError)
