"""Several addresses of the engine ``openai`` against one, and one that is killed in the middle.

Each server is a process that speaks the real protocol, works on one request at a time and takes a
fixed time for each second of sound. So two of them stand for two machines, whatever this one has.

    python benchmarks/pool.py [CHUNKS]

The output is the ratio of the times of one and of two addresses, the same with weights 2 and 1 for
servers of that speed, and what a server that is killed in the middle costs: chunks lost, and chunks
that were recognised twice.
"""

from __future__ import annotations

import collections
import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.openai.engine import TranscriptionEngine, TranscriptionSettings

CHUNK_SECONDS = 30.0
DELAY = 0.4
"""Seconds of work for a second of sound, at a weight of 1."""
GOAL = 1.9
RATE = 16_000


def serve(line: Connection, delay: float) -> None:
    """Run a server until it is killed. It sends its url, then the mark of each finished chunk."""
    from subtitled.plugin.fakes.transcriptions import (
        FakeTranscriptions,
        Sentence,
        serve_transcriptions,
    )

    one_at_a_time = threading.Lock()

    def recognise(sound: bytes) -> list[Sentence]:
        with one_at_a_time:
            time.sleep(delay * len(sound) / 2 / RATE)
            mark = read_mark(sound)
            line.send(mark)
        return [Sentence(((f" chunk{mark}", 0.1, 0.5),))]

    with serve_transcriptions(FakeTranscriptions(recognise=recognise)) as service:
        line.send(service.url)
        threading.Event().wait()


def read_mark(sound: bytes) -> int:
    """Return the number of a chunk, which is the height of its tone in steps of 50 Hz."""
    samples = np.frombuffer(sound, "<i2")[:RATE].astype(float)
    return round(int(np.abs(np.fft.rfft(samples)).argmax()) / 50)


@dataclass(frozen=True)
class Server:
    """A server in its own process."""

    process: multiprocessing.process.BaseProcess
    line: Connection
    url: str

    def finished(self) -> list[int]:
        """Return the chunks that it has finished, since this was last called."""
        marks = []
        try:
            while self.line.poll():
                marks.append(self.line.recv())
        except EOFError:
            pass
        return marks


@contextmanager
def running_server(delay: float) -> Iterator[Server]:
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, delay), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Server(process, ours, ours.recv())
    finally:
        process.kill()
        process.join()


def write_track(folder: Path, chunks: int) -> Audio:
    """Write a track whose chunks are tones of different heights."""
    path = folder / "track.s16"
    moments = np.arange(round(CHUNK_SECONDS * RATE)) / RATE
    with path.open("wb") as file:
        for number in range(1, chunks + 1):
            tone = 8000 * np.sin(2 * np.pi * 50 * number * moments)
            file.write(tone.astype("<i2").tobytes())
    return Audio(path)


@dataclass(frozen=True)
class Outcome:
    """What transcribing a track took, and what came of each chunk."""

    seconds: float
    texts: list[str]
    finished: list[int]
    """The chunks that servers finished, each as often as it was."""

    def count_lost(self) -> int:
        expected = [f"chunk{number}" for number in range(1, len(self.texts) + 1)]
        return sum(text != right for text, right in zip(self.texts, expected, strict=True))

    def count_repeated(self) -> int:
        return sum(times - 1 for times in collections.Counter(self.finished).values())


def run(
    audio: Audio,
    chunks: int,
    servers: Sequence[Server],
    weights: Sequence[float],
    kill_after: int = 0,
) -> Outcome:
    """Transcribe a track by some servers; kill the first after some chunks are done."""
    settings = TranscriptionSettings.model_validate(
        {
            "model": "tiny",
            "concurrency": 1,
            "addresses": [
                {"url": server.url, "weight": weight}
                for server, weight in zip(servers, weights, strict=True)
            ],
        }
    )
    engine = TranscriptionEngine(settings, ComponentContext("openai"))
    done = threading.Semaphore(0)

    def transcribe(number: int) -> str:
        span = TimeSpan(number * CHUNK_SECONDS, (number + 1) * CHUNK_SECONDS)
        request = TranscriptionRequest(chunk=Chunk(span, (span,)), language=Language("en"))
        transcript = engine.transcribe(audio, request)
        done.release()
        return "".join(word.text for word in transcript.words).strip()

    def kill() -> None:
        for _ in range(kill_after):
            done.acquire()
        assert servers[0].process.pid is not None
        os.kill(servers[0].process.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    if kill_after:
        killer.start()
    began = time.monotonic()
    at_once = engine.capabilities(settings).max_concurrency
    with ThreadPoolExecutor(at_once) as threads:
        texts = list(threads.map(transcribe, range(chunks)))
    seconds = time.monotonic() - began
    finished = [mark for server in servers for mark in server.finished()]
    return Outcome(seconds, texts, finished)


def main() -> int:
    chunks = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    logging.basicConfig(format="  log: %(message)s")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        audio = write_track(folder, chunks)
        first, second, fast = (
            stack.enter_context(running_server(delay)) for delay in (DELAY, DELAY, DELAY / 2)
        )
        run(audio, 1, [first], [1])  # imports and connections
        first.finished()
        one = run(audio, chunks, [first], [1])
        two = run(audio, chunks, [first, second], [1, 1])
        weighted = run(audio, chunks, [fast, second], [2, 1])
        killed = run(audio, chunks, [first, second], [1, 1], kill_after=chunks // 3)
    ratio = one.seconds / two.seconds
    print(f"one address: {one.seconds:.1f} s for {chunks} chunks of {CHUNK_SECONDS:.0f} s")
    print(f"two addresses: {two.seconds:.1f} s, {ratio:.2f} times as fast (goal {GOAL})")
    print(
        f"two, one of them twice as fast and with twice the weight: {weighted.seconds:.1f} s, "
        f"{one.seconds / weighted.seconds:.2f} times as fast (3 at best)"
    )
    print(
        f"one of two killed after {chunks // 3} chunks: {killed.seconds:.1f} s, "
        f"{killed.count_lost()} lost, {killed.count_repeated()} recognised twice"
    )
    runs = (one, two, weighted, killed)
    is_whole = not any(outcome.count_lost() for outcome in runs)
    is_single = not any(outcome.count_repeated() for outcome in (one, two, weighted))
    return 0 if is_whole and is_single and ratio >= GOAL and killed.count_repeated() <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
