"""Two languages in one subtitle: each cue shows what is said in the one above the other.

Both texts stand in the same cue. Two cues of equal times would be drawn over each other, or in
either order, by some players. The upper language has the times; the speed of reading is its own,
since who reads it does not read the other as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pysubs2

from subtitled.plugin import Cue, Language, Rejected, Subtitle

from ..formats import Unfaithful, ass, render, tidy
from ..formats.bidi import embedded
from ..formats.decoding import decode_text
from ..formats.flow import flowing
from ..limits import Limits
from .lines import break_lines

FORMATS = ("srt", "vtt", "ass", "ttml")
"""The formats of :mod:`~subtitled.subtitles.formats` that show cues; the others hold words."""
_SMALL = 0.7
"""The size of the lower language in ASS, of the upper one's."""


@dataclass(frozen=True, slots=True)
class Both:
    """One cue in two languages; either text may be empty, never both."""

    start: float
    end: float
    upper: str
    lower: str


def paired(
    upper: Sequence[Cue],
    lower: Sequence[Cue],
    languages: tuple[Language, Language],
    limits: tuple[Limits, Limits],
) -> tuple[Both, ...]:
    """The cues of two languages as one list, in order, without overlap, every text in it.

    Each lower cue goes to the upper one with which it shares most time; several are joined, as long
    as they fit its lines, else the upper cue is shown in parts, each with its own. A lower cue that
    meets none stands alone.
    """
    homes: list[list[Cue]] = [[] for _ in upper]
    alone: list[Both] = []
    for cue, home in zip(lower, _homes(upper, lower), strict=True):
        if home is None:
            alone.append(Both(cue.start, cue.end, "", _laid(cue.text, languages[1], limits[1])))
        else:
            homes[home].append(cue)
    together = [
        both
        for cue, inside in zip(upper, homes, strict=True)
        for both in _parts(cue, inside, languages, limits)
    ]
    return tuple(sorted((*together, *alone), key=lambda both: both.start))


def _homes(upper: Sequence[Cue], lower: Sequence[Cue]) -> Iterator[int | None]:
    """For each lower cue the number of the upper one that it shares most time with."""
    first = 0
    for cue in lower:
        while first < len(upper) and upper[first].end <= cue.start:
            first += 1
        best, most, at = None, 0.0, first
        while at < len(upper) and upper[at].start < cue.end:
            shared = min(cue.end, upper[at].end) - max(cue.start, upper[at].start)
            if shared > most:
                best, most = at, shared
            at += 1
        yield best


def _parts(
    cue: Cue,
    inside: Sequence[Cue],
    languages: tuple[Language, Language],
    limits: tuple[Limits, Limits],
) -> Iterator[Both]:
    """One upper cue with its lower ones: whole, or in parts where they do not fit its lines."""
    above = _laid(cue.text, languages[0], limits[0])
    shortest = limits[0].min_duration
    start, texts = cue.start, list[str]()
    for one in inside:
        longer = _laid(flowing([*texts, one.text], languages[1]), languages[1], limits[1])
        cut = max(one.start, start + shortest)
        if texts and longer.count("\n") >= limits[1].lines and cut <= cue.end - shortest:
            below = _laid(flowing(texts, languages[1]), languages[1], limits[1])
            yield Both(start, cut, above, below)
            start, texts = cut, []
        texts.append(one.text)
    yield Both(start, cue.end, above, _laid(flowing(texts, languages[1]), languages[1], limits[1]))


def _laid(text: str, language: Language, limits: Limits) -> str:
    return tidy(break_lines(flowing([text], language), language, limits)) if text.strip() else ""


def render_both(
    both: Sequence[Both], languages: tuple[Language, Language], fmt: str, title: str = ""
) -> bytes:
    """The bytes of a bilingual file: in ASS with a style for each language, else lines as such."""
    if fmt not in FORMATS:
        raise Rejected(f"{fmt} files show no two languages", f"Choose one of {', '.join(FORMATS)}")
    upper, lower = languages
    cues = []
    for one in both:
        # The upper language's marks are put by render(), for all lines.
        below = one.lower if fmt == "ass" else embedded(one.lower, lower)
        cues.append(Cue(one.start, one.end, "\n".join(filter(None, (one.upper, below)))))
    written = render(Subtitle(upper, tuple(cues), title=title), fmt)
    return _styled(written, both, lower) if fmt == "ass" else written


def _styled(written: bytes, both: Sequence[Both], lower: Language) -> bytes:
    """An ASS file with the lower language in a style of its own, smaller."""
    text = decode_text(written)
    document = pysubs2.SSAFile.from_string(text)
    style = document.styles["Default"].copy()
    style.fontsize = round(style.fontsize * _SMALL)
    style.fontname = ass.font_of(lower)
    document.styles["Lower"] = style
    for event, one in zip(document, both, strict=True):
        lines = event.text.split("\\N")
        above = len(one.upper.split("\n")) if one.upper else 0
        if one.lower:
            lines[above] = "{\\rLower}" + lines[above]
        event.text = "\\N".join(lines)
    styled = document.to_string("ass")
    if ass.read(styled) != ass.read(text):
        raise Unfaithful(
            "the bilingual ass file does not read back as it was written",
            "This is a fault in subtitled: please report it",
        )
    return styled.encode()
