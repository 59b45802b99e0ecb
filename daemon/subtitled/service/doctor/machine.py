"""The machine: ffmpeg, clock and time zone, the state folder, other daemons."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import subtitled
from subtitled.config.places import ensure_private
from subtitled.config.schedule import ScheduleSettings
from subtitled.plugin import Finding, Problem
from subtitled.subtitles.publish import can_write

from ..lock import holder

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
            yield Finding(program, True, said.splitlines()[0][:60])
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
    windows = bool(schedule.windows or schedule.quiet or schedule.libraries or schedule.engines)
    zone = schedule.timezone or os.environ.get("TZ", "")
    known = bool(zone) or Path("/etc/localtime").exists()
    yield Finding(
        "time zone",
        known or not windows,
        zone or time.strftime("%Z (%z), this machine's", time.localtime(now)),
        "Hours are set, and this machine has no time zone: set schedule.timezone, or TZ",
    )


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


def daemons(state: Path) -> Iterator[Finding]:
    """Which daemon works on the state folder, and whether others run."""
    try:
        running = holder(state)
    except OSError:
        return  # of the state folder others tell
    if not running:
        yield Finding("daemon", True, "not running")
    else:
        where = f"process {running.pid or '?'} on {running.host or '?'}"
        yield Finding("daemon", True, f"runs as {where}")
    ours = running.pid if running else None
    others = [pid for pid in _running() if pid != ours]
    if others:
        listed = ", ".join(map(str, others))
        detail = f"process {listed}, with another state folder; no library may be of both"
        yield Finding("other daemons", True, detail)


def _running(processes: Path = Path("/proc")) -> list[int]:
    """The processes that are a ``subtitled run``, as far as they can be seen."""
    found = []
    for entry in processes.glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        named = any(word == b"subtitled" or word.endswith(b"/subtitled") for word in words[:4])
        if named and words[-1] == b"run":
            found.append(int(entry.name))
    return sorted(found)
