"""Processes that start before it is known what they will be."""

from __future__ import annotations

import importlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from subtitled.engines import worker_main, worker_process
from subtitled.engines.client import EngineClient
from subtitled.engines.process import EngineProcess
from subtitled.engines.worker_process import (
    ENGINE,
    VAD,
    WorkerProcess,
    end_spares,
    start_spare,
    take_worker,
)
from subtitled.models.store import ModelStore
from subtitled.plugin import SetupError


@pytest.fixture(autouse=True)
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[WorkerProcess]]:
    """Remember every process that is started, and end it after the test."""
    workers: list[WorkerProcess] = []
    start = worker_process.start_worker

    def start_and_remember(role: str = "") -> WorkerProcess:
        workers.append(start(role))
        return workers[-1]

    monkeypatch.setattr(worker_process, "start_worker", start_and_remember)
    yield workers
    end_spares()
    for worker in workers:
        worker.process.kill()
        worker.process.wait()


def test_a_process_that_waits_is_taken_by_its_role_and_once(started: list[WorkerProcess]) -> None:
    start_spare(ENGINE)
    start_spare(VAD)
    engine, vad = started
    assert take_worker(VAD) is vad
    assert take_worker(ENGINE) is engine
    assert take_worker(ENGINE) is started[2]


def test_a_process_that_died_while_it_waited_is_replaced(started: list[WorkerProcess]) -> None:
    start_spare(ENGINE)
    start_spare(VAD)
    started[1].process.kill()
    started[1].process.wait()
    detector = EngineProcess("speech detection", {"role": VAD, "threads": 1})
    assert detector.is_alive
    assert detector.pid == started[2].process.pid
    detector.terminate()


def test_processes_that_nobody_took_end(started: list[WorkerProcess]) -> None:
    start_spare(ENGINE)
    start_spare(VAD)
    end_spares()
    assert [worker.process.poll() for worker in started] == [-9, -9]
    end_spares()


def test_a_process_that_waits_ends_with_its_parent() -> None:
    code = (
        "import os\nfrom subtitled.engines import worker_process as w\nw.start_spare(w.ENGINE)\n"
        "w.start_spare(w.VAD)\n"
        "print(*(worker.process.pid for _, worker in w._spares), flush=True)\nos._exit(0)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    deadline = time.monotonic() + 20
    while any(map(_runs, told.stdout.split())):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _runs(process: str) -> bool:
    """Tell whether a process runs. One that ended may wait for somebody to ask how."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_a_model_that_cannot_be_had_leaves_no_process(
    started: list[WorkerProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object) -> Any:
        raise SetupError("there is no such model")

    configured: Any = SimpleNamespace(
        name="odd", plugin="odd", models=refuse, capabilities=lambda: SimpleNamespace()
    )
    monkeypatch.setattr(EngineClient, "is_local", False)
    monkeypatch.setattr(EngineClient, "max_concurrency", 1)
    client: Any = EngineClient(configured, ModelStore(tmp_path), 1, 60.0)
    with pytest.raises(SetupError, match="no such model"):
        client._start()
    assert [worker.process.poll() for worker in started] == [-9]


@pytest.mark.parametrize("role", [ENGINE, VAD])
def test_what_a_process_imports_while_it_waits_can_be_imported(role: str) -> None:
    # What cannot is passed over there, and the start is only slower.
    for module in worker_main._EARLY_IMPORTS[role]:
        importlib.import_module(module)
