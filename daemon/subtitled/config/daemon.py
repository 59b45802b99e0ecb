"""``[daemon]``: the process as a whole."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from subtitled.plugin import Secret

from .folders import Folder
from .values import Seconds, Section


class DaemonSettings(Section):
    """``[daemon]``"""

    state_dir: Folder | None = Field(
        None,
        description="Where the daemon remembers what it did. Default: $STATE_DIRECTORY, "
        "else the service's where its configuration is read, else your state folder.",
    )
    database: Secret | None = Field(
        None,
        description="A PostgreSQL database in the place of SQLite, for workers on several "
        "machines: where its address lies, postgresql://user:password@host/name. docs/workers.md.",
    )
    scratch_dir: Folder | None = Field(
        None,
        description="Where sound lies while it is worked on. Default: in the state folder; if that "
        "is on a share, name a folder of each machine's own.",
    )
    models_dir: Folder | None = Field(
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
    stretch: Seconds = Field(
        480.0,
        gt=0,
        description="How much speech is recognised between two points at which work can be "
        "stopped and resumed.",
    )
    unload_after: Seconds = Field(
        120.0, description="An engine that was idle for so long is ended and its memory freed."
    )
    models_at_once: int = Field(
        1,
        ge=1,
        description="How many engines may have their model in memory at a time; one that is idle "
        "makes room.",
    )
    phrases: Folder | None = Field(
        None,
        description="A file, or a folder of .toml files, with more phrases that recognisers "
        "invent; docs/guide.md shows one.",
    )
    lost_after: Seconds = Field(
        300.0,
        ge=1.0,
        description="How long a worker may give no sign of life before its jobs are given to "
        "others.",
    )
    rescan: Seconds = Field(
        6 * 3600.0, description="How often each library is walked, whatever the watcher says."
    )
    retry_after: Seconds = Field(
        15 * 60.0,
        description="How long a failure that may pass is left alone; doubles with each try, "
        "up to a day.",
    )
