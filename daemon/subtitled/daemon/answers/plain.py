"""Values as JSON has them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any

from subtitled.plugin.paths import display_path


def to_plain(value: Any) -> Any:
    """Convert a value to what JSON has: objects, lists, texts, numbers, true, false and null.

    Dataclasses become objects with the names of their fields. Bytes of a path that are no UTF-8
    are replaced. Anything else becomes its text.
    """
    if isinstance(value, Enum):
        return to_plain(value.value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, PurePath):
        return display_path(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_plain(item) for item in value]
    return str(value)


def format_iso(timestamp: float) -> str:
    """Write seconds since 1970 for programs, as the attribute ``datetime`` of HTML holds it."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def format_time(timestamp: float) -> str:
    """Format seconds since 1970 as a local date for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(timestamp))
