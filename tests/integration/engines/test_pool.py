"""Engine processes: preloading, idle timeout and closing."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.engines.client import EngineClient
from subtitled.media.errors import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Chunk,
    Engine,
    Language,
    Settings,
    TimeSpan,
    TranscriptionRequest,
)

SLOW_TO_LOAD = """
import time
from subtitled.plugin import *
class Slow(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def load(self): time.sleep(1)
    def transcribe(self, audio, request): return Transcript(language=request.language, words=())
"""
WHOLE = TimeSpan(0.0, 1.0)
REQUEST = TranscriptionRequest(chunk=Chunk(WHOLE, (WHOLE,)), language=Language("en"))


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., EngineClient]:
    (tmp_path / "slow_engine.py").write_text(SLOW_TO_LOAD)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("slow_engine", None)
    import slow_engine  # type: ignore[import-not-found]

    component: type[Engine] = slow_engine.Slow

    def make(unload_after: float = 60.0) -> EngineClient:
        configured: ConfiguredComponent[Any] = ConfiguredComponent(
            name="slow", plugin="slow", component_class=component, settings=Settings()
        )
        return EngineClient(configured, ModelStore(tmp_path), 1, unload_after)

    return make


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_an_engine_that_is_needed_soon_loads_meanwhile(host: Callable[..., EngineClient]) -> None:
    engine = host()
    begin = time.monotonic()
    engine.preload()
    assert time.monotonic() - begin < 0.5
    _until(lambda: engine.is_loaded)
    before = engine.process_id
    assert engine.transcribe(Audio(Path("/dev/null")), REQUEST).words == ()
    assert engine.process_id == before
    engine.close()
    assert not engine.is_loaded


def test_an_engine_that_was_prepared_in_vain_is_unloaded(host: Callable[..., EngineClient]) -> None:
    engine = host(unload_after=0.2)
    engine.preload()
    _until(lambda: engine.is_loaded)
    _until(lambda: not engine.is_loaded)
    assert engine.transcribe(Audio(Path("/dev/null")), REQUEST).words == ()
    _until(lambda: not engine.is_loaded)


def test_an_engine_that_is_closed_while_it_loads_leaves_no_process(
    host: Callable[..., EngineClient],
) -> None:
    engine = host()
    engine.preload()
    time.sleep(0.2)
    engine.close()
    with pytest.raises(ShutdownRequested):
        engine.transcribe(Audio(Path("/dev/null")), REQUEST)
    time.sleep(1.5)
    assert not engine.is_loaded
    assert engine.process_id is None
