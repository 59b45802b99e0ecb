"""The Qwen plugin with a fake service: utilisation, the cost of kill -9, and memory.

The fake speaks the service's protocols in its own process, waits a second for each request, and
counts what it would charge. It answers with canned sentences and reads the duration of audio from
the file header, so it uses hardly any CPU time. No local engine is configured, so nothing is
aligned, and the language is that of the track's tag.

    python benchmarks/cloud.py speed | kills [N] | memory

``speed`` is the time from the first request to the last answer, divided by the ideal: requests / 8
x 1 s. ``kills`` kills N jobs of each protocol once at a random time, and compares the charge with
the audio that had to be transcribed. ``memory`` is the peak memory of each process, for 1, 4 and
12 hours.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from material import looped, own_folder
from standing import LATENCY, Service

SEED = int(os.environ.get("SUBTITLED_TEST_SEED", time.time_ns() % 2**32))
AT_ONCE = 8
SPOKEN = ["sonnet.en.mp3", "jfk.flac", "prologue.es.mp3"]


class Peaks(threading.Thread):
    """Peak memory of a process and its children in MiB, as the kernel counts it."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._ending = threading.Event()
        self.ours = 0.0
        self.engine = 0.0
        """Peak of the largest child that is an engine or the VAD."""
        self.start()

    def run(self) -> None:
        while not self._ending.wait(0.1):
            self.ours = max(self.ours, _peak(self._process))
            for child in _children(self._process):
                self.engine = max(self.engine, _peak(child))

    def end(self) -> None:
        self._ending.set()
        self.join()


