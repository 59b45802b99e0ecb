"""Confinement: a program opens the named files and no socket, and the daemon keeps its rights."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from subtitled.plugin import confinement
from subtitled.plugin.confinement import Limits, landlock_version, start_confined

PIPES: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
needs_landlock = pytest.mark.skipif(not landlock_version(), reason="this kernel has no Landlock")


@pytest.fixture(autouse=True)
def _every_program_may_be_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the self-test out, which needs a program that knows ``-version``."""
    if landlock_version():
        monkeypatch.setattr(confinement, "confinement_problem", lambda executable: "")


def _run(script: str, limits: Limits) -> tuple[str, str]:
    process = start_confined(["/bin/sh", "-c", script], limits, **PIPES)
    out, errors = process.communicate(timeout=20)
    return out.decode(), errors.decode()


@needs_landlock
def test_a_confined_program_reads_and_writes_the_named_files_only(tmp_path: Path) -> None:
    film, other, published = tmp_path / "film", tmp_path / "other", tmp_path / "made"
    film.write_text("film")
    other.write_text("other")
    script = (
        f"cat {film}; cat {other}; echo new > {published}; echo new > {tmp_path}/stray; ls /etc"
    )
    out, errors = _run(script, Limits(reads=(film,), writes=(published,)))
    assert out == "film"
    assert errors.count("ermission denied") == 3
    assert published.read_text() == "new\n"
    assert not (tmp_path / "stray").exists()
    assert other.read_text() == "other", "the daemon itself keeps its rights"


@needs_landlock
def test_a_confined_program_gets_no_socket() -> None:
    script = (
        "import socket\n"
        "for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):\n"
        "    try: socket.socket(family)\n"
        "    except OSError as error: print(error.strerror)\n"
    )
    python = str(Path(sys.executable).resolve())
    process = start_confined([python, "-S", "-c", script], Limits(), **PIPES)
    out, errors = process.communicate(timeout=20)
    assert out.decode().splitlines() == ["Permission denied"] * 3, errors.decode()


def test_a_program_that_writes_more_than_it_may_is_killed(tmp_path: Path) -> None:
    limits = Limits(writes=(tmp_path / "audio",), file_bytes=100_000)
    command = ["/bin/sh", "-c", f"sleep 0.2; exec head -c 1000000 /dev/zero > {tmp_path}/audio"]
    process = start_confined(command, limits, **PIPES)
    process.communicate(timeout=20)
    assert process.returncode != 0
    assert (tmp_path / "audio").stat().st_size <= 100_000


@needs_landlock
def test_confinement_costs_few_milliseconds(tmp_path: Path) -> None:
    film = tmp_path / "film"
    film.touch()

    def measure(limits: Limits | None) -> float:
        begin = time.perf_counter()
        if limits is None:
            process = subprocess.Popen(["/bin/true"])
        else:
            process = start_confined(["/bin/true"], limits)
        seconds = time.perf_counter() - begin
        process.wait()
        return seconds

    plain = min(measure(None) for _ in range(20))
    confined = min(measure(Limits(reads=(film,))) for _ in range(20))
    assert confined - plain < 0.05  # 2 ms on a quiet machine; another interpreter would take more


def test_without_landlock_programs_run_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confinement, "confinement_problem", lambda executable: "no Landlock")
    (tmp_path / "film").write_text("film")
    assert _run(f"cat {tmp_path}/film", Limits()) == ("film", "")
