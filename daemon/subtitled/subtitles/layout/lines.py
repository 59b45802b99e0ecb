"""Breaking the text of a cue into lines."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Sequence

from subtitled.plugin import Language

from ..limits import Limits, width
from ..scripts import clusters, may_break
from .dialogue import dash_of, turns_of, with_dashes
from .phrases import phrases
from .repair import clean
from .syntax import break_cost
from .typography import tightened

MOST_WAYS = 2000
"""Ways to break a text that are compared; a text with more is filled line by line."""


def break_lines(text: str, language: Language, limits: Limits) -> str:
    """The text on as few lines as fit, broken where it reads best, the lower line rather longer.

    Two speakers get a line each. Text that is too long for the lines allowed is spread over more
    of them.
    """
    text = tightened(clean(text).strip(), language)
    turns, dash = turns_of(text), dash_of(language)
    if turns is not None and dash is not None:
        lines = with_dashes(*turns, dash)
        if max(width(line, language) for line in lines) <= limits.line_length:
            return "\n".join(lines)
    return "\n".join(lay_out(phrases(text, language), language, limits))


def lay_out(pieces: Sequence[str], language: Language, limits: Limits) -> list[str]:
    """Pieces as lines. A piece longer than a line is cut."""
    short = [part for piece in pieces for part in cut(piece, language, limits)]
    whole = "".join(short).strip()
    if width(whole, language) <= limits.line_length:
        return [whole] if whole else []
    filled = _filled(short, language, limits)
    breaks = [at for at in range(1, len(short)) if may_break(short[at - 1], short[at])]
    ways = list(itertools.islice(itertools.combinations(breaks, len(filled) - 1), MOST_WAYS + 1))
    if len(filled) > max(2, limits.lines) or len(ways) > MOST_WAYS:
        return filled
    best: tuple[float, list[str]] | None = None
    for way in ways:
        lines = [
            "".join(short[first:last]).strip()
            for first, last in itertools.pairwise((0, *way, len(short)))
        ]
        widths = [width(line, language) for line in lines]
        if max(widths) > limits.line_length or min(widths) == 0:
            continue
        cost = slant(widths, limits.line_length)
        cost += sum(0.5 * break_cost(short[at - 1], short[at], language) for at in way)
        if best is None or cost < best[0]:
            best = (cost, lines)
    return best[1] if best else filled


def slant(widths: Sequence[float], line_length: float) -> float:
    """How bad lines of such widths look: as long as each other is best, the lowest the longest."""
    shortest, longest = min(widths), max(widths)
    cost = 1.2 * (longest - shortest) / line_length
    if shortest < longest / 2:
        # TED: no line shorter than half of the other.
        cost += 0.5
    if any(map(operator.gt, widths, widths[1:])):
        cost += 0.25
    return cost


def _filled(pieces: Sequence[str], language: Language, limits: Limits) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in pieces:
        if line.strip() and width((line + piece).strip(), language) > limits.line_length:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


def cut(piece: str, language: Language, limits: Limits) -> list[str]:
    """A piece in parts of which each fits a line, never inside a character as readers see it."""
    if width(piece.strip(), language) <= limits.line_length:
        return [piece]
    parts, part, columns = [], "", 0.0
    for cluster in clusters(piece):
        more = width(cluster, language)
        if part.strip() and columns + more > limits.line_length:
            parts.append(part)
            part, columns = "", 0.0
        part += cluster
        columns += more if part.strip() else 0.0
    return [*parts, part]
