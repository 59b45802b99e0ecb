"""The real daemon in its own process, with real files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.process_guard import killed_with_parent
from support.recorded_speech import Recording

Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.model


class Daemon:
    """A daemon with one library."""

    def __init__(self, home: Path, run: Run, extra: str = "") -> None:
        self.library = home / "films"
        self.library.mkdir(exist_ok=True)
        self.state = home / "state"
        self.config = home / "config.toml"
        self.config.write_text(
            f'[daemon]\nstate_dir = "{self.state}"\nchunk_duration = "12s"\nretry_delay = "1h"\n'
            f'[libraries.films]\npath = "{self.library}"\nlanguages = ["original", "en"]\n'
            f'stability_delay = "1s"\n{extra}',
            "utf-8",
        )
        self._run = run
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home / "daemon.log"

    def start(self, **environment: str) -> None:
        self.process = subprocess.Popen(
            killed_with_parent(sys.executable, "-m", "subtitled", "--config", self.config, "run"),
            stderr=self.log.open("ab"),
            stdin=subprocess.DEVNULL,
            env=os.environ | environment,
            start_new_session=True,
        )

    def ask(self, *arguments: object) -> Any:
        ran = self._run("--config", self.config, *arguments, "--json")
        assert ran.stdout, ran.stderr
        return json.loads(ran.stdout)

    def wait_for(self, state: str, limit: float = 120) -> Any:
        deadline = time.monotonic() + limit
        while True:
            status = self.ask("status")
            if status["files"].get(state):
                return status
            assert time.monotonic() < deadline, (status, self.log.read_text())
            time.sleep(0.3)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if number is signal.SIGKILL:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)
        return self.process.wait(15)


@pytest.fixture
def daemon(home: Path, subtitled: Run, model_base: Path) -> Iterator[Daemon]:
    created = Daemon(home, subtitled)
    yield created
    if created.process is not None and created.process.poll() is None:
        os.killpg(created.process.pid, signal.SIGKILL)
        created.process.wait()


def _arrive(source: Path, target: Path) -> None:
    part = target.with_name(target.name + ".part")
    shutil.copyfile(source, part)
    part.rename(target)


def test_new_film_gets_both_languages_and_the_daemon_stops_quickly(
    daemon: Daemon, film: Callable[..., Path], french_speech: Recording
) -> None:
    source = film("source.mkv", french_speech.path)
    daemon.start()
    time.sleep(3)
    _arrive(source, daemon.library / "Le [numéro] 100%.mkv")
    daemon.wait_for("working")
    second = subprocess.run(
        [sys.executable, "-m", "subtitled", "--config", str(daemon.config), "run"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert second.returncode == 2
    assert f"process {daemon.process.pid}" in second.stderr  # type: ignore[union-attr]
    daemon.wait_for("done")
    names = sorted(path.name for path in daemon.library.iterdir())
    assert names == [
        "Le [numéro] 100%.en.srt",
        "Le [numéro] 100%.fr.srt",
        "Le [numéro] 100%.mkv",
    ]
    assert french_speech.phrase in (daemon.library / "Le [numéro] 100%.fr.srt").read_text("utf-8")
    assert list((daemon.state / "scratch").iterdir()) == []
    begin = time.monotonic()
    assert daemon.end() == 0
    assert time.monotonic() - begin < 10


def test_killed_daemon_resumes_and_transcribes_no_stored_chunk_again(
    daemon: Daemon, english_speech: Recording
) -> None:
    daemon.config.write_text(daemon.config.read_text().replace('"12s"', '"4s"'))
    shutil.copyfile(english_speech.path, daemon.library / "Prompts.flac")
    daemon.start()
    transcripts = daemon.state / "transcripts"
    deadline = time.monotonic() + 90
    while len(list(transcripts.rglob("*-*.json"))) < 2:
        assert time.monotonic() < deadline, daemon.log.read_text()
        time.sleep(0.05)
    daemon.end(signal.SIGKILL)
    before = {path: path.stat().st_mtime_ns for path in transcripts.rglob("*-*.json")}
    assert before
    daemon.start()
    daemon.wait_for("done")
    for path, written in before.items():
        assert path.stat().st_mtime_ns == written
    assert [path.name for path in daemon.library.glob("*.srt")] == ["Prompts.en.srt"]
    assert [p for p in daemon.library.iterdir() if p.name.startswith(".")] == []


@pytest.mark.slow
def test_bad_files_are_remembered_with_reason_and_the_daemon_goes_on(
    daemon: Daemon, film: Callable[..., Path], english_speech: Recording
) -> None:
    (daemon.library / "text.mkv").write_text("no film\n" * 50)
    (daemon.library / "empty.mkv").touch()
    whole = film("whole.mkv", "sine=d=60", ("-t", "60"))
    (daemon.library / "cut.mkv").write_bytes(whole.read_bytes()[: whole.stat().st_size // 3])
    shutil.copyfile(film("silent.mkv", None), daemon.library / "silent.mkv")
    shutil.copyfile(film("tone.mkv", "sine=d=3"), daemon.library / "tone.mkv")
    shutil.copyfile(english_speech.path, daemon.library / "untagged.flac")
    daemon.start()
    daemon.wait_for("done")
    daemon.wait_for("no-speech")
    deadline = time.monotonic() + 60
    while daemon.ask("status")["files"] != {"done": 1, "failed": 4, "no-speech": 1}:
        assert time.monotonic() < deadline, daemon.ask("status")
        time.sleep(0.5)
    for name, reason in {
        "text.mkv": "not a media file",
        "empty.mkv": "is empty",
        "cut.mkv": "cut off",
        "silent.mkv": "no sound",
        "tone.mkv": "no speech found",
    }.items():
        explanation = daemon.ask("explain", daemon.library / name)
        assert reason in explanation["database"]["reason"], explanation
    assert daemon.end() == 0


def test_pausing_halts_and_reloading_takes_new_settings(
    daemon: Daemon, english_speech: Recording, subtitled: Run
) -> None:
    subtitled("--config", daemon.config, "queue", "pause")
    shutil.copyfile(english_speech.path, daemon.library / "Prompts.flac")
    daemon.start()
    daemon.wait_for("queued")
    time.sleep(3)
    assert list(daemon.library.glob("*.srt")) == []
    subtitled("--config", daemon.config, "queue", "resume")
    daemon.wait_for("done")
    assert [path.name for path in daemon.library.glob("*.srt")] == ["Prompts.en.srt"]
    both = '[libraries.films]\nformats = ["srt", "vtt"]'
    daemon.config.write_text(daemon.config.read_text().replace("[libraries.films]", both))
    assert daemon.process is not None
    daemon.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 60
    while not (daemon.library / "Prompts.en.vtt").exists():
        assert time.monotonic() < deadline, daemon.log.read_text()
        time.sleep(0.2)
    with sqlite3.connect(daemon.state / "jobs.sqlite") as database:
        steps = database.execute("SELECT count(*) FROM operation_outputs").fetchone()[0]
    assert steps > 10
    assert daemon.end() == 0


def test_systemd_gets_ready_status_watchdog_and_stopping(daemon: Daemon, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        daemon.start(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="2000000")
        messages = ""
        while not all(word in messages for word in ("READY=1", "STATUS=Idle", "WATCHDOG=1")):
            messages += listener.recv(4096).decode() + "\n"
        daemon.end()
        while "STOPPING=1" not in messages:
            messages += listener.recv(4096).decode() + "\n"
    assert messages.index("READY=1") < messages.index("STOPPING=1")
