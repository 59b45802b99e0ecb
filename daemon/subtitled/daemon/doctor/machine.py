"""The machine: ffmpeg, clock and time zone, sensors, the state folder."""

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
from subtitled.jobs.working_hours import timezone_of
from subtitled.plugin import CheckResult, SubtitledError
from subtitled.subtitles.publish import check_writable

from .. import sensors
from ..resource_monitor import read_sensors, unsupported

MIN_FREE_BYTES = 2 * 1024**3
"""Bytes that the state folder should have free: ten hours of decoded sound and some."""
REQUIRED_DECODERS = ("aac", "ac3", "eac3", "dca", "truehd", "mp3", "flac", "opus", "vorbis")
"""The sound of nearly all films; those of some NAS makers lack a few for want of licences."""
_TIMEOUT_SECONDS = 15.0
"""Seconds that a program may take to say what it is."""
_DAY_SECONDS = 24 * 3600.0


def check_ffmpeg() -> Iterator[CheckResult]:
    """Whether ffmpeg and ffprobe are there and can decode what films carry."""
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


def _check_decoders(listed: str) -> CheckResult:
    """``listed`` is what ``check_ffmpeg -decoders`` says: flags, a name and a description a
    line."""
    names = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    lacking = [name for name in REQUIRED_DECODERS if name not in names]
    return CheckResult(
        "ffmpeg's decoders",
        not lacking,
        f"it lacks {', '.join(lacking)}" if lacking else "all that films usually need",
        "Put an ffmpeg with all decoders before it in PATH: that of Debian, or a static build",
    )


def _program_output(*command: str) -> str | None:
    """What a program says, None if it fails."""
    try:
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout or None


def check_clock(
    schedule: ScheduleSettings, state: Path, now: float | None = None
) -> Iterator[CheckResult]:
    """Whether the clock can be right, and whose hours count."""
    now = time.time() if now is None else now
    built = Path(subtitled.__file__).stat().st_mtime
    try:
        written = (state / "ledger.sqlite").stat().st_mtime
    except OSError:
        written = built
    wrong = next(
        (
            reason
            for when, reason in (
                (built, "subtitled was installed after that"),
                (written, "the ledger was written after that"),
            )
            if now < when - _DAY_SECONDS
        ),
        "",
    )
    current_time = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    hint = "Set the clock, and have it kept: timedatectl set-ntp true"
    yield CheckResult(
        "clock", not wrong, f"{current_time}: {wrong}" if wrong else current_time, hint
    )
    yield _check_timezone(schedule, now)


def _check_timezone(schedule: ScheduleSettings, now: float) -> CheckResult:
    """Whether hours go by the clock that people here see."""
    local_time = time.localtime(now)
    timezone_name = (
        schedule.timezone or os.environ.get("TZ") or time.strftime("%Z (%z)", local_time)
    )
    hours = bool(schedule.windows or schedule.quiet_hours or schedule.libraries or schedule.engines)
    if not hours or schedule.timezone:
        return CheckResult("time zone", True, timezone_name)
    zone = timezone_of(schedule)
    ahead = datetime.fromtimestamp(now, zone).utcoffset()
    if ahead is None or ahead.total_seconds() != local_time.tm_gmtoff:
        timezone_name = f"hours go by {zone}, the clock here by {timezone_name}"
        return CheckResult(
            "time zone", False, timezone_name, "Set schedule.timezone, such as Europe/Berlin"
        )
    has_timezone = bool(os.environ.get("TZ")) or Path("/etc/localtime").exists()
    hint = "Hours are set, and this machine has no time zone: set schedule.timezone, or TZ"
    return CheckResult("time zone", has_timezone, timezone_name, hint)


def check_sensors(settings: ThrottleSettings) -> Iterator[CheckResult]:
    """The rules of the good neighbour that can hold nothing back, for want of a sensor."""
    cures = {
        "temperature": "No sensor is to be seen under /sys: load its driver, or take this out",
        "memory_pressure": "Start the kernel with psi=1, or set neighbour.free_memory instead",
        "ups": f"Install nut-client, and try: upsc {settings.ups} ups.status",
    }
    for key in unsupported(settings, read_sensors(settings, sensors.load_average)):
        hint = cures.get(key, "Let it read /proc, or take this out")
        yield CheckResult(f"neighbour.{key}", False, "this machine does not say", hint)


def check_state_folder(folder: Path) -> Iterator[CheckResult]:
    """Whether the state folder can be written to and has room."""
    try:
        check_writable(ensure_private_folder(folder))
        free = shutil.disk_usage(folder).free
    except (OSError, SubtitledError) as error:
        hint = getattr(error, "cure", "Set daemon.state_dir to a folder of yours")
        yield CheckResult("state folder", False, f"{folder}: {error}", hint)
        return
    yield CheckResult(
        "state folder",
        free >= MIN_FREE_BYTES,
        f"{folder}: {free / 1024**3:.1f} GiB free",
        "Make room: sound is decoded there, 115 MB an hour",
    )
