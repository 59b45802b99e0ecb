"""What an engine process answers if the engine is wrong: in this process, without the wire."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.load import load_config
from subtitled.config.plugin_faults import PluginFaultError
from subtitled.config.plugin_paths import PluginPaths, file_module
from subtitled.engines.process import MAX_OUTPUT_LINE_BYTES
from subtitled.engines.process_client import spec_of
from subtitled.engines.protocol import error_from_json
from subtitled.engines.stderr_tail import StderrTail
from subtitled.engines.worker_main import engine_handlers, run_handler
from subtitled.engines.worker_output import MARK, RecordHandler, parse_record
from subtitled.plugin import InputRejectedError
from support.broken_plugins import CALLING, ENGINE, FORGIVEN, OUTSIDE, Mistake, install_plugin

MISTAKES = [
    mistake
    for mistake in CALLING
    if mistake.kind == "engines" and mistake.called not in ("__init__", "models", "catalogue")
]
SPAN = {"start": 1.0, "end": 3.0}


@pytest.fixture
def answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Have a plugin answer a call as its process would."""
    monkeypatch.syspath_prepend(str(tmp_path))
    audio = tmp_path / "silence.s16"
    audio.write_bytes(b"\0\0" * 64_000)

    def call(name: str, source: str, method: str = "transcribe") -> dict[str, Any]:
        install_plugin(tmp_path, name, source, f"broken_{name}")
        monkeypatch.delitem(sys.modules, f"broken_{name}", raising=False)
        file = tmp_path / "config.toml"
        file.write_text(f"[engines.{name}]\n")
        spec = spec_of(load_config(file).engines[name], threads=1, models={})
        message = {
            "audio": str(audio),
            "windows": [SPAN],
            "request": {"chunk": {"span": SPAN, "speech": [SPAN]}, "language": "en"},
        }
        return run_handler(lambda: engine_handlers(spec)[method](message))

    return call


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_of_an_engine_is_told_with_line_and_cure(answer: Any, mistake: Mistake) -> None:
    method = "transcribe" if mistake.called == "load" else mistake.called
    error = error_from_json(answer(mistake.name, mistake.source, method)["error"])
    assert isinstance(error, PluginFaultError), "the next engine gets the chunk"
    assert mistake.message in error.message and mistake.place in error.message
    assert mistake.cure in error.hint
    assert f"engine {mistake.name}" in error.message
    if mistake.called != "load":
        assert "Moby" not in str(error), "no message repeats what was recognised"


@pytest.mark.parametrize("mistake", OUTSIDE, ids=lambda mistake: mistake.name)
def test_words_outside_of_the_chunk_are_told_with_the_line(answer: Any, mistake: Mistake) -> None:
    error = error_from_json(answer(mistake.name, mistake.source)["error"])
    assert isinstance(error, InputRejectedError)
    assert mistake.message in error.message and mistake.place in error.message
    assert mistake.cure in error.hint and "Moby" not in str(error)


@pytest.mark.parametrize("name", sorted(FORGIVEN))
def test_what_may_look_like_a_mistake_is_taken_for_what_it_means(answer: Any, name: str) -> None:
    (word,) = answer(name, FORGIVEN[name])["result"]["words"]
    assert (word["text"], word["start"], word["end"]) == (" Moby", 1.0, 1.0625)


def test_the_calls_of_the_plugin_come_along_without_values(answer: Any) -> None:
    source = ENGINE.replace("    start = ", "    return {}[request.language]\n    start = ")
    error = error_from_json(answer("calls", source)["error"])
    assert isinstance(error, PluginFaultError)
    lines = error.traceback.splitlines()
    assert "in Mine.transcribe" in lines[0] and "in hear" in lines[2]
    assert lines[3].strip() == "return {}[request.language]"


@pytest.mark.parametrize(
    "line", ["plain", MARK, f"{MARK}[]", f"{MARK}[true, 1, 2]", f'{MARK}["a", "b", "c"]']
)
def test_a_line_that_is_no_record_is_a_plain_line(line: str) -> None:
    assert parse_record(line) is None


def test_a_record_has_its_level_within_limits() -> None:
    assert parse_record(f'{MARK}[30, "subtitled.plugin.x", "slow"]') == (
        logging.WARNING,
        "subtitled.plugin.x",
        "slow",
    )
    assert parse_record(f'{MARK}[999, "x", "y"]') == (logging.CRITICAL, "x", "y")


@pytest.mark.parametrize("text", ["я" * 9000, "錄\n" * 5000, "\x01" * 9000, "\udcff" * 9000])
def test_the_line_of_any_record_is_short_enough_to_be_read_as_one(text: str) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 256 * 1024)
    record = logging.LogRecord("subtitled.plugin.x", logging.INFO, "x.py", 1, text, None, None)
    RecordHandler(writing).emit(record)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        line = pipe.readline(MAX_OUTPUT_LINE_BYTES)
    assert line.endswith(b"\n")
    assert parse_record(line.decode().rstrip()) is not None


def test_the_line_of_the_plugin_is_found_in_the_dump_of_a_crash() -> None:
    tail = StderrTail("mine.engine")
    for line in (
        "loading",
        "Fatal Python error: Segmentation fault",
        "Current thread 0x1 (most recent call first):",
        '  File "/usr/lib/python3/ctypes/__init__.py", line 519 in string_at',
        '  File "/site/mine/engine.py", line 12 in hear',
        '  File "/site/mine/engine.py", line 9 in transcribe',
        "Extension modules: numpy.core (total: 1)",
    ):
        tail.add(line)
    assert tail.describe() == " (mine/engine.py:12, in hear): loading"


def test_the_line_of_a_plugin_of_one_file_is_found_in_the_dump_of_a_crash(tmp_path: Path) -> None:
    folder = tmp_path / "plugins"
    try:
        PluginPaths(folder).apply()
        tails = [StderrTail(file_module("ears")) for _ in range(2)]
    finally:
        PluginPaths().apply()
    for tail, file in zip(tails, ("ears.py", "_helper.py"), strict=True):
        for line in (
            "Fatal Python error: Segmentation fault",
            '  File "/usr/lib/python3/ears.py", line 519 in string_at',
            f'  File "{folder}/{file}", line 12 in hear',
        ):
            tail.add(line)
        assert tail.describe() == f" (plugins/{file}:12, in hear)"
