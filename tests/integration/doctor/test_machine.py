"""The doctor's checks of a machine, and that each hint solves the problem."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from subtitled.config.daemon_settings import ScheduleSettings, WorkingHoursSettings
from subtitled.config.load import load_config
from subtitled.daemon.doctor import machine
from subtitled.daemon.doctor.machine import check_clock, check_ffmpeg
from subtitled.daemon.lock import StateLock
from subtitled.jobcontext.services import open_database
from subtitled.plugin import CheckResult
from support.checked_installation import CheckedInstallation
from support.process_guard import killed_with_parent

Run = Callable[..., subprocess.CompletedProcess[str]]


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)


def test_a_machine_in_order_has_nothing_wrong_and_status_0(
    installation: CheckedInstallation, subtitled: Run
) -> None:
    assert installation.wrong() == {}
    ran = subtitled("--config", installation.config, "doctor")
    assert ran.returncode == 0, ran.stdout
    assert "WRONG" not in ran.stdout


def test_an_ffmpeg_that_lacks_decoders_is_cured_by_another_before_it_in_the_path(
    installation: CheckedInstallation, monkeypatch: pytest.MonkeyPatch, subtitled: Run
) -> None:
    real, bare = shutil.which("ffmpeg"), installation.place / "bare"
    program(bare, "ffmpeg", f'{real} "$@" | grep -v -w -e dca -e truehd')
    monkeypatch.setenv("PATH", f"{bare}{os.pathsep}{os.environ['PATH']}")
    ran = subtitled("--config", installation.config, "doctor")
    assert ran.returncode == 1
    assert "WRONG" in ran.stdout
    wrong = installation.wrong()
    assert list(wrong) == ["ffmpeg's decoders"]
    assert wrong["ffmpeg's decoders"].detail == "it lacks dca, truehd"
    good = installation.place / "good"
    good.mkdir()
    (good / "ffmpeg").symlink_to(str(real))
    monkeypatch.setenv("PATH", f"{good}{os.pathsep}{os.environ['PATH']}")
    assert installation.wrong() == {}


def test_missing_ffmpeg_and_ffmpeg_that_does_not_run_have_different_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "ffmpeg", "exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    findings = {found.subject: found for found in check_ffmpeg()}
    assert findings["ffmpeg"].detail == f"{tmp_path}/bin/ffmpeg does not run"
    assert findings["ffprobe"].detail == "not installed"
    assert not findings["ffmpeg"].ok and not findings["ffprobe"].ok


@pytest.mark.parametrize("years", [-1, -30])
def test_a_clock_that_lost_its_battery_is_found_by_what_was_written_later(
    tmp_path: Path, years: int
) -> None:
    now = time.time()
    assert all(found.ok for found in check_clock(ScheduleSettings(), tmp_path, now))
    # A package may have been built long ago, so the database's time is checked too.
    (tmp_path / "subtitled.sqlite").touch()
    (finding, _) = check_clock(ScheduleSettings(), tmp_path, now + years * 365 * 86400)
    assert not finding.ok
    assert "after that" in finding.detail
    assert "Set the clock" in finding.hint


def test_hours_of_a_zone_that_is_not_the_clock_s_are_cured_by_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A container with this machine's /etc/localtime and its own /etc/timezone.
    monkeypatch.setattr(machine, "timezone_of", lambda schedule: ZoneInfo("Pacific/Kiritimati"))
    quiet = ("22:00-06:00",)
    (_, finding) = check_clock(ScheduleSettings(quiet_hours=quiet), tmp_path)
    assert not finding.ok
    assert "working hours use Pacific/Kiritimati, the clock here uses" in finding.detail
    hours = WorkingHoursSettings(windows=("00:00-06:00",))
    (_, finding) = check_clock(ScheduleSettings(libraries={"films": hours}), tmp_path)
    assert not finding.ok
    (_, finding) = check_clock(
        ScheduleSettings(quiet_hours=quiet, timezone="Europe/Berlin"), tmp_path
    )
    assert finding.ok
    (_, finding) = check_clock(ScheduleSettings(), tmp_path)
    assert finding.ok  # no working hours are set


def test_a_rule_for_which_there_is_no_sensor_is_cured_by_the_sensor(
    installation: CheckedInstallation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.write('[throttle]\nups = "den@localhost"\nmax_load = 3\n')
    tools = installation.place / "tools"
    program(tools, "upsc", "echo Error: Connection failure >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    wrong = installation.wrong()
    assert list(wrong) == ["throttle.ups"]
    assert "upsc den@localhost ups.status" in wrong["throttle.ups"].hint
    program(tools, "upsc", "echo OL")
    assert installation.wrong() == {}


def test_a_state_folder_that_cannot_be_is_cured_by_another(
    installation: CheckedInstallation,
) -> None:
    taken = installation.place / "taken"
    taken.touch()
    good, installation.state = installation.state, taken / "st"
    installation.write()
    wrong = installation.wrong()
    assert "cannot be created" in wrong["state folder"].detail
    assert "daemon.state_dir" in wrong["state folder"].hint
    installation.state = good
    installation.write()
    assert installation.wrong() == {}


FULL = """
import subprocess, sys
from pathlib import Path
from subtitled.config.load import load_config
from subtitled.daemon.doctor import check_machine
config = Path(sys.argv[1])
def wrong():
    findings = check_machine(load_config(config), config)
    return sorted((f.subject, f.hint) for f in findings if not f.ok)
