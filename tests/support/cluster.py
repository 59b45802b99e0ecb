"""A cluster: a real daemon and real workers over one library, with an engine that can be held."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

DAEMON = "daemon"


class WorkerCluster:
    """Processes by name; ``daemon`` is the daemon. Times are seconds."""

    def __init__(
        self, place: Path, site: Path, *, server: str = "", daemon: str = "", more: str = ""
    ) -> None:
        """Prepare a cluster.

        Args:
            place: Its folder.
            site: A folder of packages with the fake engine.
            server: A PostgreSQL URL. Each process then has its own scratch folder, as on its own
                machine.
            daemon: More lines for ``[daemon]``.
            more: More sections.
        """
        self.place, self._site = place, site
        self.library, self.state = place / "films", place / "state"
        self.desk, self.config = place / "desk", place / "config.toml"
        for folder in (place, self.library, self.state, self.desk):
            folder.mkdir(exist_ok=True)
        self._server = server
        if server:
            (place / "database").write_text(server)
            daemon += f'\ndatabase = {{file = "{place}/database"}}\n'
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\nchunk_duration = "3s"\n'
            f'retry_delay = "5s"\n{daemon}\n'
            f'[engines.digest]\ndesk = "{self.desk}"\n'
            f'[libraries.films]\npath = "{self.library}"\nstability_delay = "1s"\n{more}',
            "utf-8",
        )
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str = DAEMON, **environment: str) -> None:
        """Start the daemon or a worker."""
        config = self.config
        if self._server:
            config = self.place / f"{name}.toml"
            here = f'[daemon]\nscratch_dir = "{self.place}/scratch-{name}"'
            config.write_text(self.config.read_text().replace("[daemon]", here))
        with self._log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "subtitled",
                    "--config",
                    str(config),
                    *(["run"] if name == DAEMON else ["worker", name]),
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(**environment),
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a process and its children, as a crash of its machine would."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> float:
        """Ask a process to stop and return how long it took."""
        process, begin = self.processes.pop(name), time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0, self.describe_logs()
        return time.monotonic() - begin

    def close(self) -> None:
        self.release()
        for name in list(self.processes):
            self.kill(name)

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            self._command(*arguments),
            capture_output=True,
            text=True,
            timeout=60,
            stdin=subprocess.DEVNULL,
            env=self._environment() | {"COLUMNS": "200"},
            check=False,
        )

    def ask(self, *arguments: object) -> Any:
        """Return the JSON output of a command."""
        ran = self.run(*arguments, "--json")
        assert ran.stdout, ran.stderr
        return json.loads(ran.stdout)

    def arrives(self, source: Path, name: str) -> Path:
        """Add a film as downloaders do: under another name, renamed when complete."""
        part = self.library / f".{name}.part"
        shutil.copyfile(source, part)
        return part.rename(self.library / name)

    def hold(self) -> None:
        """Make every engine wait in the middle of its next chunk."""
        (self.desk / "hold").touch()

    def release(self) -> None:
        (self.desk / "hold").unlink(missing_ok=True)

    def held(self) -> int:
        """Return how many chunks are being transcribed."""
        counts = Counter(line.split()[0] for line in self.journal())
        return counts["begin"] - counts["end"]

    def journal(self) -> list[str]:
        """Return the calls of engines in all processes: ``begin WHAT`` and ``end WHAT``."""
        file = self.desk / "journal"
        return file.read_text("utf-8").splitlines() if file.exists() else []

    def transcribed_twice(self) -> list[str]:
        """Return the chunks that were transcribed more than once."""
        ends = Counter(line for line in self.journal() if line.startswith("end "))
        return [line for line, times in ends.items() if times > 1]

    def at_work(self) -> dict[str, str]:
        """Return which process works on which film."""
        return {
            one["worker"]: Path(one["path"]).name
            for one in self.ask("status")["active_jobs"]
            if one["worker"]
        }

    def subtitles(self) -> list[str]:
        return sorted(path.name for path in self.library.iterdir() if path.suffix == ".srt")

    def until(self, true: Callable[[], Any], what: str, limit: float = 60) -> Any:
        """Wait until a condition is true and return its value."""
        deadline = time.monotonic() + limit
        while not (found := true()):
            assert time.monotonic() < deadline, f"not in {limit} s: {what}\n{self.describe_logs()}"
            for name, process in self.processes.items():
                assert process.poll() is None, f"{name} has ended\n{self.describe_logs()}"
            time.sleep(0.1)
        return found

    def until_done(self, number: int, limit: float = 90) -> None:
        self.until(
            lambda: self.ask("status")["files"] == {"done": number}, f"{number} are done", limit
        )

    def log(self, name: str) -> str:
        """Return the log of a process."""
        return self._log(name).read_text("utf-8", "replace")

    def describe_logs(self) -> str:
        """Return the ends of all logs and of the journal, for messages."""
        logs = {path.name: path.read_text("utf-8", "replace") for path in self.place.glob("*.log")}
        journal = "\n".join(self.journal()[-40:])
        return "\n".join(f"{name}:\n{text[-3000:]}" for name, text in logs.items()) + journal

    def _log(self, name: str) -> Path:
        return self.place / f"{name}.log"

    def _command(self, *arguments: object) -> list[str]:
        return [
            sys.executable,
            "-m",
            "subtitled",
            "--config",
            str(self.config),
            *map(str, arguments),
        ]

    def _environment(self, **more: str) -> dict[str, str]:
        paths = os.pathsep.join(filter(None, [str(self._site), os.environ.get("PYTHONPATH")]))
        return os.environ | {"PYTHONPATH": paths, **more}
