"""Suspended engines, the memory limit, model slots and process priority."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.engines.client import EngineClient
from subtitled.engines.limits import (
    MemoryLimitExceededError,
    MemoryWatchdog,
    ModelSlots,
    resident_bytes,
    split_chunk,
    transcribe_splitting,
)
from subtitled.engines.pausable_clock import PausableClock
from subtitled.engines.priority import ProcessPriority
from subtitled.engines.protocol import EngineCrashedError
from subtitled.media.errors import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Audio,
    Chunk,
    Engine,
    Language,
    Settings,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)

ENGINES = """
import os, time
from subtitled.plugin import *
class Counts(Engine):
    "Takes its time over every call, and counts in a file while it does."
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def transcribe(self, audio, request):
        for number in range(int(request.chunk.span.duration * 20)):
            with open(audio.path, "a") as file: file.write(".")
            time.sleep(0.05)
        return Transcript(language=request.language, words=())
class Elsewhere(Counts):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities(destination="cloud:eu")
class Grows(Counts):
    "Takes a megabyte for each second of a chunk, and as many again for each thread."
    def transcribe(self, audio, request):
        self.taken = bytearray(int(request.chunk.span.duration * self.context.threads) << 20)
        for at in range(0, len(self.taken), 4096): self.taken[at] = 1
        time.sleep(3)
        start = request.chunk.span.start
        words = (Word(text=f" {start:g}", start=start, end=start + 1),)
        return Transcript(language=request.language, words=words)
"""


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., EngineClient]]:
    (tmp_path / "some_engines.py").write_text(ENGINES)
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    sys.modules.pop("some_engines", None)
    import some_engines  # type: ignore[import-not-found]

    created: list[EngineClient] = []

    def make(name: str, threads: int = 1, room: ModelSlots | None = None) -> EngineClient:
        component: type[Engine] = getattr(some_engines, name)
        configured: ConfiguredComponent[Any] = ConfiguredComponent(
            name=name, plugin=name, component_class=component, settings=Settings()
        )
        created.append(EngineClient(configured, ModelStore(tmp_path), threads, 60.0, room))
        return created[-1]

    yield make
    for host in created:
        host.close()


def request(seconds: float) -> TranscriptionRequest:
    whole = TimeSpan(0.0, seconds)
    return TranscriptionRequest(chunk=Chunk(whole, (whole,)), language=Language("en"))


def until(true: Callable[[], object], limit: float = 20.0) -> None:
    deadline = time.monotonic() + limit
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def state(process: int | None) -> str:
    """Return the state letter of proc(5), or "" for a process that is gone."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


def is_stopped(process: int) -> bool:
    """Return whether all threads of a process are stopped. The first one may be so before."""
    tasks = Path(f"/proc/{process}/task").iterdir()
    return all((task / "stat").read_text().rpartition(")")[2].split()[0] == "T" for task in tasks)


def ask(host: EngineClient, audio: Path, seconds: float) -> tuple[threading.Thread, list[Any]]:
    output: list[Any] = []

    def call() -> None:
        try:
            output.append(host.transcribe(Audio(audio), request(seconds)))
        except BaseException as error:  # noqa: BLE001 - looked at by the test
            output.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    return thread, output


def test_an_engine_stops_within_a_call_and_goes_on_where_it_was(
    hosts: Callable[..., EngineClient], tmp_path: Path
) -> None:
    host, audio = hosts("Counts"), tmp_path / "counted"
    audio.touch()
    thread, output = ask(host, audio, 2.0)
    until(lambda: audio.stat().st_size >= 5)
    begin = time.monotonic()
    host.suspend()
    until(lambda: state(host.process_id) == "T")
    print(f"stopped within {(time.monotonic() - begin) * 1000:.1f} ms")
    counted = audio.stat().st_size
    host.suspend()
    time.sleep(0.5)
    assert audio.stat().st_size == counted
    host.resume()
    thread.join(20)
    assert isinstance(output[0], Transcript)
    assert audio.stat().st_size == 40  # each step once


