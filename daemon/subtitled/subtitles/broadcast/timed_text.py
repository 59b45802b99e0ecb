"""What EBU-TT-D and IMSC have in common: paragraphs, spans, styles and regions of TTML.

Every style stands in the head and is named by what has it, every text is in a span, and times count
from the beginning of the programme.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from subtitled.plugin import Cue, Subtitle

from ..formats.timestamps import format_timestamp
from ..markup import Style, parse_markup
from ..scripts import is_right_to_left

_REGION = """      <tt:region xml:id="{name}" tts:origin="10% 10%" tts:extent="80% 80%"
        tts:displayAlign="{align}" tts:overflow="visible"{more}/>
"""
_REGIONS = {"top": "before", "bottom": "after"}
_FOOTER = "    </tt:div>\n  </tt:body>\n</tt:tt>\n"
_ATTRIBUTES = {
    "italic": 'tts:fontStyle="italic"',
    "bold": 'tts:fontWeight="bold"',
    "underline": 'tts:textDecoration="underline"',
}
_INVALID_IN_XML = {0xFFFE: None, 0xFFFF: None}
_TOP = 7
"""The lowest position of the upper row, as on a numeric keypad."""


def render(subtitle: Subtitle, header: str, region_attributes: str = "") -> str:
    """Render a file. Colours, bold, italics and underlining are kept, and cues at the top.

    Args:
        subtitle: Its cues.
        header: What is before the paragraphs, with the fields ``language``, ``direction``,
            ``styles`` and ``regions``. The styles ``body`` and ``text`` stand in it.
        region_attributes: Further attributes of each region.
    """
    styles: dict[Style, str] = {}
    regions = dict.fromkeys(map(_find_region, subtitle.cues))
    paragraphs = "".join(
        _render_cue(number, cue, styles) for number, cue in enumerate(subtitle.cues, 1)
    )
    head = header.format(
        language=quoteattr(str(subtitle.language) if subtitle.language.is_known else ""),
        direction=' tts:direction="rtl"' if is_right_to_left(subtitle.language) else "",
        styles="".join(_render_style(style, name) for style, name in styles.items()),
        regions="".join(
            _REGION.format(name=name, align=_REGIONS[name], more=region_attributes)
            for name in regions or ("bottom",)
        ),
    )
    return head + paragraphs + _FOOTER


def _find_region(cue: Cue) -> str:
    return "top" if parse_markup(cue.text).position >= _TOP else "bottom"


def _render_cue(number: int, cue: Cue, styles: dict[Style, str]) -> str:
    runs = parse_markup(cue.text.translate(_INVALID_IN_XML)).runs
    begin, end = (format_timestamp(time, ".") for time in (cue.start, cue.end))
    times = f'begin="{begin}" end="{end}"'
    spans = "".join(_render_runs(runs, styles))
    return f'      <tt:p xml:id="cue{number}" {times} region="{_find_region(cue)}">{spans}</tt:p>\n'


def _render_runs(runs: tuple[tuple[str, Style], ...], styles: dict[Style, str]) -> Iterator[str]:
    for text, style in runs:
        known = style._replace(strike=False)
        names = "text"
        if any(known):
            names += " " + styles.setdefault(known, f"style{len(styles) + 1}")
        for number, line in enumerate(text.split("\n")):
            if number:
                yield "<tt:br/>"
            if line:
                yield f'<tt:span style="{names}">{escape(line)}</tt:span>'


def _render_style(style: Style, name: str) -> str:
    attributes = [text for field, text in _ATTRIBUTES.items() if getattr(style, field)]
    if style.colour:
        attributes.append(f'tts:color="{style.colour.upper()}"')
    return f'      <tt:style xml:id="{name}" {" ".join(attributes)}/>\n'
