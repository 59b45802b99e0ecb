"""TTML (W3C): written as IMSC 1 Text, read in the dialects that are about.

Written are plain cues at the bottom of the picture, in one region and one style. Read are the
times of every kind (clock, frames, ticks, offsets, durations), nested as TTML nests them, in the
namespaces of TTML 1 and of its drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from subtitled.plugin import Cue, Rejected, Subtitle

from . import clock
from .xmltree import parse

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
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
_TAIL = "    </div>\n  </body>\n</tt>\n"
_NO_XML = str.maketrans("", "", "\ufffe\uffff")

_NAMESPACES = re.compile(r"\{http://www\.w3\.org/(?:ns/ttml|2006/(?:10|04)/ttaf1)\}(.*)")
_PARAMETER = re.compile(r"\{http://www\.w3\.org/.*(?:#|/)parameter\}(.*)")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_CLOCK = re.compile(r"(\d{2,4}):(\d\d):(\d\d)(?:(\.\d{1,9})|:(\d{2,4})(?:\.\d+)?)?")
_OFFSET = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_TIMED = ("body", "div", "p", "span")


def carried(subtitle: Subtitle) -> tuple[Cue, ...]:
    """What the format can carry: all but two characters that XML knows none of."""
    cues = [replace(cue, text=cue.text.translate(_NO_XML)) for cue in subtitle.cues]
    return tuple(cue for cue in cues if cue.text.strip())


def write(subtitle: Subtitle) -> str:
    """The file's text."""
    head = _HEAD.format(
        language=quoteattr(str(subtitle.language)),
        title=escape(subtitle.title.translate(_NO_XML)),
    )
    return head + "".join(map(_paragraph, carried(subtitle))) + _TAIL


def _paragraph(cue: Cue) -> str:
    said = escape(cue.text).replace("\n", "<br/>")
    begin, end = (clock.shown(time, ".") for time in (cue.start, cue.end))
    return f'      <p begin="{begin}" end="{end}">{said}</p>\n'


@dataclass(frozen=True, slots=True)
class _Clock:
    """What the file says about its units, in frames and ticks a second."""

    frame_rate: Fraction
    tick_rate: Fraction

    def seconds(self, said: str) -> Fraction:
        """A time expression. Raises :class:`Rejected` for what is none."""
        if found := _CLOCK.fullmatch(said):
            whole = int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3])
            part = Fraction(found[4]) if found[4] else Fraction(int(found[5] or 0), 1)
            return whole + (part if found[4] else part / self.frame_rate)
        if found := _OFFSET.fullmatch(said):
            unit = {
                "h": Fraction(3600),
                "m": Fraction(60),
                "s": Fraction(1),
                "ms": Fraction(1, 1000),
                "f": 1 / self.frame_rate,
                "t": 1 / self.tick_rate,
            }
            return Fraction(found[1]) * unit[found[2]]
        raise Rejected(f"the TTML file has a time that is none: {said[:40]!r}", "Repair it")


def read(text: str) -> tuple[Cue, ...]:
    """The cues of a file's text, in order of time. Raises :class:`Rejected` for what is no TTML."""
    root = parse(text)
    if _name(root) != "tt":
        raise Rejected("it is XML, but no TTML", "Look what the file is")
    body = next((child for child in root if _name(child) == "body"), None)
    if body is None:
        return ()
    keeps = root.get(_SPACE) == "preserve"
    cues = _cues(body, _clock(root), Fraction(0), None, keeps)
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _cues(
    element: Element, clock: _Clock, start: Fraction, end: Fraction | None, keeps: bool
) -> Iterator[Cue]:
    """The cues of an element, whose parent lasts from ``start`` to ``end``, in seconds."""
    timed = any(key in element.attrib for key in ("begin", "end", "dur"))
    begin, until = _lasting(element, clock, start, end)
    keeps = element.get(_SPACE, "preserve" if keeps else "default") == "preserve"
    parts = [child for child in element if _name(child) in _TIMED]
    # A paragraph whose spans have times of their own is a cue for each of them.
    inner = any("begin" in child.attrib for child in parts)
    if _name(element) in ("p", "span") and not inner:
        said = _said(element, keeps)
        if said and (timed or until is not None):
            if until is None:
                raise Rejected("the TTML file has a text without an end", "Repair it")
            yield Cue(round(float(begin), 3), round(float(until), 3), said)
        return
    for child in parts:
        yield from _cues(child, clock, begin, until, keeps)


def _lasting(
    element: Element, clock: _Clock, start: Fraction, end: Fraction | None
) -> tuple[Fraction, Fraction | None]:
    begin = start + clock.seconds(element.get("begin", "0s"))
    ends = [] if end is None else [end]
    if "end" in element.attrib:
        ends.append(start + clock.seconds(element.attrib["end"]))
    if "dur" in element.attrib:
        ends.append(begin + clock.seconds(element.attrib["dur"]))
    return begin, min(ends, default=None)


def _said(element: Element, keeps: bool) -> str:
    """The text with its line breaks; white space as the file has it, or as one space."""
    lines = "".join(_texts(element, keeps)).split("\n")
    if not keeps:
        lines = [" ".join(line.split()) for line in lines]
    return "\n".join(lines).strip("\n")


def _texts(element: Element, keeps: bool) -> Iterator[str]:
    def shown(text: str | None) -> str:
        return (text or "") if keeps else (text or "").replace("\n", " ")

    yield shown(element.text)
    for child in element:
        if _name(child) == "br":
            yield "\n"
        elif _name(child) == "span":
            yield from _texts(child, keeps)
        yield shown(child.tail)


def _clock(root: Element) -> _Clock:
    """Frames and ticks a second, 30 and 1 where nothing is said, as the standard has it."""
    said = {found[1]: value for key, value in root.items() if (found := _PARAMETER.fullmatch(key))}
    try:
        rate = Fraction(int(said.get("frameRate", "30")))
        numerator, _, denominator = said.get("frameRateMultiplier", "1 1").partition(" ")
        rate *= Fraction(int(numerator), int(denominator or "1"))
        ticks = Fraction(int(said.get("tickRate", "1")))
        if "tickRate" not in said and "frameRate" in said:
            ticks = rate
        if rate <= 0 or ticks <= 0:
            raise ValueError("rates are above zero")
    except (ValueError, ZeroDivisionError) as error:
        raise Rejected(f"the TTML file has a rate that is none: {error}", "Repair it") from error
    return _Clock(rate, ticks)


def _name(element: Element) -> str:
    found = _NAMESPACES.fullmatch(element.tag)
    return found[1] if found else ""
