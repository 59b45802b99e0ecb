"""Writing TTML (W3C) as IMSC 1 Text: plain cues at the bottom of the video, in one region."""

from __future__ import annotations

from dataclasses import replace
from xml.sax.saxutils import escape, quoteattr

from subtitled.plugin import Cue, Subtitle

from ..markup import MarkedText, parse_markup, render_markup, render_runs
from . import timestamps

_HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
    xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling"
    xml:lang={language} xml:space="preserve" ttp:timeBase="media"
    ttp:profile="http://www.w3.org/ns/ttml/profile/imsc1/text">
  <head>
    <metadata><ttm:title>{title}</ttm:title></metadata>
    <styling>
      <style xml:id="text" tts:fontFamily="proportionalSansSerif" tts:fontSize="100%"
        tts:color="white" tts:backgroundColor="#000000C0" tts:textAlign="center"/>
    </styling>
    <layout>
      <region xml:id="bottom" tts:origin="10% 10%" tts:extent="80% 80%"
        tts:displayAlign="after"/>
    </layout>
  </head>
  <body style="text" region="bottom">
    <div>
"""
_FOOTER = "    </div>\n  </body>\n</tt>\n"
_INVALID_IN_XML = str.maketrans("", "", "\ufffe\uffff")

_TAGS = {
    "b": 'tts:fontWeight="bold"',
    "i": 'tts:fontStyle="italic"',
    "u": 'tts:textDecoration="underline"',
}
_WHITE = "#ffffff"


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """Return what the format can represent.

    That is all but two characters that XML does not allow, text that is struck out, and positions.
    """
    cues = [replace(cue, text=render_markup(_reduce(cue.text))) for cue in subtitle.cues]
    return tuple(cue for cue in cues if cue.text.strip())


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    head = _HEADER.format(
        language=quoteattr(str(subtitle.language)),
        title=escape(subtitle.title.translate(_INVALID_IN_XML)),
    )
    return head + "".join(map(_render_paragraph, representable(subtitle))) + _FOOTER


def _render_paragraph(cue: Cue) -> str:
    text = render_runs(parse_markup(cue.text).runs, _tag, escape).replace("\n", "<br/>")
    begin, end = (timestamps.format_timestamp(time, ".") for time in (cue.start, cue.end))
    return f'      <p begin="{begin}" end="{end}">{text}</p>\n'


def _tag(name: str, colour: str, closes: bool) -> str:
    if closes:
        return "</span>"
    return f"<span {_TAGS[name]}>" if name in _TAGS else f'<span tts:color="{colour}">'


def _reduce(text: str) -> MarkedText:
    """Return a text with only the styles that are written."""
    marked = parse_markup(text.translate(_INVALID_IN_XML))
    runs = tuple(
        (part, style._replace(strike=False, colour=style.colour.replace(_WHITE, "")))
        for part, style in marked.runs
    )
    return replace(parse_markup(render_markup(replace(marked, runs=runs))), position=0)
