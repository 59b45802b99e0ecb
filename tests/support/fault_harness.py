"""The fault harness: a real daemon, the expected state of its library, and the assertions at the
end of every fault test."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from support.process_guard import killed_with_parent
from support.spoken_films import Film

BEAT = 4.0
"""Seconds within which the watchdog must be notified."""
HARNESS = "SUBTITLED_FAULT_HARNESS"
"""Environment variable that marks every process of a harness."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The expected result for one media file."""

    state: str
    subtitle: bytes | None
    reason: str = ""


class FaultHarness:
    """One daemon with one library, and the expected results. Times are seconds."""

    def __init__(
        self,
        place: Path,
        site: Path,
        *,
        library: Path | None = None,
        state: Path | None = None,
        bound: bool = False,
        daemon: str = "",
        library_lines: str = "",
        engine: str = "",
    ) -> None:
        """Set up the folders and the configuration.

        ``daemon``, ``library_lines`` and ``engine`` are lines for the sections of the
        configuration and override ours. With ``bound``, file permissions apply to root as well.
        """
        self.place, self._site, self._bound = place, site, bound
        self.library = library or place / "films"
        self.state = state or place / "state"
        self.desk = place / "desk"
        self.config = place / "config.toml"
        self.log = place / "daemon.log"
        self.wanted: dict[Path, Wanted] = {}
        self.theirs: dict[Path, bytes] = {}
        self.process: subprocess.Popen[bytes] | None = None
        for folder in (self.library, self.state, self.desk):
            folder.mkdir(exist_ok=True)
        self.configure(daemon=daemon, library_lines=library_lines, engine=engine)
        self._notices = Notices(place / "notify")

    def configure(self, *, daemon: str = "", library_lines: str = "", engine: str = "") -> None:
        """Write the configuration, with short delays for stability, scans and retries."""
        sections = {
            "daemon": (
                daemon,
                {
                    "state_dir": str(self.state),
                    "chunk_duration": "3s",
                    "scan_interval": "2s",
                    "retry_delay": "2s",
                },
            ),
            "engines.digest": (engine, {"desk": str(self.desk)}),
            **({"engines.whisper": ("", {})} if "whisper" in library_lines else {}),
            "libraries.films": (
                library_lines,
                {"path": str(self.library), "stability_delay": "1s"},
            ),
        }
        text = ""
        for name, (given, ours) in sections.items():
            keys = {line.split("=")[0].strip() for line in given.splitlines()}
            lines = [f"{key} = {json.dumps(value)}" for key, value in ours.items()]
            kept = [line for line in lines if line.split(" = ")[0] not in keys]
            text += "\n".join([f"[{name}]", *kept, given, ""])
        self.config.write_text(text, "utf-8")

    # What the daemon does.

    def start(self, **environment: str) -> None:
        """Start the daemon and wait until it is ready."""
        self._notices.forget()
        before = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"]
        log_file = self.log.open("ab")
        self.process = subprocess.Popen(
            killed_with_parent(*(before if self._bound else []), *self.command("run")),
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            env=self.environment(
                NOTIFY_SOCKET=str(self._notices.address),
                WATCHDOG_USEC=str(round(BEAT * 1e6)),
                **environment,
            ),
            start_new_session=True,
        )
        log_file.close()
        self.until(lambda: self._notices.ready or self._ended(), 60, "the daemon is ready")

    def command(self, *arguments: object) -> list[str]:
        return [
            sys.executable,
            "-m",
            "subtitled",
            "--config",
            str(self.config),
            *map(str, arguments),
        ]

    def environment(self, **more: str) -> dict[str, str]:
        paths = os.pathsep.join(filter(None, [str(self._site), os.environ.get("PYTHONPATH")]))
        return os.environ | {"PYTHONPATH": paths, HARNESS: str(self.place), **more}

    def ask(self, *arguments: object) -> Any:
        """Return the JSON output of a command."""
        ran = subprocess.run(
            [*self.command(*arguments), "--json"],
            capture_output=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env=self.environment(),
            check=False,
        )
        assert ran.stdout, ran.stderr.decode(errors="replace")
        return json.loads(ran.stdout)

    def run_to_its_end(self) -> subprocess.CompletedProcess[str]:
        """Start another daemon with the same configuration, which must exit."""
        return subprocess.run(
            self.command("run"),
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env=self.environment(),
            check=False,
        )

    def retry(self, *media: Path) -> None:
        """Run ``subtitled queue retry``."""
        subprocess.run(
            self.command("queue", "retry", *media),
            check=True,
            stdout=subprocess.DEVNULL,
            env=self.environment(),
        )

    def kill(self) -> None:
        """Kill all its processes with SIGKILL, as a crash or the kernel would."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.until(lambda: not self.processes(), 15, "its processes are gone")

    def stop(self) -> None:
        """Stop it, which must be quick and leave no process."""
        assert self.process is not None
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(20) == 0, self.describe_logs()
        assert time.monotonic() - begin < 15
        self.until(lambda: not self.processes(), 10, "its processes are gone")

    def close(self) -> None:
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self.process is not None:
                self.process.wait(5)  # a process that waits for a hung disk ends after it
        self._notices.close()

    def processes(self) -> list[int]:
        """Return all running processes that the daemon or commands of this harness started."""
        mark = f"{HARNESS}={self.place}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            try:
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes() + b"\0":
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def describe_logs(self) -> str:
        """Return the states of files and the end of the log, for messages."""
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        states = "\n".join(
            f"{path!r}: {output}" for path, output in list(self.states().items())[:50]
        )
        return f"{states}\n{text[-4000:]}"

    def _ended(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.describe_logs()
        return False

    # What happens to the library.

    def arrives(
        self,
        film: Film,
        name: str | bytes,
        state: str = "done",
        reason: str = "",
        *,
        subtitle: bool = True,
    ) -> Path:
        """Add a film as a download does: under another name, renamed when it is complete."""
        target = Path(os.fsdecode(os.path.join(os.fsencode(self.library), os.fsencode(name))))
        arriving = target.with_name(".arriving.part")
        shutil.copyfile(film.path, arriving)
        arriving.rename(target)
        self.wanted[target] = Wanted(state, film.subtitle if subtitle else None, reason)
        return target

    def expects(self, film: Film, name: str) -> None:
        """Expect a subtitle for a film that was added in another way."""
        self.wanted[self.library / name] = Wanted("done", film.subtitle)

    def moved(self, old: Path, new: Path, *, following: bool) -> None:
        """Expect a media file at another path. Its subtitle is ``following`` it if it was done."""
        wanted = self.wanted.pop(old)
        if following:
            wanted = replace(wanted, state="up-to-date", reason="(ours)")
        self.wanted[new] = wanted

    def deleted(self, media_file: Path) -> None:
        """Delete a media file, which is expected to be missing from then on."""
        media_file.unlink()
        self.wanted[media_file] = Wanted("missing", None)

    def add_human_file(self, path: Path, content: bytes) -> Path:
        """Write a file of a person, which the daemon must not touch."""
        path.write_bytes(content)
        self.theirs[path] = content
        return path

    def hold(self) -> None:
        """Make the engine wait in the middle of the next chunk."""
        (self.desk / "hold").touch()

    def release(self) -> None:
        (self.desk / "hold").unlink(missing_ok=True)

    def until_held(self, limit: float = 60) -> None:
        """Wait until the engine is in the middle of a chunk."""

        def in_it() -> bool:
            kinds = [line.split()[0] for line in self.journal()]
            return kinds.count("begin") > kinds.count("end")

        self.until(in_it, limit, "a chunk is being transcribed")

    def journal(self) -> list[str]:
        path = self.desk / "journal"
        return path.read_text("utf-8").splitlines() if path.exists() else []

    def recognised(self) -> Counter[str]:
        """Return how often each chunk of each content was transcribed completely."""
        return Counter(line[4:] for line in self.journal() if line.startswith("end "))

    # What became of it.

    def states(self) -> dict[Path, tuple[str, str]]:
        """Return state and reason of every file in the database."""
        return {
            Path(os.fsdecode(path)): (state, reason)
            for path, state, reason in rows(
                self.state / "subtitled.sqlite", "SELECT path, state, reason FROM files"
            )
        }

    def until(
        self,
        fulfilled: Callable[[], object],
        limit: float,
        what: str,
        progress: Callable[[], object] = lambda: None,
    ) -> None:
        """Wait for a condition; fail with the log when nothing has come nearer to it for ``limit``.

        Args:
            fulfilled: The condition.
            limit: Seconds since the beginning, or since ``progress`` gave another value.
            what: The condition in words.
            progress: What changes while the daemon works towards the condition.
        """
        deadline, seen = time.monotonic() + limit, progress()
        while True:
            begin = time.monotonic()
            if fulfilled():
                return
            if (now := progress()) != seen:
                deadline, seen = time.monotonic() + limit, now
            assert begin < deadline, f"not within {limit} s: {what}\n{self.describe_logs()}"
            time.sleep(max(0.05, 10 * (time.monotonic() - begin)))

    def stays_alive(self, seconds: float) -> None:
        """Check for some seconds that the daemon runs and notifies its watchdog."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            beats = self._notices.beats
            self.until(
                lambda beats=beats: self._ended() or self._notices.beats > beats,
                BEAT,
                "it notifies the watchdog",
            )

    def until_state(
        self, media_file: Path, state: str, reason: str = "", limit: float = 60
    ) -> None:
        """Wait until a media file is in a state for a reason."""

        def in_it() -> bool:
            self._ended()
            there, why = self.states().get(media_file, ("", ""))
            return there == state and reason in why

        self.until(in_it, limit, f"{media_file} is {state} ({reason})")

    def all_well(self, limit: float = 90, *, repeated: int = 0, traced: bool = False) -> None:
        """Check the end of every test.

        All files must be in the expected state, all sidecars complete and right, all other files
        unchanged, with nothing left over. The daemon must run, be idle, and stop when asked.

        Args:
            limit: Seconds to wait for the expected states while no state changes and no chunk is
                transcribed.
            repeated: Chunks that may have been transcribed twice, one for each crash.
            traced: Whether the log may have tracebacks.
        """

        self.until(
            lambda: self._ended() or self._states_are_right(),
            limit,
            f"every file in its state: { {path: w.state for path, w in self.wanted.items()} }",
            progress=lambda: (self.states(), self.journal()),
        )
        self._library_is_right()
        self._alive_and_idle()
        again = sum(times - 1 for times in self.recognised().values())
        assert again <= repeated, self.recognised()
        self.stop()
        assert self._states_are_right(), "a file changed its state while nothing happened"
        self._library_is_right()
        self._nothing_is_left()
        assert traced or "Traceback" not in self.log.read_text("utf-8", "replace"), (
            self.describe_logs()
        )

    def _states_are_right(self) -> bool:
        there = self.states()
        return there.keys() == self.wanted.keys() and all(
            (there[path][0] == wanted.state and wanted.reason in there[path][1])
            or (wanted.state == "done" and _done_before(*there[path]))
            for path, wanted in self.wanted.items()
        )

    def _library_is_right(self) -> None:
        subtitles = {
            sidecar_of(media_file): wanted.subtitle
            for media_file, wanted in self.wanted.items()
            if wanted.subtitle is not None
        }
        there = {
            Path(os.fsdecode(os.path.join(folder, name)))
            for folder, _, names in os.walk(os.fsencode(self.library))
            for name in names
        }
        media = {path for path, wanted in self.wanted.items() if wanted.state != "missing"}
        expected = media | subtitles.keys() | self.theirs.keys()
        assert there == expected, (there - expected, expected - there, self.describe_logs())
        for path, content in (subtitles | self.theirs).items():
            assert path.read_bytes() == content, (path, self.describe_logs())

    def _alive_and_idle(self) -> None:
        assert self.process is not None
        self.until(lambda: self._notices.status == "Idle", 20, "its status is Idle")
        beats = self._notices.beats
        self.until(lambda: self._notices.beats > beats, BEAT + 1, "it notifies the watchdog")
        # What thousands of files have and need is examined after them.
        self.until(self._is_idle, 60, "it is not busy with nothing to do")
        assert self.ask("status")["running"]

    def _is_idle(self) -> bool:
        assert self.process is not None
        before = cpu_seconds(self.process.pid)
        time.sleep(1.0)
        return cpu_seconds(self.process.pid) - before < 0.4

    def _nothing_is_left(self) -> None:
        for left in self.state.rglob("*"):
            assert not left.name.endswith((".tmp", ".part")), left
        assert list((self.state / "scratch").iterdir()) == []
        for name in ("subtitled.sqlite", "jobs.sqlite"):
            assert rows(self.state / name, "PRAGMA integrity_check") == [("ok",)]
        assert inconsistencies(self.state) == []


