"""Bilingual subtitles: each cue shows the text of one language above that of the other.

Both texts are in the same cue, because some players draw two cues of equal times over each other,
or in either order. Times and reading speed are those of the upper language, because a viewer reads
one of the two.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pysubs2

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from ..formats import RoundTripError, ass, ass_reader, render_subtitle, tidy_text
from ..formats.text import embed_rtl_lines, unwrap_lines
from ..markup import strip_tags
from ..rules import CueRules
from .line_breaking import break_lines

BILINGUAL_FORMATS = ("srt", "vtt", "ass", "ttml")
"""The formats that show cues. The others hold words."""
_LOWER_FONT_SCALE = 0.7
"""Font size of the lower language in ASS, as a share of the upper one's."""


@dataclass(frozen=True, slots=True)
class BilingualCue:
    """A cue in two languages. One of the texts may be empty, but not both."""

    start: float
    end: float
    upper: str
    lower: str


def pair_cues(
    upper: Sequence[Cue],
    lower: Sequence[Cue],
    languages: tuple[Language, Language],
    rules: tuple[CueRules, CueRules],
) -> tuple[BilingualCue, ...]:
    """Combine the cues of two languages to one list, in order, without overlap, with every text.

    Each lower cue is assigned to the upper cue with the longest common time. Several lower cues are
    joined as long as they fit its lines; otherwise the upper cue is split into parts, one for each
    of them. A lower cue without an upper one stays alone.
    """
    lower_by_upper: list[list[Cue]] = [[] for _ in upper]
    unpaired: list[BilingualCue] = []
    for cue, upper_index in zip(lower, _iter_best_overlaps(upper, lower), strict=True):
        if upper_index is None:
            unpaired.append(
                BilingualCue(cue.start, cue.end, "", _lay_out(cue.text, languages[1], rules[1]))
            )
        else:
            lower_by_upper[upper_index].append(cue)
    paired_cues = [
        bilingual_cue
        for cue, lower_cues in zip(upper, lower_by_upper, strict=True)
        for bilingual_cue in _split_cue(cue, lower_cues, languages, rules)
    ]
    return tuple(sorted((*paired_cues, *unpaired), key=lambda both: both.start))


def _iter_best_overlaps(upper: Sequence[Cue], lower: Sequence[Cue]) -> Iterator[int | None]:
    """Yield for each lower cue the index of the upper one with the longest common time."""
    first = 0
    for cue in lower:
        while first < len(upper) and upper[first].end <= cue.start:
            first += 1
        best, most, index = None, 0.0, first
        while index < len(upper) and upper[index].start < cue.end:
            shared = min(cue.end, upper[index].end) - max(cue.start, upper[index].start)
            if shared > most:
                best, most = index, shared
            index += 1
        yield best


def _split_cue(
    cue: Cue,
    lower_cues: Sequence[Cue],
    languages: tuple[Language, Language],
    rules: tuple[CueRules, CueRules],
) -> Iterator[BilingualCue]:
    """Yield an upper cue with its lower ones, in parts if they do not fit its lines."""
    upper_text = _lay_out(cue.text, languages[0], rules[0])
    min_duration = rules[0].min_duration
    start, texts = cue.start, list[str]()
    for lower_cue in lower_cues:
        joined = _lay_out(
            unwrap_lines([*texts, lower_cue.text], languages[1]), languages[1], rules[1]
        )
        cut = max(lower_cue.start, start + min_duration)
        if texts and joined.count("\n") >= rules[1].max_lines and cut <= cue.end - min_duration:
            lower_text = _lay_out(unwrap_lines(texts, languages[1]), languages[1], rules[1])
            yield BilingualCue(start, cut, upper_text, lower_text)
            start, texts = cut, []
        texts.append(lower_cue.text)
    yield BilingualCue(
        start,
        cue.end,
        upper_text,
        _lay_out(unwrap_lines(texts, languages[1]), languages[1], rules[1]),
    )


def _lay_out(text: str, language: Language, rules: CueRules) -> str:
    return (
        tidy_text(break_lines(unwrap_lines([text], language), language, rules))
        if text.strip()
        else ""
    )


def render_bilingual(
    cues: Sequence[BilingualCue], languages: tuple[Language, Language], fmt: str, title: str = ""
) -> bytes:
    """Render a bilingual file. ASS gets a style for each language, other formats plain lines."""
    if fmt not in BILINGUAL_FORMATS:
        raise InputRejectedError(
            f"{fmt} files show no two languages", f"Choose one of {', '.join(BILINGUAL_FORMATS)}"
        )
    upper, lower = languages
    merged_cues = []
    for bilingual_cue in cues:
        # render_subtitle() adds the direction marks of the upper language to all lines.
        lower_text = (
            bilingual_cue.lower if fmt == "ass" else embed_rtl_lines(bilingual_cue.lower, lower)
        )
        merged_cues.append(
            Cue(
                bilingual_cue.start,
                bilingual_cue.end,
                "\n".join(filter(None, (bilingual_cue.upper, lower_text))),
            )
        )
    written = render_subtitle(Subtitle(language=upper, cues=tuple(merged_cues), title=title), fmt)
    return _apply_styles(written, cues, lower) if fmt == "ass" else written


def _apply_styles(written: bytes, cues: Sequence[BilingualCue], lower: Language) -> bytes:
    """Give the lower language of an ASS file its own, smaller style."""
    text = written.decode()
    document = pysubs2.SSAFile.from_string(text)
    style = document.styles["Default"].copy()
    style.fontsize = round(style.fontsize * _LOWER_FONT_SCALE)
    style.fontname = ass.choose_font(lower)
    document.styles["Lower"] = style
    for event, bilingual_cue in zip(document, cues, strict=True):
        lines = event.text.split("\\N")
        upper_lines = len(bilingual_cue.upper.split("\n")) if bilingual_cue.upper else 0
        if bilingual_cue.lower:
            lines[upper_lines] = "{\\rLower}" + lines[upper_lines]
        event.text = "\\N".join(lines)
    styled = document.to_string("ass")
    if _spoken_cues(styled) != _spoken_cues(text):
        raise RoundTripError(
            "the bilingual ass file does not read back as it was written",
            "This is a fault in subtitled: please report it",
        )
    return styled.encode()


def _spoken_cues(text: str) -> list[tuple[float, float, str]]:
    """Return the cues of an ASS file without their style."""
    return [(cue.start, cue.end, strip_tags(cue.text)) for cue in ass_reader.read(text).cues]
