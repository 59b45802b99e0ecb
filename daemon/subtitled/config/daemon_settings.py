"""``[daemon]``: the process as a whole.

``[neighbour]``: when work gives way to what else the machine is for, and what it may take.

``[schedule]``: when work may be done.

It stands apart from the libraries, whose settings decide what is made: changing hours has no file
looked at anew.

``[web]``: the daemon's HTTP port, which is closed unless a number is given.
"""

from __future__ import annotations

import ipaddress
import os
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator
from tzlocal import get_localzone

from subtitled.plugin import Secret

from .time_windows import WindowText
from .types import ConfigPath, Seconds, Section


class DaemonSettings(Section):
    """``[daemon]``"""

    state_dir: ConfigPath | None = Field(
        None,
        description="Where the daemon remembers what it did. Default: $STATE_DIRECTORY, "
        "else the service's where its configuration is read, else your state folder.",
    )
    database: Secret | None = Field(
        None,
        description="A PostgreSQL database in the place of SQLite, for workers on several "
        "machines: where its address lies, postgresql://user:password@host/name. "
        "docs/admins/workers.md.",
    )
    scratch_dir: ConfigPath | None = Field(
        None,
        description="Where sound lies while it is worked on. Default: in the state folder; if that "
        "is on a share, name a folder of each machine's own.",
    )
    models_dir: ConfigPath | None = Field(
        None,
        description="Where model files lie. Default: $CACHE_DIRECTORY, else the service's where "
        "its configuration is read, else your cache folder.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much the log tells."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        "auto",
        description="How its lines are written: auto is text, with the journal's priorities under "
        "systemd; json is one object a line.",
    )
    threads: int = Field(
        0, ge=0, le=256, description="Processor threads for recognition; 0 takes every core."
    )
    chunk_duration: Seconds = Field(
        480.0,
        gt=0,
        description="How much speech is recognised between two points at which work can be "
        "stopped and resumed.",
    )
    model_idle_timeout: Seconds = Field(
        120.0, description="An engine that was idle for so long is ended and its memory freed."
    )
    max_loaded_models: int = Field(
        1,
        ge=1,
        description="How many engines may have their model in memory at a time; one that is idle "
        "makes room.",
    )
    hallucination_phrases: ConfigPath | None = Field(
        None,
        description="A file, or a folder of .toml files, with more phrases that recognisers "
        "invent; docs/users/subtitles.md shows one.",
    )
    worker_timeout: Seconds = Field(
        300.0,
        ge=1.0,
        description="How long a worker may give no sign of life before its jobs are given to "
        "others.",
    )
    scan_interval: Seconds = Field(
        6 * 3600.0, description="How often each library is walked, whatever the watcher says."
    )
    retry_delay: Seconds = Field(
        15 * 60.0,
        description="How long a failure that may pass is left alone; doubles with each try, "
        "up to a day.",
    )


class ThrottleSettings(Section):
    """``[neighbour]``: being a good one. Zero or false turns a rule off."""

    pause_during_playback: bool = Field(
        True, description="Pause while somebody watches something on a configured media server."
    )
    playback_poll_interval: Seconds = Field(
        15.0,
        ge=2,
        description="How often servers are asked whether somebody watches, while there is work.",
    )
    playback_cooldown: Seconds = Field(
        60.0, description="How long after that work still rests: the next episode may follow."
    )
    max_load: float = Field(
        0.0,
        ge=0,
        description="Pause while others than we load the machine with so many running processes, "
        "as `uptime` counts them.",
    )
    max_temperature: float = Field(
        0.0,
        ge=0,
        le=150,
        description="Pause while the hottest sensor shows so many degrees Celsius, until it is "
        "5 degrees cooler.",
    )
    min_free_memory_mb: int = Field(
        0,
        ge=0,
        description="Start no stretch while less than so many megabytes of memory are available.",
    )
    max_memory_pressure: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Start no stretch while processes wait for memory so many per cent of the "
        "time (the kernel's PSI, some avg10).",
    )
    pause_on_battery: bool = Field(
        True, description="Pause while the machine runs on a battery that discharges."
    )
    ups: str = Field(
        "",
        pattern=r"^([\w.-]+(@[\w.:\[\]-]+)?)?$",
        description="A UPS known to Network UPS Tools, such as ups@localhost: pause while it runs "
        "on its battery.",
    )
    min_free_state_mb: int = Field(
        0,
        ge=0,
        description="Start no work while the disk of the state folder has fewer megabytes free; "
        "an hour of sound takes 115.",
    )
    min_free_library_mb: int = Field(
        0, ge=0, description="Start no work in a library whose disk has fewer megabytes free."
    )
    niceness: int = Field(
        10,
        ge=0,
        le=19,
        description="Niceness of the engines' processes, if it is more than the daemon's own.",
    )
    io_idle: bool = Field(
        False, description="Let the engines' processes read only when the disk has nothing to do."
    )
    engine_memory_limit_mb: int = Field(
        0,
        ge=0,
        description="An engine's process that takes more megabytes is ended, and the stretch done "
        "in smaller pieces with fewer threads.",
    )


