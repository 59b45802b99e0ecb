"""Checks of the machine: ffmpeg, clock and time zone, sensors, the state folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import subtitled
from subtitled.config.daemon_settings import ScheduleSettings, ThrottleSettings
from subtitled.config.paths import ensure_private_folder
from subtitled.db.state_folder import DATABASE_FILE
from subtitled.jobs.working_hours import timezone_of
from subtitled.plugin import CheckResult, SubtitledError
from subtitled.plugin.confinement import confinement_problem, landlock_version
from subtitled.subtitles.publish import check_writable

from .. import sensors
from ..resource_monitor import read_sensors, unsupported

MIN_FREE_BYTES = 2 * 1024**3
"""Bytes that the state folder should have free: 10 hours of decoded audio and some more."""
REQUIRED_DECODERS = ("aac", "ac3", "eac3", "dca", "truehd", "mp3", "flac", "opus", "vorbis")
"""Audio codecs of nearly all films. Builds of some NAS makers lack a few for licence reasons."""
_TIMEOUT_SECONDS = 15.0
"""Seconds that a program may take to print its version."""
_DAY_SECONDS = 24 * 3600.0


def check_ffmpeg() -> Iterator[CheckResult]:
    """Check that ffmpeg and ffprobe run and can decode the audio of films."""
    hint = "Install it: apt install ffmpeg"
    for program in ("ffmpeg", "ffprobe"):
        version_text = _program_output(program, "-version") if shutil.which(program) else None
        if version_text is None:
            executable = shutil.which(program)
            detail = f"{executable} does not run" if executable else "not installed"
            yield CheckResult(program, False, detail, hint)
        else:
            yield CheckResult(
                program, True, version_text.splitlines()[0].partition(" Copyright")[0]
            )
            if program == "ffmpeg":
                yield _check_decoders(_program_output(program, "-hide_banner", "-decoders") or "")
                yield _check_confinement(shutil.which(program) or program)


def _check_confinement(executable: str) -> CheckResult:
    """Report whether ffmpeg can open the one media file only. It works without that as well."""
    problem = confinement_problem(executable)
    if problem:
        detail = f"not in force ({problem}); formats that open other files are refused all the same"
        return CheckResult("ffmpeg's confinement", True, detail)
    detail = f"it can open the one file and no socket (Landlock {landlock_version()})"
    return CheckResult("ffmpeg's confinement", True, detail)


def _check_decoders(output: str) -> CheckResult:
    """Check the output of ``ffmpeg -decoders``: flags, a name and a description on each line."""
    names = {line.split()[1] for line in output.splitlines() if len(line.split()) > 1}
    lacking = [name for name in REQUIRED_DECODERS if name not in names]
    return CheckResult(
        "ffmpeg's decoders",
        not lacking,
        f"it lacks {', '.join(lacking)}" if lacking else "all that films usually need",
        "Put an ffmpeg with all decoders before it in PATH: that of Debian, or a static build",
    )


def _program_output(*command: str) -> str | None:
    """Return the output of a program; None if it fails."""
    try:
        completed = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return completed.stdout or None


def check_clock(
    schedule: ScheduleSettings, state: Path, now: float | None = None
) -> Iterator[CheckResult]:
    """Check that the clock is plausible, and which time zone the working hours use."""
    now = time.time() if now is None else now
    installed_at = Path(subtitled.__file__).stat().st_mtime
    try:
        written_at = (state / DATABASE_FILE).stat().st_mtime
    except OSError:
        written_at = installed_at
    error = next(
        (
            reason
            for at, reason in (
                (installed_at, "subtitled was installed after that"),
                (written_at, "the database was written after that"),
            )
            if now < at - _DAY_SECONDS
        ),
        "",
    )
    current_time = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    hint = "Set the clock, and synchronise it: timedatectl set-ntp true"
    yield CheckResult(
        "clock", not error, f"{current_time}: {error}" if error else current_time, hint
    )
    yield _check_timezone(schedule, now)


def _check_timezone(schedule: ScheduleSettings, now: float) -> CheckResult:
    """Check that working hours use the time zone of this machine's clock."""
    local_time = time.localtime(now)
    timezone_name = (
        schedule.timezone or os.environ.get("TZ") or time.strftime("%Z (%z)", local_time)
    )
    hours = bool(schedule.windows or schedule.quiet_hours or schedule.libraries or schedule.engines)
    if not hours or schedule.timezone:
        return CheckResult("time zone", True, timezone_name)
    zone = timezone_of(schedule)
    offset = datetime.fromtimestamp(now, zone).utcoffset()
    if offset is None or offset.total_seconds() != local_time.tm_gmtoff:
        detail = f"working hours use {zone}, the clock here uses {timezone_name}"
        return CheckResult("time zone", False, detail, "Set schedule.timezone, as in Europe/Berlin")
    has_timezone = bool(os.environ.get("TZ")) or Path("/etc/localtime").exists()
    hint = "Working hours are set, and this machine has no time zone: set schedule.timezone, or TZ"
    return CheckResult("time zone", has_timezone, timezone_name, hint)


def check_sensors(settings: ThrottleSettings) -> Iterator[CheckResult]:
    """Report the throttle rules that have no effect because this machine lacks their sensor."""
    hints = {
        "max_temperature": "No sensor is visible under /sys: load its driver, or remove this key",
        "max_memory_pressure": "Start the kernel with psi=1, or use throttle.min_free_memory_mb",
        "ups": f"Install nut-client, and try: upsc {settings.ups} ups.status",
    }
    for key in unsupported(settings, read_sensors(settings, sensors.load_average)):
        hint = hints.get(key, "Let the daemon read /proc, or remove this key")
        yield CheckResult(f"throttle.{key}", False, "not supported on this machine", hint)


def check_state_folder(folder: Path) -> Iterator[CheckResult]:
    """Check that the state folder is writable and has free space."""
    try:
        check_writable(ensure_private_folder(folder))
        free = shutil.disk_usage(folder).free
    except (OSError, SubtitledError) as error:
        hint = getattr(error, "hint", "Set daemon.state_dir to a folder of yours")
        yield CheckResult("state folder", False, f"{folder}: {error}", hint)
        return
    yield CheckResult(
        "state folder",
        free >= MIN_FREE_BYTES,
        f"{folder}: {free / 1024**3:.1f} GiB free",
        "Free space: audio is decoded there, 115 MB an hour",
    )