def test_the_time_limit_of_a_call_does_not_run_while_the_engine_is_stopped(
    hosts: Callable[..., EngineClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subtitled.engines.limits.MIN_TIMEOUT_SECONDS", 2.5)
    monkeypatch.setattr("subtitled.engines.limits.MIN_REALTIME_FACTOR", 0.0)
    host, audio = hosts("Counts"), tmp_path / "counted"
    audio.touch()
    host.preload()
    until(lambda: host.is_loaded)
    thread, output = ask(host, audio, 1.0)
    until(lambda: audio.stat().st_size >= 2)
    host.suspend()
    time.sleep(3.5)
    assert not output
    host.resume()
    thread.join(20)
    assert isinstance(output[0], Transcript)
    late, limited = ask(host, audio, 60.0)
    late.join(20)
    assert isinstance(limited[0], EngineCrashedError)


def test_a_stopped_engine_ends_with_the_daemon_and_with_a_killed_one(
    hosts: Callable[..., EngineClient], tmp_path: Path
) -> None:
    host, audio = hosts("Counts"), tmp_path / "counted"
    audio.touch()
    thread, output = ask(host, audio, 30.0)
    until(lambda: audio.stat().st_size >= 2)
    process = host.process_id
    host.suspend()
    host.close()
    thread.join(20)
    assert isinstance(output[0], ShutdownRequested)
    assert state(process) == ""
    script = (
        "import sys, time\n"
        "from subtitled.engines.process import EngineProcess\n"
        'child = EngineProcess("x", {"role": "vad"})\n'
        "child.suspend()\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    daemon = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert daemon.stdout is not None
    orphan = int(daemon.stdout.readline())
    until(lambda: is_stopped(orphan))
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    until(lambda: state(orphan) in ("", "Z"))


def test_what_is_done_elsewhere_is_not_stopped_in_the_middle_of_a_request(
    hosts: Callable[..., EngineClient], tmp_path: Path
) -> None:
    host, audio = hosts("Elsewhere"), tmp_path / "counted"
    audio.touch()
    thread, output = ask(host, audio, 1.0)
    until(lambda: audio.stat().st_size >= 2)
    host.suspend()
    thread.join(20)
    assert isinstance(output[0], Transcript)


def test_a_clock_that_was_stopped_has_lost_that_time() -> None:
    now = 100.0
    pace = PausableClock(lambda: now)
    begin = pace.now()
    now += 5
    pace.pause()
    pace.pause()
    now += 1000
    assert pace.now() - begin == 5
    pace.resume()
    now += 2
    assert pace.now() - begin == 7
    pace.resume()
    assert pace.now() - begin == 7


def test_an_engine_that_takes_too_much_memory_is_ended_and_works_in_pieces(
    hosts: Callable[..., EngineClient], tmp_path: Path
) -> None:
    host = hosts("Grows", threads=4)
    watch = MemoryWatchdog(320, [host])
    audio = Audio(tmp_path / "none")
    speech = tuple(TimeSpan(start, start + 15.0) for start in range(0, 240, 20))
    wanted = TranscriptionRequest(
        chunk=Chunk(TimeSpan(0.0, 240.0), speech), language=Language("en")
    )
    try:
        with pytest.raises(MemoryLimitExceededError, match="MB of memory and was killed"):
            host.transcribe(audio, wanted)
        transcript = transcribe_splitting(lambda one: host.transcribe(audio, one), wanted)
    finally:
        watch.close()
    starts = [word.start for word in transcript.words]
    assert starts == sorted(starts)
    assert starts[0] == 0.0


def test_chunk_is_split_in_a_pause_without_a_gap() -> None:
    speech = tuple(TimeSpan(start, start + 8.0) for start in range(100, 200, 10))
    whole = Chunk(TimeSpan(95.0, 205.0), speech, (TimeSpan(100.0, 101.0),))
    halves = split_chunk(whole)
    assert halves[0].span.start == 95.0
    assert halves[-1].span.end == 205.0
    for one, other in zip(halves, halves[1:], strict=False):
        assert one.span.end == other.span.start
        assert not any(part.start < one.span.end < part.end for part in speech)
    assert tuple(part for half in halves for part in half.speech) == speech
    short = Chunk(TimeSpan(0.0, 30.0), (TimeSpan(0.0, 30.0),))
    assert split_chunk(short) == [short]


def test_chunk_is_split_until_the_engine_accepts_it_and_no_further() -> None:
    speech = tuple(TimeSpan(float(start), start + 9.0) for start in range(0, 320, 10))
    asked: list[float] = []

    def transcribe(one: TranscriptionRequest) -> Transcript:
        asked.append(one.chunk.span.duration)
        if asked[-1] > 100:
            raise MemoryLimitExceededError("too large")
        words = tuple(Word(text=" x", start=part.start, end=part.end) for part in one.chunk.speech)
        return Transcript(language=one.language, words=words)

    transcript = transcribe_splitting(
        transcribe,
        TranscriptionRequest(chunk=Chunk(TimeSpan(0.0, 320.0), speech), language=Language("en")),
    )
    assert [(word.start, word.end) for word in transcript.words] == [
        (s.start, s.end) for s in speech
    ]
    assert max(asked[1:]) < 320

    def never(one: TranscriptionRequest) -> Transcript:
        raise MemoryLimitExceededError("too large")

    with pytest.raises(MemoryLimitExceededError):
        transcribe_splitting(
            never,
            TranscriptionRequest(
                chunk=Chunk(TimeSpan(0.0, 320.0), speech), language=Language("en")
            ),
        )


def test_one_model_at_a_time_an_idle_one_makes_room_a_busy_one_is_waited_for(
    hosts: Callable[..., EngineClient], tmp_path: Path
) -> None:
    room = ModelSlots(1)
    one, two = hosts("Counts", room=room), hosts("Counts", room=room)
    audio = tmp_path / "counted"
    audio.touch()
    one.transcribe(Audio(audio), request(0.1))
    assert one.is_loaded
    two.transcribe(Audio(audio), request(0.1))
    assert (one.is_loaded, two.is_loaded) == (False, True)
    first, output = ask(two, audio, 1.5)
    until(lambda: audio.stat().st_size > 5)
    second, other = ask(one, audio, 0.1)
    first.join(20)
    second.join(20)
    assert isinstance(output[0], Transcript)
    assert isinstance(other[0], Transcript)
    assert (one.is_loaded, two.is_loaded) == (True, False)


def test_engines_run_with_the_configured_priority(hosts: Callable[..., EngineClient]) -> None:
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    host = hosts("Counts")
    host._priority = ProcessPriority(min(19, ours + 3), True)
    host.preload()
    until(lambda: host.is_loaded)
    assert host.process_id is not None
    assert os.getpriority(os.PRIO_PROCESS, host.process_id) == min(19, ours + 3)
    assert psutil.Process(host.process_id).ionice().ioclass == psutil.IOPRIO_CLASS_IDLE
    ProcessPriority(ours, False).apply(host.process_id)
    assert os.getpriority(os.PRIO_PROCESS, host.process_id) == min(19, ours + 3)


def test_an_engine_runs_where_its_manners_are_not_allowed(
    hosts: Callable[..., EngineClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "nice", refused)
    host = hosts("Counts")
    host._priority = ProcessPriority(19, True)
    host.preload()
    until(lambda: host.is_loaded)


def test_memory_is_read_of_living_processes_only() -> None:
    assert resident_bytes(os.getpid()) > 10 * 1024 * 1024
    assert resident_bytes(2**22 + 1) == 0