def _check_timezone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone known here; write one such as Europe/Berlin, "
            "and install tzdata if it is right"
        ) from None
    return name


def find_local_timezone_error() -> str:
    """Why this machine's time zone cannot be told, empty if it can."""
    try:
        get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        name = os.environ.get("TZ", "")
        return f"TZ={name} is no time zone known here" if name else f"{error}".splitlines()[0]
    return ""


class WorkingHoursSettings(Section):
    """``[schedule.libraries.NAME]`` and ``[schedule.engines.NAME]``: hours of one of them."""

    windows: tuple[WindowText, ...] = Field(
        (),
        description='When it may be worked with, such as "22:00-07:00", "weekdays 22:00-07:00", '
        'or "sat,sun". Empty: always.',
    )
    quiet_hours: tuple[WindowText, ...] = Field(
        (), description="When not, written in the same way; this goes before `windows`."
    )


class ScheduleSettings(WorkingHoursSettings):
    """``[schedule]``: hours of all work."""

    timezone: Annotated[str, AfterValidator(_check_timezone)] = Field(
        "", description="Whose clock counts, such as Europe/Berlin. Empty: this machine's."
    )
    libraries: dict[str, WorkingHoursSettings] = Field(
        default_factory=dict, description="Hours of single libraries, which narrow those of all."
    )
    engines: dict[str, WorkingHoursSettings] = Field(
        default_factory=dict, description="Hours of single engines, which narrow those of all."
    )


WebhookKind = Literal["sonarr", "radarr", "jellyfin", "emby", "plex", "tautulli", "generic"]
"""Whose webhooks are understood."""


class WebhookSenderSettings(BaseModel):
    """``[web.webhooks.NAME]``: one sender of webhooks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: WebhookKind | None = Field(
        None, description="Whose webhooks they are. Default: what the section is called."
    )
    path_map: tuple[tuple[str, str], ...] = Field(
        (), description="Pairs of [our folder, its folder], where it sees the media elsewhere."
    )


class WebSettings(BaseModel):
    """``[web]``: a port for webhooks, health and metrics."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int | None = Field(
        None, ge=1, le=65535, description="The port to listen on. Unset: none is opened."
    )
    address: str = Field(
        "127.0.0.1",
        description="The address to listen on; 0.0.0.0 or :: is every one, and needs a token.",
    )
    token: Secret | None = Field(
        None,
        description="What callers must show, by reference; needed unless the address is this "
        "machine's own.",
    )
    max_body_bytes: int = Field(
        5 * 1024**2, ge=1024, le=1024**3, description="Bytes that a webhook may have."
    )
    webhooks: dict[str, WebhookSenderSettings] = Field(
        default_factory=dict,
        description="Senders of webhooks that need a setting; each kind answers without.",
    )

    @field_validator("address")
    @classmethod
    def _check_address(cls, value: str) -> str:
        if value == "localhost":
            return "127.0.0.1"
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            raise ValueError("not an address; write one such as 127.0.0.1, 0.0.0.0 or ::") from None

    @field_validator("webhooks")
    @classmethod
    def _check_kinds(
        cls, value: dict[str, WebhookSenderSettings]
    ) -> dict[str, WebhookSenderSettings]:
        kinds = WebhookKind.__args__  # type: ignore[attr-defined]
        for name, source in value.items():
            if source.kind is None and name not in kinds:
                raise ValueError(
                    f"of {name!r} nobody knows whose webhooks it sends; add kind, one of: "
                    + ", ".join(kinds)
                )
        return value

    @model_validator(mode="after")
    def _check_token(self) -> WebSettings:
        if self.port and self.token is None and not self.is_loopback:
            raise ValueError(
                f"others may reach {self.address}, so a token is needed: set web.token to "
                '{file = "/path"}, {env = "NAME"} or {credential = "name"}, or web.address to '
                '"127.0.0.1"'
            )
        return self

    @property
    def is_loopback(self) -> bool:
        return ipaddress.ip_address(self.address).is_loopback