def _peak(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text("ascii", "replace")
    except OSError:
        return 0.0
    found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(found[0]) / 1024 if found else 0.0


def _children(process: int) -> Iterator[int]:
    for task in Path("/proc").glob(f"{process}/task/*/children"):
        try:
            for child in task.read_text("ascii").split():
                if b"subtitled.engines.worker_main" in Path(f"/proc/{child}/cmdline").read_bytes():
                    yield int(child)
        except OSError:
            continue


def film(folder: Path, minutes: float, name: str = "film") -> Path:
    """Create a film with minutes of speech, in a track that is tagged as English."""
    folder.mkdir(parents=True, exist_ok=True)
    hour = folder.parent / "hour.flac"
    if not hour.exists():
        looped(SPOKEN, 3600.0, hour)
    target = folder / f"{name}.mka"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", str(hour)),
            *("-t", str(minutes * 60), "-c", "copy", "-metadata:s:a:0", "language=eng"),
            *("-metadata", f"title={name}", str(target)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def configured(folder: Path, service: Service, protocol: str, **more: object) -> Path:
    """Write a configuration whose only engine uses the fake."""
    settings = "".join(f"{key} = {value!r}\n" for key, value in more.items())
    (folder / "films").mkdir(parents=True, exist_ok=True)
    file = folder / "config.toml"
    file.write_text(
        f'[daemon]\nstate_dir = "{folder}/state"\n'
        f'[engines.qwen]\nprotocol = "{protocol}"\nbase_url = "{service.url}"\n'
        'api_key = {env = "QWEN_KEY"}\nrequests_per_minute = 60000\n'
        f'{settings}[libraries.films]\npath = "{folder}/films"\nallowed_destinations = ["qwen"]\n'
        'stability_delay = "1s"\nlanguages = ["original"]\n',
        "utf-8",
    )
    return file


@dataclass(frozen=True, slots=True)
class Ran:
    """The results of one run of ``generate``."""

    seconds: float
    ours: float
    engine: float


def generated(config: Path, medium: Path) -> Ran:
    begin = time.monotonic()
    process = subprocess.Popen(
        _command(config, "generate", str(medium), "--languages", "original"),
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    peaks = Peaks(process.pid)
    said, _ = process.communicate()
    peaks.end()
    if process.returncode:
        sys.exit(said.decode("utf-8", "replace"))
    return Ran(time.monotonic() - begin, peaks.ours, peaks.engine)


def _command(config: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "subtitled", "--config", str(config), *arguments]


def _environment() -> dict[str, str]:
    from support.fakes.dashscope import KEY

    return {**os.environ, "QWEN_KEY": KEY}


def speed() -> None:
    print(f"60 minutes, {LATENCY:g} s a request, {AT_ONCE} at once")
    for audio in ("flac", "opus"):
        with own_folder() as folder, _service() as service:
            config = configured(folder, service, "sync", concurrency=AT_ONCE, audio=audio)
            ran = generated(config, film(folder / "films", 60.0))
            said = service.counts()
        ideal = said["requests"] / AT_ONCE * LATENCY
        print(
            f"{audio}: {said['requests']} requests in {said['took']:.2f} s, "
            f"{said['took'] / ideal:.2f} x ideal, at most {said['most at once']} at once; "
            f"{ran.seconds:.1f} s in all; peak {ran.ours:.0f} MiB ours, {ran.engine:.0f} engine",
            flush=True,
        )


class House:
    """A daemon with a folder of films that arrive one after the other."""

    def __init__(self, folder: Path, config: Path) -> None:
        self.folder = folder
        self._config = config
        self.start()

    def start(self) -> None:
        self.daemon = subprocess.Popen(
            _command(self._config, "run"),
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stderr=(self.folder / "log").open("ab"),
        )

    def kill(self) -> None:
        self.daemon.send_signal(signal.SIGKILL)
        self.daemon.wait()

    def end(self) -> None:
        self.daemon.terminate()
        self.daemon.wait()

    def until(self, medium: Path, *states: str) -> float:
        """Return the seconds until a file is in one of some states."""
        begin = time.monotonic()
        while self._state(medium) not in states:
            if time.monotonic() - begin > 180:
                sys.exit((self.folder / "log").read_text("utf-8", "replace"))
            time.sleep(0.02)
        return time.monotonic() - begin

    def _state(self, medium: Path) -> str:
        with closing(sqlite3.connect(self.folder / "state" / "subtitled.sqlite", timeout=30)) as c:
            try:
                found = c.execute("SELECT state FROM files WHERE path = ?", [os.fsencode(medium)])
                return str((found.fetchone() or [""])[0])
            except sqlite3.OperationalError:
                return ""


def kills(jobs: int) -> None:
    print(f"{jobs} jobs of 10 minutes, each killed once; seed {SEED}")
    chance = random.Random(SEED)
    for protocol, at_once in (("file", 1), ("sync", 1), ("sync", 4)):
        with own_folder() as folder, _service() as service:
            more = {"concurrency": at_once}
            house = House(folder, configured(folder, service, protocol, **more))
            undisturbed = film(folder / "films", 10.0, "undisturbed")
            house.until(undisturbed, "working")
            long = house.until(undisturbed, "done")
            one = service.counts()
            for number in range(jobs):
                medium = film(folder / "films", 10.0, f"film {number:02}")
                house.until(medium, "working")
                time.sleep(chance.uniform(0.0, long))
                house.kill()
                house.start()
                house.until(medium, "done")
            house.end()
            said = service.counts()
        more_than = {key: said[key] - one[key] * (jobs + 1) for key in ("tasks", "uploads")}
        lost = said["billed"] - one["billed"] * (jobs + 1)
        print(
            f"{protocol}, {at_once} at once: {long:.1f} s undisturbed, {one['requests']} requests; "
            f"billed {said['billed'] / one['billed'] / (jobs + 1):.3f} x; too much: "
            f"{more_than['uploads']:g} uploads, {more_than['tasks']:g} tasks, {lost:.0f} s, "
            f"{lost / jobs:.1f} s a kill",
            flush=True,
        )


def memory() -> None:
    for hours in (1, 4, 11.9):
        with own_folder() as folder, _service(latency=0.0) as service:
            config = configured(folder, service, "file")
            ran = generated(config, film(folder / "films", hours * 60))
        print(
            f"{hours:g} h: {ran.seconds:.0f} s; peak {ran.ours:.0f} MiB ours, "
            f"{ran.engine:.0f} MiB the largest child",
            flush=True,
        )


@contextmanager
def _service(latency: float = LATENCY) -> Iterator[Service]:
    service = Service(latency)
    try:
        yield service
    finally:
        service.close()


def main() -> None:
    wanted = sys.argv[1:] or ["speed", "kills", "memory"]
    if "speed" in wanted:
        speed()
    if "kills" in wanted:
        numbers = [int(one) for one in wanted if one.isdecimal()]
        kills(numbers[0] if numbers else 20)
    if "memory" in wanted:
        memory()


if __name__ == "__main__":
    main()
