"""``[schedule]``: when work may be done.

It stands apart from the libraries, whose settings decide what is made: changing hours has no file
looked at anew.
"""

from __future__ import annotations

import os
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
from tzlocal import get_localzone

from .values import Section
from .windows import WindowText


def _zone(name: str) -> str:
    try:
        if name:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(
            f"{name!r} is no time zone known here; write one such as Europe/Berlin, "
            "and install tzdata if it is right"
        ) from None
    return name


def local_zone_trouble() -> str:
    """Why this machine's time zone cannot be told, empty if it can."""
    try:
        get_localzone()
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        named = os.environ.get("TZ", "")
        return f"TZ={named} is no time zone known here" if named else f"{error}".splitlines()[0]
    return ""


class HoursSettings(Section):
    """``[schedule.libraries.NAME]`` and ``[schedule.engines.NAME]``: hours of one of them."""

    windows: tuple[WindowText, ...] = Field(
        (),
        description='When it may be worked with, such as "22:00-07:00", "weekdays 22:00-07:00", '
        'or "sat,sun". Empty: always.',
    )
    quiet: tuple[WindowText, ...] = Field(
        (), description="When not, written in the same way; this goes before `windows`."
    )


class ScheduleSettings(HoursSettings):
    """``[schedule]``: hours of all work."""

    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "", description="Whose clock counts, such as Europe/Berlin. Empty: this machine's."
    )
    libraries: dict[str, HoursSettings] = Field(
        default_factory=dict, description="Hours of single libraries, which narrow those of all."
    )
    engines: dict[str, HoursSettings] = Field(
        default_factory=dict, description="Hours of single engines, which narrow those of all."
    )
