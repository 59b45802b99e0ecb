"""Settings of the process: ``[daemon]``, ``[throttle]`` and ``[schedule]``.

None of them decides what is made. After a change of one no file is evaluated again.
"""

from __future__ import annotations

import os
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
from tzlocal import get_localzone

from subtitled.plugin import Secret

from .time_windows import WindowText
from .types import ConfigPath, Seconds, Section


class DaemonSettings(Section):
    """``[daemon]``: folders, log, engine processes and delays."""

    state_dir: ConfigPath | None = Field(
        None,
        description="The folder of the database and the transcripts. Default: "
        "$STATE_DIRECTORY, else the service's folder if its configuration is read, else your state "
        "folder.",
    )
    database: Secret | None = Field(
        None,
        description="The address of a PostgreSQL database to use instead of SQLite, by "
        "reference: postgresql://user:password@host/name. For workers on several machines, see "
        "docs/admins/workers.md.",
    )
    scratch_dir: ConfigPath | None = Field(
        None,
        description="The folder for decoded audio of running jobs. Default: in the state folder. "
        "If that is on a network share, name a local folder.",
    )
    models_dir: ConfigPath | None = Field(
        None,
        description="The folder of the model files. Default: $CACHE_DIRECTORY, else the service's "
        "folder if its configuration is read, else your cache folder.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="The least severe level that is logged."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto",
        description="The format of log lines. auto: text, with the journal's priorities under "
        "systemd. json: one object per line.",
    )
    threads: int = Field(
        0, ge=0, le=256, description="Processor threads for transcription. 0: one per core."
    )
    chunk_duration: Seconds = Field(
        480.0,
        gt=0,
        description="How much speech is in a chunk, at most. Work can be paused, stopped and "
        "resumed between two chunks.",
    )
    model_idle_timeout: Seconds = Field(
        120.0,
        description="The process of an engine ends after it was idle for this time, which "
        "frees its memory.",
    )
    max_loaded_models: int = Field(
        1,
        ge=1,
        description="How many engines and isolated translators may have their model in memory at "
        "the same time, on each device. An idle one is unloaded for another one, also if the "
        "memory of this machine is less than their models say that they need.",
    )
    hallucination_phrases: ConfigPath | None = Field(
        None,
        description="A file, or a folder of .toml files, with more phrases that engines "
        "hallucinate; docs/users/subtitles.md shows one.",
    )
    worker_timeout: Seconds = Field(
        300.0,
        ge=1.0,
        description="How long a worker may send no heartbeat before its jobs are queued again.",
    )
    scan_interval: Seconds = Field(
        6 * 3600.0, description="How often each library is scanned, in addition to the watcher."
    )
    retry_delay: Seconds = Field(
        15 * 60.0,
        description="The delay before the first retry after a transient error. It doubles with "
        "each attempt, up to a day.",
    )


class ThrottleSettings(Section):
    """``[throttle]``: when work pauses for others, and what it may use. Zero or false: no rule."""

    pause_during_playback: bool = Field(
        True, description="Pause while a configured media server plays something."
    )
    playback_poll_interval: Seconds = Field(
        15.0,
        ge=2,
        description="How often the media servers are asked for playback, while there is work.",
    )
    playback_cooldown: Seconds = Field(
        60.0, description="How long work stays paused after playback: the next episode may follow."
    )
    next_episodes: int = Field(
        2,
        ge=0,
        le=50,
        description="How many of the episodes after one that is played go before the rest of the "
        "queue, if they wait for subtitles.",
    )
    max_load: float = Field(
        0.0,
        ge=0,
        description="Pause above this load by other programs, in running processes as `uptime` "
        "counts them.",
    )
    max_temperature: float = Field(
        0.0,
        ge=0,
        le=150,
        description="Pause above this temperature of the hottest sensor, in degrees Celsius, until "
        "it is 5 degrees cooler.",
    )
    min_free_memory_mb: int = Field(
        0,
        ge=0,
        description="Start no chunk while fewer megabytes of memory are available.",
    )
    max_memory_pressure: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Start no chunk while processes wait for memory for this percentage of the "
        "time (the kernel's PSI, some avg10).",
    )
    pause_on_battery: bool = Field(True, description="Pause while the machine runs on battery.")
    ups: str = Field(
        "",
        pattern=r"^([\w.-]+(@[\w.:\[\]-]+)?)?$",
        description="A UPS of Network UPS Tools, such as ups@localhost: pause while it runs on "
        "battery.",
    )
    min_free_state_mb: int = Field(
        0,
        ge=0,
        description="Start no job while the disk of the state folder has fewer megabytes free. An "
        "hour of audio takes 115.",
    )
    min_free_library_mb: int = Field(
        0, ge=0, description="Start no job in a library whose disk has fewer megabytes free."
    )
    niceness: int = Field(
        10,
        ge=0,
        le=19,
        description="Niceness of the engines' processes, if it is higher than the daemon's.",
    )
    io_idle: bool = Field(
        False, description="Let the engines' processes read only while the disk is idle."
    )
    engine_memory_limit_mb: int = Field(
        0,
        ge=0,
        description="A process of an engine or translator that uses more megabytes is killed. The "
        "chunk is transcribed again in smaller chunks with fewer threads.",
    )


def _check_timezone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"the time zone {name!r} is unknown here; write one such as Europe/Berlin, "
            "and install tzdata if it is correct"
        ) from None
    return name


def find_local_timezone_error() -> str:
    """Return why this machine's time zone is unknown, or an empty text if it is known."""
    try:
        get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        name = os.environ.get("TZ", "")
        return f"the time zone TZ={name} is unknown here" if name else f"{error}".splitlines()[0]
    return ""


class WorkingHoursSettings(Section):
    """``[schedule.libraries.NAME]`` and ``[schedule.engines.NAME]``: working hours of one."""

    windows: tuple[WindowText, ...] = Field(
        (),
        description='Working hours, such as "22:00-07:00", "weekdays 22:00-07:00", or "sat,sun". '
        "Empty: always.",
    )
    quiet_hours: tuple[WindowText, ...] = Field(
        (), description="Hours without work, in the same form. They take precedence over `windows`."
    )


class ScheduleSettings(WorkingHoursSettings):
    """``[schedule]``: working hours of all work."""

    timezone: Annotated[str, AfterValidator(_check_timezone)] = Field(
        "", description="The time zone of the hours, such as Europe/Berlin. Empty: this machine's."
    )
    libraries: dict[str, WorkingHoursSettings] = Field(
        default_factory=dict,
        description="Working hours of single libraries, within those of all work.",
    )
    engines: dict[str, WorkingHoursSettings] = Field(
        default_factory=dict,
        description="Working hours of single engines, within those of all work.",
    )
