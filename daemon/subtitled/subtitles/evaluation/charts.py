"""Pictures of an evaluation, as SVG that stands in a page: no script, no file beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from subtitled.plugin import Cue

WIDTH, HEIGHT = 860, 260
LEFT, RIGHT, TOP, BOTTOM = 52, 16, 28, 40
"""Room for what stands at the axes."""
WIDEST = 2.0
"""Seconds: errors beyond are counted in the outermost bars."""
BAR = 0.1
"""Seconds that one bar of the histogram stands for."""


def reading_speed(cues: Sequence[Cue], speeds: Sequence[float], limit: float) -> str:
    """Each cue by its time, in minutes, and its columns a second; the limit as a line."""
    last = max([1.0, *(cue.end for cue in cues)]) / 60
    highest = max(limit * 1.5, *speeds, 1.0)
    # One absurd cue must not press all others to the floor.
    highest = min(highest, limit * 3)
    parts = [*_grid(0, last, "minutes", 0, highest, "columns a second")]
    for cue, speed in zip(cues, speeds, strict=True):
        x, y = _x(cue.start / 60, 0, last), _y(min(speed, highest), highest)
        kind = "over" if speed > limit else "in"
        told = f"{_clock(cue.start)}: {speed:.1f} a second: {cue.text}"
        parts.append(
            f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="4">'
            f"<title>{escape(told)}</title></circle>"
        )
    y = _y(limit, highest)
    parts.append(_line("limit", LEFT, WIDTH - RIGHT, y, y))
    parts.append(f'<text class="limit" x="{WIDTH - RIGHT}" y="{y - 6:.1f}">limit {limit:g}</text>')
    return _svg("Reading speed of each cue", parts)


def errors(name: str, values: Sequence[float]) -> str:
    """A histogram of errors in seconds, late to the right."""
    count = round(2 * WIDEST / BAR) + 1
    bars = [0] * count
    for value in values:
        bars[min(count - 1, max(0, round(value / BAR) + count // 2))] += 1
    edge = WIDEST + BAR / 2
    highest = max(4, *bars)
    parts = [*_grid(-edge, edge, "seconds early (−) or late (+)", 0, highest, "cues")]
    for number, height in enumerate(bars):
        if height:
            middle = (number - count // 2) * BAR
            left, right = (_x(middle + side * BAR / 2, -edge, edge) for side in (-1, 1))
            y = _y(height, highest)
            told = f"{middle:+.1f} s: {height} cues"
            parts.append(
                f'<rect class="in" x="{left + 1:.1f}" y="{y:.1f}" width="{right - left - 2:.1f}" '
                f'height="{HEIGHT - BOTTOM - y:.1f}"><title>{told}</title></rect>'
            )
    middle = _x(0, -edge, edge)
    parts.append(_line("limit", middle, middle, TOP, HEIGHT - BOTTOM))
    return _svg(name, parts)


def _line(kind: str, left: float, right: float, high: float, low: float) -> str:
    return f'<line class="{kind}" x1="{left:.1f}" x2="{right:.1f}" y1="{high:.1f}" y2="{low:.1f}"/>'


def _svg(name: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
        + "".join(parts)
        + "</svg>"
    )


def _grid(
    first: float, last: float, across: str, low: float, high: float, up: str
) -> Iterator[str]:
    for mark in _marks(low, high):
        y = _y(mark, high)
        yield _line("grid", LEFT, WIDTH - RIGHT, y, y)
        yield f'<text class="up" x="{LEFT - 8}" y="{y + 4:.1f}">{mark:g}</text>'
    for mark in _marks(first, last):
        x = _x(mark, first, last)
        yield f'<text class="across" x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}">{mark:g}</text>'
    yield f'<text class="across" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 4}">{across}</text>'
    yield f'<text class="name" x="{LEFT - 40}" y="{TOP - 14}">{up}</text>'


def _marks(low: float, high: float) -> list[float]:
    """About five round numbers from low to high."""
    rough = (high - low) / 5
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * n for n in (1, 2, 5, 10) if size * n >= rough)
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(n * step, 6) for n in range(first, last + 1)]


def _x(value: float, first: float, last: float) -> float:
    return LEFT + (value - first) / (last - first) * (WIDTH - LEFT - RIGHT)


def _y(value: float, high: float) -> float:
    return HEIGHT - BOTTOM - value / high * (HEIGHT - TOP - BOTTOM)


def _clock(seconds: float) -> str:
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
