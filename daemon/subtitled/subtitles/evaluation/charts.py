"""Charts of an evaluation as inline SVG, without scripts or other files."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from subtitled.plugin import Cue

WIDTH, HEIGHT = 860, 260
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 52, 16, 28, 40
"""Space for the labels of the axes, in pixels."""
MAX_ERROR_SECONDS = 2.0
"""Larger errors are counted in the outermost bars."""
BAR_SECONDS = 0.1
"""Width of one bar of the histogram."""


def render_reading_speed(cues: Sequence[Cue], speeds: Sequence[float], limit: float) -> str:
    """Render the columns a second of each cue over its time in minutes, and the limit as a line."""
    last = max([1.0, *(cue.end for cue in cues)]) / 60
    highest = max(limit * 1.5, *speeds, 1.0)
    # A single extreme cue must not compress all others.
    highest = min(highest, limit * 3)
    parts = [*_draw_grid(0, last, "minutes", 0, highest, "columns a second")]
    for cue, speed in zip(cues, speeds, strict=True):
        x, y = _to_x(cue.start / 60, 0, last), _to_y(min(speed, highest), highest)
        kind = "over" if speed > limit else "in"
        tooltip = f"{_format_clock(cue.start)}: {speed:.1f} a second: {cue.text}"
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
            f"<title>{escape(tooltip)}</title></circle>"
        )
    y = _to_y(limit, highest)
    parts.append(_draw_line("limit", MARGIN_LEFT, WIDTH - MARGIN_RIGHT, y, y))
    parts.append(
        f'<text class="limit" x="{WIDTH - MARGIN_RIGHT}" y="{y - 6:.1f}">limit {limit:g}</text>'
    )
    return _wrap_svg("Reading speed of each cue", parts)


def render_error_histogram(name: str, values: Sequence[float]) -> str:
    """Render a histogram of errors in seconds. Late ones are to the right."""
    count = round(2 * MAX_ERROR_SECONDS / BAR_SECONDS) + 1
    bars = [0] * count
    for value in values:
        bars[min(count - 1, max(0, round(value / BAR_SECONDS) + count // 2))] += 1
    edge = MAX_ERROR_SECONDS + BAR_SECONDS / 2
    highest = max(4, *bars)
    parts = [*_draw_grid(-edge, edge, "seconds early (−) or late (+)", 0, highest, "cues")]
    for number, height in enumerate(bars):
        if height:
            middle = (number - count // 2) * BAR_SECONDS
            left, right = (_to_x(middle + side * BAR_SECONDS / 2, -edge, edge) for side in (-1, 1))
            y = _to_y(height, highest)
            tooltip = f"{middle:+.1f} s: {height} cues"
            parts.append(
                f'<rect class="in" x="{left + 1:.1f}" y="{y:.1f}" width="{right - left - 2:.1f}" '
                f'height="{HEIGHT - MARGIN_BOTTOM - y:.1f}"><title>{tooltip}</title></rect>'
            )
    middle = _to_x(0, -edge, edge)
    parts.append(_draw_line("limit", middle, middle, MARGIN_TOP, HEIGHT - MARGIN_BOTTOM))
    return _wrap_svg(name, parts)


def _draw_line(kind: str, left: float, right: float, high: float, low: float) -> str:
    return f'<line class="{kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{high:.1f}" y2="{low:.1f}"/>'


def _wrap_svg(name: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        + "".join(parts)
        + "</svg>"
    )


def _draw_grid(
    first: float, last: float, x_label: str, low: float, high: float, y_label: str
) -> Iterator[str]:
    for mark in _choose_ticks(low, high):
        y = _to_y(mark, high)
        yield _draw_line("grid", MARGIN_LEFT, WIDTH - MARGIN_RIGHT, y, y)
        yield f'<text class="up" x="{MARGIN_LEFT - 8}" y="{y + 4:.1f}">{mark:g}</text>'
    for mark in _choose_ticks(first, last):
        x = _to_x(mark, first, last)
        yield f'<text class="across" x="{x:.1f}" y="{HEIGHT - MARGIN_BOTTOM + 18}">{mark:g}</text>'
    middle = (MARGIN_LEFT + WIDTH - MARGIN_RIGHT) / 2
    yield f'<text class="across" x="{middle}" y="{HEIGHT - 4}">{x_label}</text>'
    yield f'<text class="name" x="{MARGIN_LEFT - 40}" y="{MARGIN_TOP - 14}">{y_label}</text>'


def _choose_ticks(low: float, high: float) -> list[float]:
    """Return about five round numbers from low to high."""
    raw_step = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(raw_step))
    step = next(size * n for n in (1, 2, 5, 10) if size * n >= raw_step)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(n * step, 6) for n in range(first, last + 1)]


def _to_x(value: float, first: float, last: float) -> float:
    return MARGIN_LEFT + (value - first) / (last - first) * (WIDTH - MARGIN_LEFT - MARGIN_RIGHT)


def _to_y(value: float, high: float) -> float:
    return HEIGHT - MARGIN_BOTTOM - value / high * (HEIGHT - MARGIN_TOP - MARGIN_BOTTOM)


def _format_clock(seconds: float) -> str:
    whole_seconds = int(seconds)
    return f"{whole_seconds // 3600}:{whole_seconds // 60 % 60:02}:{whole_seconds % 60:02}"
