"""Where in a TOML text a key stands, as well as a search can tell."""

from __future__ import annotations

import re

_HEADER = re.compile(r"\s*\[{1,2}([^\[\]=,]+)\]{1,2}\s*(?:#.*)?")
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_ENTRY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


def line_of(text: str, key: tuple[str, ...]) -> int | None:
    """The line of a key, else of the innermost thing around it that has one."""
    table: tuple[str, ...] = ()
    best, depth = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            full = table = _parts(header[1])
        elif entry := _ENTRY.match(line):
            full = table + _parts(entry[1])
        else:
            continue
        if len(full) > depth and full == key[: len(full)]:
            best, depth = number, len(full)
    return best


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_PART, dotted))