state, films = config.parent / "st", config.parent / "films"
state.mkdir()
mount = ["mount", "-t", "tmpfs", "-o"]
subprocess.run([*mount, "size=1m", "none", state], check=True)
subprocess.run([*mount, "size=60m", "none", films], check=True)
(films / "other").write_bytes(bytes(20_000_000))
try:
    (state / "other").write_bytes(bytes(2_000_000))
except OSError:
    pass
print(wrong())
subprocess.run(["umount", state], check=True)
(films / "other").unlink()
print(wrong())
subprocess.run([*mount, "remount,ro,size=60m", "none", films], check=True)
print(wrong())
subprocess.run([*mount, "remount,rw,size=60m", "none", films], check=True)
print(wrong())
"""


def test_full_disks_and_a_read_only_library_are_found_and_cured_by_room_and_rights(
    installation: CheckedInstallation, in_its_own_mounts: Callable[[str, Path], str]
) -> None:
    full, roomy, closed, cured = in_its_own_mounts(FULL, installation.config).splitlines()
    assert "('library films', 'Free space on its disk')" in full
    assert "('state folder', 'Free space there')" in full
    assert roomy == cured == "[]"
    assert closed == "[('library films', 'Mount it writable')]"


def test_damaged_database_has_the_hint_to_rebuild_it(
    installation: CheckedInstallation, subtitled: Run
) -> None:
    open_database(load_config(installation.config)).close()
    database = installation.state / "subtitled.sqlite"
    whole = database.read_bytes()
    database.write_bytes(whole[:4096] + os.urandom(4096) + whole[8192:])
    for ending in ("-wal", "-shm"):
        database.with_name(database.name + ending).unlink(missing_ok=True)
    wrong = installation.wrong()
    assert list(wrong) == ["subtitled.sqlite"]
    lock = StateLock(installation.state)  # a daemon that has read the file keeps running
    assert list(installation.wrong()) == ["subtitled.sqlite"]
    lock.release()
    assert "subtitled state rebuild --from-scratch" in wrong["subtitled.sqlite"].hint
    rebuilt = subtitled("--config", installation.config, "state", "rebuild", "--from-scratch")
    assert rebuilt.returncode == 0, rebuilt.stderr
    assert installation.wrong() == {}


def test_a_damaged_store_of_jobs_is_cured_by_moving_it_away(
    installation: CheckedInstallation,
) -> None:
    installation.state.mkdir()
    work = installation.state / "jobs.sqlite"
    with sqlite3.connect(work) as there:
        there.execute("CREATE TABLE jobs (id)")
    work.write_bytes(b"no database" + work.read_bytes()[11:])
    wrong = installation.wrong()
    assert list(wrong) == ["jobs.sqlite"]
    assert "move it away" in wrong["jobs.sqlite"].hint
    work.rename(installation.place / "jobs.sqlite")
    assert installation.wrong() == {}


def test_another_daemon_in_the_same_library_is_wrong_and_one_elsewhere_is_named(
    installation: CheckedInstallation, tmp_path: Path
) -> None:
    (tmp_path / "series").mkdir()

    def start(name: str, library: Path) -> subprocess.Popen[bytes]:
        config = tmp_path / f"{name}.toml"
        config.write_text(
            f'[daemon]\nstate_dir = "{tmp_path}/{name}"\n[libraries.a]\npath = "{library}"\n'
        )
        return subprocess.Popen(
            killed_with_parent(sys.executable, "-m", "subtitled", "--config", config, "run"),
            stdin=subprocess.DEVNULL,
            stderr=(tmp_path / f"{name}.log").open("wb"),
        )

    both = start("both", installation.films)
    apart = start("apart", tmp_path / "series")
    try:
        deadline = time.monotonic() + 30
        while any(
            b"scanned a" not in (tmp_path / name).read_bytes() for name in ("both.log", "apart.log")
        ):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        problems = installation.wrong()
        assert list(problems) == ["other daemons"]
        assert f"process {both.pid}," in problems["other daemons"].detail
        assert "uses library films too" in problems["other daemons"].detail
        assert problems["other daemons"].hint.startswith("Stop one of the two")
        both.kill()
        both.wait()
        assert installation.wrong() == {}
        details = [
            found.detail for found in installation.found() if found.subject == "other daemons"
        ]
        assert any(f"process {apart.pid}," in detail for detail in details)
    finally:
        for daemon in (both, apart):
            daemon.kill()
            daemon.wait()


def test_it_is_said_whether_ffmpeg_is_confined(monkeypatch: pytest.MonkeyPatch) -> None:
    def describe() -> CheckResult:
        return next(found for found in check_ffmpeg() if found.subject == "ffmpeg's confinement")

    assert describe().ok
    monkeypatch.setattr(machine, "confinement_problem", lambda executable: "no Landlock")
    assert describe().ok, "an old kernel is no fault"
    assert "not in force (no Landlock)" in describe().detail
