"""Breaking the text of a cue into lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from subtitled.plugin import Language

from .limits import Limits, width
from .syntax import break_cost, is_spaceless, may_break

_SPACE = re.compile(r"[^\S\u00a0\u202f]+")


def break_lines(text: str, language: Language, limits: Limits) -> str:
    """The text on as few lines as fit, broken where it reads best, the lower line rather longer.

    Text that is too long for the lines allowed is spread over more of them.
    """
    return "\n".join(lay_out(pieces_of(text, language), language, limits))


def pieces_of(text: str, language: Language) -> list[str]:
    """The parts between which a line may be broken; joined they are the text.

    Words, or characters where words are not spaced; what may not begin a line stays with what
    is before it.
    """
    if not is_spaceless(language):
        return [f" {word}" if number else word for number, word in enumerate(_words(text))]
    pieces: list[str] = []
    for character in " ".join(_words(text)):
        latin = character.isascii() and character.isalnum()
        glued = pieces and (
            not may_break(pieces[-1], character)
            or (latin and pieces[-1][-1:].isascii() and pieces[-1][-1:].isalnum())
            or (width(character, language) == 0)
            or pieces[-1] == " "
        )
        if glued:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _words(text: str) -> list[str]:
    """Parted by white space, but not by the kind that forbids a break, as French has it."""
    return [word for word in _SPACE.split(text) if word]


def lay_out(pieces: Sequence[str], language: Language, limits: Limits) -> list[str]:
    """Pieces as lines. A piece longer than a line is cut."""
    short = [part for piece in pieces for part in cut(piece, language, limits)]
    whole = "".join(short).strip()
    if width(whole, language) <= limits.line_length:
        return [whole] if whole else []
    best: tuple[float, list[str]] | None = None
    for at in range(1, len(short)):
        if not may_break(short[at - 1], short[at]):
            continue
        top, bottom = "".join(short[:at]).strip(), "".join(short[at:]).strip()
        a, b = width(top, language), width(bottom, language)
        if max(a, b) > limits.line_length:
            continue
        cost = 0.5 * break_cost(short[at - 1], short[at], language)
        cost += 1.2 * abs(a - b) / limits.line_length + (0.25 if a > b else 0.0)
        if best is None or cost < best[0]:
            best = (cost, [top, bottom])
    return best[1] if best else _filled(short, language, limits)


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
    parts, part = [], ""
    for character in piece:
        full = part.strip() and width((part + character).strip(), language) > limits.line_length
        if full and width(character, language) > 0 and not part.endswith("\u200d"):
            parts.append(part)
            part = ""
        part += character
    return [*parts, part]
