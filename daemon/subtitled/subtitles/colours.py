"""Colours of HTML, CSS, WebVTT and ASS as ``#rrggbb``."""

from __future__ import annotations

COLOURS = {
    "white": "#ffffff",
    "silver": "#c0c0c0",
    "gray": "#808080",
    "grey": "#808080",
    "black": "#000000",
    "red": "#ff0000",
    "maroon": "#800000",
    "yellow": "#ffff00",
    "olive": "#808000",
    "lime": "#00ff00",
    "green": "#008000",
    "aqua": "#00ffff",
    "cyan": "#00ffff",
    "teal": "#008080",
    "blue": "#0000ff",
    "navy": "#000080",
    "fuchsia": "#ff00ff",
    "magenta": "#ff00ff",
    "purple": "#800080",
    "orange": "#ffa500",
}


def ass_colour(value: str) -> str:
    """Return ``#rrggbb`` for a colour of ASS such as ``&H0000FFFF&``, or ""."""
    digits = value.strip().strip("&Hh").lower()
    if not 1 <= len(digits) <= 8 or any(c not in "0123456789abcdef" for c in digits):
        return ""
    number = int(digits, 16)
    return f"#{number & 255:02x}{number >> 8 & 255:02x}{number >> 16 & 255:02x}"


def parse_colour(value: str) -> str:
    """Return ``#rrggbb`` for a colour of HTML or CSS, or "" if it is none."""
    value = value.strip().lower()
    if value in COLOURS:
        return COLOURS[value]
    digits = value.removeprefix("#")
    if any(c not in "0123456789abcdef" for c in digits):
        return ""
    if len(digits) == 3 and value != digits:
        digits = "".join(2 * digit for digit in digits)
    return f"#{digits[:6]}" if len(digits) in (6, 8) else ""
