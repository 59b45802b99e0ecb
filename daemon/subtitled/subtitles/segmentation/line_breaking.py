"""Line breaking within a cue, with dashes for two speakers and no-break spaces.

Dashes follow the Netflix Timed Text Style Guides, "Dual speakers". Japanese has no dashes, so two
speakers never share a cue there. BBC and ARD use colours for speakers, which sidecars do not carry,
so their dashes are the same.

French punctuation gets no-break spaces. The narrow no-break space is not used, because the fonts of
many television sets and players lack it and show a box. A space that the recogniser did not write
is not added.
"""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Sequence
from enum import Enum

from subtitled.plugin import Language

from ..rules import CueRules, measure_width
from ..scripts import get_primary, is_break_allowed, split_graphemes
from .phrase_boundaries import split_phrases
from .syntax import compute_break_cost
from .word_repair import clean_text


class DashStyle(Enum):
    """Which of the two lines begin with a dash, and how."""

    SPACED = ("- ", "- ")
    TIGHT = ("-", "-")
    SECOND_ONLY = ("", "-")
    SECOND_SPACED = ("", "- ")


_TIGHT_LANGUAGES = frozenset({"en", "de", "zh", "yue", "da", "sv", "no", "nb", "nn", "tr", "el"})
_SECOND_ONLY_LANGUAGES = frozenset({"nl", "fi", "sr", "hr", "bs", "he"})
_SECOND_SPACED_LANGUAGES = frozenset({"bg"})
_NO_DASH_LANGUAGES = frozenset({"ja"})
_TURNS = re.compile(
    r"[-–—]\s?(?P<first>\S.*?[.!?…。！？؟।”\"»)\]])\s+[-–—]\s?(?P<second>\S.*)", re.DOTALL
)
_DASHED = re.compile(r"^[-–—]+(?:\s+|(?!\d))")
"""A dash that is already there. Before a digit it is a minus sign."""


def choose_dash_style(language: Language) -> DashStyle | None:
    """Return the style of a language; None if two speakers never share a cue."""
    primary = get_primary(language)
    if primary in _NO_DASH_LANGUAGES:
        return None
    if primary in _SECOND_ONLY_LANGUAGES:
        return DashStyle.SECOND_ONLY
    if primary in _SECOND_SPACED_LANGUAGES:
        return DashStyle.SECOND_SPACED
    return DashStyle.TIGHT if primary in _TIGHT_LANGUAGES else DashStyle.SPACED


def split_turns(text: str) -> tuple[str, str] | None:
    """Split a text such as ``- Yes. - No.`` into its two turns; None for any other text."""
    match = _TURNS.fullmatch(text.strip())
    if match is None or re.search(r"\s[-–—]\s?\S", match["second"]):
        return None
    return match["first"], match["second"]


def add_dashes(first: str, second: str, dash: DashStyle) -> tuple[str, str]:
    """Return two lines with dashes. Existing dashes are not doubled."""
    turns = [_DASHED.sub("", text.strip(), count=1) or text.strip() for text in (first, second)]
    return dash.value[0] + turns[0], dash.value[1] + turns[1]


_NO_BREAK_SPACE = "\u00a0"
_FRENCH = re.compile(r"(?<=\S) (?=[;:!?»%€](?:\W|$))|(?<=«) ")
"""Spaces that may not break: before double punctuation and inside quotation marks."""


def apply_nbsp(text: str, language: Language) -> str:
    """Replace spaces by no-break spaces where the language needs them. The length is the same."""
    return _FRENCH.sub(_NO_BREAK_SPACE, text) if get_primary(language) == "fr" else text


MAX_CANDIDATES = 2000
"""Ways to break a text that are compared. A text with more is filled line by line."""


def break_lines(text: str, language: Language, rules: CueRules) -> str:
    """Break a text into as few lines as fit, where it reads best, with the lower line longer.

    Two speakers get a line each. Text that is too long for ``max_lines`` gets more lines.
    """
    text = apply_nbsp(clean_text(text).strip(), language)
    turns, dash = split_turns(text), choose_dash_style(language)
    if turns is not None and dash is not None:
        lines = add_dashes(*turns, dash)
        if max(measure_width(line, language) for line in lines) <= rules.max_line_length:
            return "\n".join(lines)
    return "\n".join(lay_out_lines(split_phrases(text, language), language, rules))


def lay_out_lines(pieces: Sequence[str], language: Language, rules: CueRules) -> list[str]:
    """Arrange pieces in lines. A piece longer than a line is cut."""
    parts = [part for piece in pieces for part in cut_to_width(piece, language, rules)]
    full_text = "".join(parts).strip()
    if measure_width(full_text, language) <= rules.max_line_length:
        return [full_text] if full_text else []
    greedy_lines = _fill_greedily(parts, language, rules)
    breaks = [at for at in range(1, len(parts)) if is_break_allowed(parts[at - 1], parts[at])]
    candidates = list(
        itertools.islice(itertools.combinations(breaks, len(greedy_lines) - 1), MAX_CANDIDATES + 1)
    )
    if len(greedy_lines) > max(2, rules.max_lines) or len(candidates) > MAX_CANDIDATES:
        return greedy_lines
    best: tuple[float, list[str]] | None = None
    for candidate in candidates:
        lines = [
            "".join(parts[first:last]).strip()
            for first, last in itertools.pairwise((0, *candidate, len(parts)))
        ]
        widths = [measure_width(line, language) for line in lines]
        if max(widths) > rules.max_line_length or min(widths) == 0:
            continue
        cost = imbalance(widths, rules.max_line_length)
        cost += sum(
            0.5 * compute_break_cost(parts[at - 1], parts[at], language) for at in candidate
        )
        if best is None or cost < best[0]:
            best = (cost, lines)
    return best[1] if best else greedy_lines


def imbalance(widths: Sequence[float], line_length: float) -> float:
    """Return a penalty for uneven lines. Best are equal lines, or a slightly longer last one."""
    shortest, longest = min(widths), max(widths)
    cost = 1.2 * (longest - shortest) / line_length
    if shortest < longest / 2:
        # TED: no line is shorter than half of the other one.
        cost += 0.5
    if any(map(operator.gt, widths, widths[1:])):
        cost += 0.25
    return cost


def _fill_greedily(pieces: Sequence[str], language: Language, rules: CueRules) -> list[str]:
    lines: list[str] = []
    line = ""
    for piece in pieces:
        if line.strip() and measure_width((line + piece).strip(), language) > rules.max_line_length:
            lines.append(line.strip())
            line = ""
        line += piece
    return [*lines, line.strip()] if line.strip() else lines


def cut_to_width(piece: str, language: Language, rules: CueRules) -> list[str]:
    """Cut a piece into parts that fit a line, never inside a grapheme."""
    if measure_width(piece.strip(), language) <= rules.max_line_length:
        return [piece]
    parts, part, columns = [], "", 0.0
    for cluster in split_graphemes(piece):
        added_columns = measure_width(cluster, language)
        if part.strip() and columns + added_columns > rules.max_line_length:
            parts.append(part)
            part, columns = "", 0.0
        part += cluster
        columns += added_columns if part.strip() else 0.0
    return [*parts, part]