def _done_before(state: str, reason: str) -> bool:
    """Check whether a file was done and then evaluated again: its subtitle exists and is ours."""
    return state == "up-to-date" and reason.endswith("(ours)")


class Notices:
    """The daemon's notifications to systemd: ready, status, watchdog."""

    def __init__(self, address: Path) -> None:
        self.address = address
        self.ready, self.status, self.beats = False, "", 0
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(address))
        threading.Thread(target=self._listen, daemon=True).start()

    def forget(self) -> None:
        self.ready, self.status = False, ""

    def close(self) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                message = self._socket.recv(8192).decode("utf-8", "replace")
            except OSError:
                return
            for line in message.splitlines():
                name, _, value = line.partition("=")
                if name == "READY":
                    self.ready = True
                elif name == "STATUS":
                    self.status = value
                elif name == "WATCHDOG":
                    self.beats += 1


def sidecar_of(media_file: Path) -> Path:
    """Return the expected path of a subtitle, computed without the product."""
    stem, _ = os.path.splitext(os.fsencode(media_file))
    return Path(os.fsdecode(stem + b".eo.srt"))


def rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query; none if the database does not exist yet."""
    try:
        opened = sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=20)
        try:
            return opened.execute(query).fetchall()
        finally:
            opened.close()
    except sqlite3.OperationalError as error:
        if "unable to open" in str(error) or "no such table" in str(error):
            return []
        raise


def inconsistencies(state: Path) -> list[str]:
    """Return sidecars that the database has but that are missing or different on disk."""
    recorded = rows(state / "subtitled.sqlite", "SELECT path, sha256 FROM sidecars")
    wrong = []
    for path, digest in recorded:
        try:
            there = hashlib.sha256(Path(os.fsdecode(path)).read_bytes()).hexdigest()
        except OSError as error:
            wrong.append(f"{path!r}: {error}")
        else:
            if there != digest:
                wrong.append(f"{path!r} has other content")
    return wrong


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
