"""How values are written in the pages: times, durations, paths, numbers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from subtitled.daemon.answers.plain import format_iso
from subtitled.daemon.logs import escape_control_characters
from subtitled.plugin import Language
from subtitled.plugin.paths import display_path
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.subtitles.scripts import is_right_to_left


def format_clock(timestamp: float) -> str:
    """Write an instant in the time zone of the daemon."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(timestamp))


def format_second(timestamp: float) -> str:
    """Write an instant to the second, for log lines."""
    return time.strftime("%m-%d %H:%M:%S", time.localtime(timestamp))


def format_duration(seconds: float) -> str:
    """Write a duration, such as ``1:42:05``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"


def format_path(path: os.PathLike[str] | str) -> str:
    """Write a path as one line of text, whatever its bytes."""
    return escape_control_characters(display_path(path))


def format_name(path: os.PathLike[str] | str) -> str:
    """Write the last part of a path."""
    return format_path(os.path.basename(os.fspath(path)))  # noqa: PTH119 - as given, not resolved


def format_line(text: object) -> str:
    """Write a text as one line."""
    return escape_control_characters(str(text))


def format_number(number: float) -> str:
    """Write a number with narrow spaces between its thousands."""
    return f"{number:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def format_query(values: Mapping[str, object]) -> str:
    """Write the query of an address, without what is empty. Ends a link that may go on with it."""
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return f"?{urlencode(given)}" if given else ""


def format_media_time(seconds: float) -> str:
    """Write a time of the media clock, such as ``00:01:02.500``."""
    return format_timestamp(seconds, ".")


def find_direction(language: object) -> str:
    """Return the direction of a language, as the attribute ``dir`` of HTML holds it."""
    return "rtl" if is_right_to_left(Language(str(language))) else "ltr"


FILTERS: dict[str, Callable[..., Any]] = {
    "clock": format_clock,
    "second": format_second,
    "iso": format_iso,
    "duration": format_duration,
    "path": format_path,
    "name": format_name,
    "line": format_line,
    "number": format_number,
    "query": format_query,
    "media_time": format_media_time,
    "direction": find_direction,
}
"""The filters of the templates."""
