"""Tests of the progress and the cancellation of calls of an engine in a process of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from subtitled.engines import call_watch
from subtitled.engines.call_watch import CallWatch
from subtitled.engines.local_engine import LocalEngine
from subtitled.engines.process import EngineProcess
from subtitled.engines.protocol import CallCancelledError

ENGINE = """
import math, time
from pathlib import Path
from subtitled.plugin import *
from subtitled.plugin import call_control

call_control.REPORT_SECONDS = 0.02

class Slow(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()

    def wait(self, go):
        while not Path(go).exists(): time.sleep(0.01)

    def transcribe(self, audio, request):
        what, go = request.hotwords
        if what == "tell":
            request.progress(3.5)
            self.wait(go)
        if what == "flood":
            for number in range(200_000): request.progress(number / 20_000)
            time.sleep(0.03)
            request.progress(9.5)
            self.wait(go)
        if what == "lie":
            for nonsense in (-1.0, math.nan, math.inf, 1e9, "x", None, [], 10**400):
                request.progress(nonsense)
                time.sleep(0.03)
            request.progress(2.0)
            self.wait(go)
        if what == "obey":
            Path(go).touch()
            while not request.cancelled: time.sleep(0.01)
        if what == "deaf":
            Path(go).touch()
            time.sleep(600)
        return Transcript(language=request.language, words=())
"""
SPEC = {
    "role": "engine",
    "module": "telling_engine",
    "cls": "Slow",
    "name": "slow",
    "settings": {},
    "threads": 1,
    "models": {},
    "max_concurrency": 2,
}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., EngineProcess]]:
    """Start processes of the engine, and end them."""
    folder = tmp_path_factory.mktemp("engine")
    (folder / "telling_engine.py").write_text(ENGINE)
    processes: list[EngineProcess] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        patch.syspath_prepend(str(folder))

        def start(**changes: Any) -> EngineProcess:
            processes.append(EngineProcess("engine slow", SPEC | changes))
            return processes[-1]

        yield start
    for process in processes:
        process.terminate()


@pytest.fixture(scope="module")
def engine(start: Callable[..., EngineProcess]) -> EngineProcess:
    """Start a process that most tests share."""
    return start()


def _ask(engine: EngineProcess | LocalEngine, what: str, go: Path, watch: CallWatch | None) -> Any:
    """Call the engine for a chunk of ten seconds."""
    chunk = {"span": {"start": 100, "end": 110}, "speech": []}
    request = {"chunk": chunk, "language": "en", "hotwords": [what, str(go)], "control": None}
    return engine.call("transcribe", 120, watch, audio="/dev/null", request=request)


def _watch(on_progress: Callable[[float], None], is_cancelled: Callable[[], bool]) -> CallWatch:
    return CallWatch(seconds=10.0, on_progress=on_progress, is_cancelled=is_cancelled)


class Watcher:
    """Keeps what it is told, and lets the engine go on at a certain value."""

    def __init__(self, go: Path, until: float) -> None:
        self.told: list[float] = []
        self._go, self._until = go, until

    def __call__(self, seconds: float) -> None:
        self.told.append(seconds)
        if seconds >= self._until:
            self._go.touch()


@pytest.mark.parametrize(("what", "last"), [("tell", 3.5), ("lie", 2.0)])
def test_progress_arrives_while_the_call_runs_and_nonsense_never(
    engine: EngineProcess, tmp_path: Path, what: str, last: float
) -> None:
    watcher = Watcher(tmp_path / "go", last)
    answer = _ask(engine, what, tmp_path / "go", _watch(watcher, lambda: False))
    assert answer["words"] == []
    assert watcher.told == [last]


def test_a_flood_of_progress_is_told_about_once_a_second(
    engine: EngineProcess, tmp_path: Path
) -> None:
    watcher = Watcher(tmp_path / "go", 9.5)
    _ask(engine, "flood", tmp_path / "go", _watch(watcher, lambda: False))
    assert watcher.told == sorted(set(watcher.told))
    assert watcher.told[-1] == 9.5


def test_an_engine_that_never_reports_and_a_caller_who_never_asks_are_fine(
    engine: EngineProcess, tmp_path: Path
) -> None:
    watcher = Watcher(tmp_path / "go", 0.0)
    (tmp_path / "go").touch()
    assert _ask(engine, "quiet", tmp_path / "go", _watch(watcher, lambda: False))
    assert watcher.told == []
    assert _ask(engine, "tell", tmp_path / "go", None)


def test_cancelling_one_call_ends_that_call_and_no_other(
    engine: EngineProcess, tmp_path: Path
) -> None:
    other_go = tmp_path / "other"
    with ThreadPoolExecutor(2) as pool:
        other = pool.submit(_ask, engine, "tell", other_go, _watch(lambda _: None, lambda: False))
        one = pool.submit(
            _ask,
            engine,
            "obey",
            tmp_path / "begun",
            _watch(lambda _: None, lambda: (tmp_path / "begun").exists()),
        )
        with pytest.raises(CallCancelledError):
            one.result(120)
        assert not other.done()
        other_go.touch()
        assert other.result(120)["words"] == []
    assert engine.is_alive


def test_an_engine_that_ignores_its_cancellation_is_ended_with_its_process(
    start: Callable[..., EngineProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_watch, "CANCEL_SECONDS", 0.0)
    deaf = start(max_concurrency=1)
    begun = tmp_path / "begun"
    with pytest.raises(CallCancelledError):
        _ask(deaf, "deaf", begun, _watch(lambda _: None, begun.exists))
    assert not deaf.is_alive


def test_a_call_that_ignores_its_cancellation_ends_no_call_beside_it(
    start: Callable[..., EngineProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_watch, "CANCEL_SECONDS", 0.0)
    remote, told = start(), Event()
    begun, go = tmp_path / "begun", tmp_path / "go"
    with ThreadPoolExecutor(1) as pool:
        watch = _watch(lambda _: told.set(), lambda: False)
        other = pool.submit(_ask, remote, "tell", go, watch)
        assert told.wait(120)
        with pytest.raises(CallCancelledError):
            _ask(remote, "deaf", begun, _watch(lambda _: None, begun.exists))
        go.touch()
        assert other.result(120)["words"] == []
    assert remote.is_alive


def test_an_engine_in_this_process_reports_and_is_cancelled_too(
    start: Callable[..., EngineProcess], tmp_path: Path
) -> None:
    here = LocalEngine(SPEC)
    watcher = Watcher(tmp_path / "go", 3.5)
    _ask(here, "tell", tmp_path / "go", _watch(watcher, lambda: False))
    assert watcher.told == [3.5]
    with pytest.raises(CallCancelledError):
        _ask(here, "obey", tmp_path / "go", _watch(watcher, lambda: True))
