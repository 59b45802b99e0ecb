"""Days that people write in options."""

from __future__ import annotations

from datetime import datetime

from .output import USAGE_ERROR, abort


def parse_day(text: str) -> float | None:
    """Return when a day begins, or abort if the text is none; None for an empty text."""
    try:
        return datetime.fromisoformat(text).astimezone().timestamp() if text else None
    except (ValueError, OverflowError, OSError):
        abort(f"{text!r} is not a day. Write one such as 2026-11-01", USAGE_ERROR)
