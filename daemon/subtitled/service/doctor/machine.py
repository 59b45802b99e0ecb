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
from subtitled.config.neighbour import NeighbourSettings
from subtitled.config.places import ensure_private
from subtitled.config.schedule import ScheduleSettings
from subtitled.jobs.hours import zone_of
from subtitled.plugin import Finding, Problem
from subtitled.subtitles.publish import can_write

from .. import sensors
from ..senses import mute, readings

LEAST_FREE = 2 * 1024**3
"""Bytes that the state folder should have free: ten hours of decoded sound and some."""
DECODERS = ("aac", "ac3", "eac3", "dca", "truehd", "mp3", "flac", "opus", "vorbis")
"""The sound of nearly all films; those of some NAS makers lack a few for want of licences."""
_LIMIT = 15.0
"""Seconds that a program may take to say what it is."""
_DAY = 24 * 3600.0


def ffmpeg() -> Iterator[Finding]:
    """Whether ffmpeg and ffprobe are there and can decode what films carry."""
    cure = "Install it: apt install ffmpeg"
    for program in ("ffmpeg", "ffprobe"):
        said = _said(program, "-version") if shutil.which(program) else None
        if said is None:
            there = shutil.which(program)
            detail = f"{there} does not run" if there else "not installed"
            yield Finding(program, False, detail, cure)
        else:
            yield Finding(program, True, said.splitlines()[0].partition(" Copyright")[0])
            if program == "ffmpeg":
                yield _decoders(_said(program, "-hide_banner", "-decoders") or "")


def _decoders(listed: str) -> Finding:
    """``listed`` is what ``ffmpeg -decoders`` says: flags, a name and a description a line."""
    names = {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}
    lacking = [name for name in DECODERS if name not in names]
    return Finding(
        "ffmpeg's decoders",
        not lacking,
        f"it lacks {', '.join(lacking)}" if lacking else "all that films usually need",
        "Put an ffmpeg with all decoders before it in PATH: that of Debian, or a static build",
    )


def _said(*command: str) -> str | None:
    """What a program says, None if it fails."""
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_LIMIT, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return ran.stdout or None


def clock(schedule: ScheduleSettings, state: Path, now: float | None = None) -> Iterator[Finding]:
    """Whether the clock can be right, and whose hours count."""
    now = time.time() if now is None else now
    built = Path(subtitled.__file__).stat().st_mtime
    try:
        written = (state / "ledger.sqlite").stat().st_mtime
    except OSError:
        written = built
    wrong = next(
        (
            why
            for when, why in (
                (built, "subtitled was installed after that"),
                (written, "the ledger was written after that"),
            )
            if now < when - _DAY
        ),
        "",
    )
    said = time.strftime("%Y-%m-%d %H:%M", time.localtime(now))
    cure = "Set the clock, and have it kept: timedatectl set-ntp true"
    yield Finding("clock", not wrong, f"{said}: {wrong}" if wrong else said, cure)
    yield _zone(schedule, now)


def _zone(schedule: ScheduleSettings, now: float) -> Finding:
    """Whether hours go by the clock that people here see."""
    here = time.localtime(now)
    said = schedule.timezone or os.environ.get("TZ") or time.strftime("%Z (%z)", here)
    hours = bool(schedule.windows or schedule.quiet or schedule.libraries or schedule.engines)
    if not hours or schedule.timezone:
        return Finding("time zone", True, said)
    zone = zone_of(schedule)
    ahead = datetime.fromtimestamp(now, zone).utcoffset()
    if ahead is None or ahead.total_seconds() != here.tm_gmtoff:
        said = f"hours go by {zone}, the clock here by {said}"
        return Finding("time zone", False, said, "Set schedule.timezone, such as Europe/Berlin")
    known = bool(os.environ.get("TZ")) or Path("/etc/localtime").exists()
    cure = "Hours are set, and this machine has no time zone: set schedule.timezone, or TZ"
    return Finding("time zone", known, said, cure)


def senses(settings: NeighbourSettings) -> Iterator[Finding]:
    """The rules of the good neighbour that can hold nothing back, for want of a sensor."""
    cures = {
        "temperature": "No sensor is to be seen under /sys: load its driver, or take this out",
        "memory_pressure": "Start the kernel with psi=1, or set neighbour.free_memory instead",
        "ups": f"Install nut-client, and try: upsc {settings.ups} ups.status",
    }
    for key in mute(settings, readings(settings, sensors.load_average)):
        cure = cures.get(key, "Let it read /proc, or take this out")
        yield Finding(f"neighbour.{key}", False, "this machine does not say", cure)


def state_folder(folder: Path) -> Iterator[Finding]:
    """Whether the state folder can be written to and has room."""
    try:
        can_write(ensure_private(folder))
        free = shutil.disk_usage(folder).free
    except (OSError, Problem) as error:
        cure = getattr(error, "cure", "Set daemon.state_dir to a folder of yours")
        yield Finding("state folder", False, f"{folder}: {error}", cure)
        return
    yield Finding(
        "state folder",
        free >= LEAST_FREE,
        f"{folder}: {free / 1024**3:.1f} GiB free",
        "Make room: sound is decoded there, 115 MB an hour",
    )
