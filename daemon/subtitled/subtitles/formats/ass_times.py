"""Moving the times of an ASS or SSA file. Styles, fonts and comments stay letter by letter."""

from __future__ import annotations

from collections.abc import Callable

from .ass_reader import field_names, is_ass, parse_time

__all__ = ["is_ass", "move_times"]

_USUAL_FIELDS = ("layer", "start", "end")
_EVENTS = ("dialogue", "comment")

Move = Callable[[float, float], tuple[float, float]]
"""Returns the new start and end of an event, in seconds."""


def move_times(text: str, move: Move) -> str:
    """Return a file whose events have other times. Events without readable times stay.

    Args:
        text: The decoded file.
        move: Returns the new times of an event.
    """
    names: tuple[str, ...] = _USUAL_FIELDS
    section = ""
    lines = []
    for line in text.split("\n"):
        head, colon, value = line.partition(":")
        kind = head.strip("\0\ufeff \t").lower()
        if kind.startswith("["):
            section = kind.rstrip()
        elif colon and kind == "format" and section == "[events]":
            names = tuple(field_names(value))
        elif colon and kind in _EVENTS:
            line = f"{head}:{_move_event(value, names, move)}"
        lines.append(line)
    return "\n".join(lines)


def _move_event(value: str, names: tuple[str, ...], move: Move) -> str:
    if "start" not in names or "end" not in names:
        return value
    places = names.index("start"), names.index("end")
    fields = value.split(",", max(*places, 1) + 1)
    if len(fields) <= max(places):
        return value
    start, end = (parse_time(fields[place]) for place in places)
    if start is None or end is None:
        return value
    for place, seconds in zip(places, move(start, end), strict=True):
        fields[place] = _format_time(seconds)
    return ",".join(fields)


def _format_time(seconds: float) -> str:
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    return f"{minutes // 60}:{minutes % 60:02}:{rest // 100:02}.{rest % 100:02}"
