"""TTML (W3C): written as IMSC 1 Text, read in all common dialects.

The writer puts plain cues at the bottom of the video, in one region and one style. The reader knows
all kinds of times (clock, frames, ticks, offsets, durations), nested as in TTML, in the namespaces
of TTML 1 and its drafts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from xml.etree.ElementTree import Element
from xml.sax.saxutils import escape, quoteattr

from subtitled.plugin import Cue, InputRejectedError, Subtitle

from . import timestamps
from .xmltree import parse_xml

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

_NAMESPACES = re.compile(r"\{http://www\.w3\.org/(?:ns/ttml|2006/(?:10|04)/ttaf1)\}(.*)")
_PARAMETER = re.compile(r"\{http://www\.w3\.org/.*(?:#|/)parameter\}(.*)")
_SPACE_ATTRIBUTE = "{http://www.w3.org/XML/1998/namespace}space"
_CLOCK_TIME = re.compile(r"(\d{2,4}):(\d\d):(\d\d)(?:(\.\d{1,9})|:(\d{2,4})(?:\.\d+)?)?")
_OFFSET_TIME = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_TIMED_ELEMENTS = ("body", "div", "p", "span")


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """Return what the format can represent: all but two characters that XML does not allow."""
    cues = [replace(cue, text=cue.text.translate(_INVALID_IN_XML)) for cue in subtitle.cues]
    return tuple(cue for cue in cues if cue.text.strip())


def write(subtitle: Subtitle) -> str:
    """Render the file."""
    head = _HEADER.format(
        language=quoteattr(str(subtitle.language)),
        title=escape(subtitle.title.translate(_INVALID_IN_XML)),
    )
    return head + "".join(map(_render_paragraph, representable(subtitle))) + _FOOTER


def _render_paragraph(cue: Cue) -> str:
    text = escape(cue.text).replace("\n", "<br/>")
    begin, end = (timestamps.format_timestamp(time, ".") for time in (cue.start, cue.end))
    return f'      <p begin="{begin}" end="{end}">{text}</p>\n'


@dataclass(frozen=True, slots=True)
class _TimeUnits:
    """Units of a file: frames and ticks a second."""

    frame_rate: Fraction
    tick_rate: Fraction

    def parse_time(self, text: str) -> Fraction:
        """Parse a time expression to seconds.

        Raises:
            InputRejectedError: The text is no time expression.
        """
        if match := _CLOCK_TIME.fullmatch(text):
            whole_seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
            fraction = Fraction(match[4]) if match[4] else Fraction(int(match[5] or 0), 1)
            return whole_seconds + (fraction if match[4] else fraction / self.frame_rate)
        if match := _OFFSET_TIME.fullmatch(text):
            unit = {
                "h": Fraction(3600),
                "m": Fraction(60),
                "s": Fraction(1),
                "ms": Fraction(1, 1000),
                "f": 1 / self.frame_rate,
                "t": 1 / self.tick_rate,
            }
            return Fraction(match[1]) * unit[match[2]]
        raise InputRejectedError(
            f"the TTML file has a time that is none: {text[:40]!r}", "Repair it"
        )


def read(text: str) -> tuple[Cue, ...]:
    """Read the cues of a file, in order of time.

    Raises:
        InputRejectedError: The text is no TTML.
    """
    root = parse_xml(text)
    if _local_name(root) != "tt":
        raise InputRejectedError("it is XML, but no TTML", "Check what the file is")
    body = next((child for child in root if _local_name(child) == "body"), None)
    if body is None:
        return ()
    keeps_space = root.get(_SPACE_ATTRIBUTE) == "preserve"
    cues = _iter_cues(body, _read_time_units(root), Fraction(0), None, keeps_space)
    return tuple(sorted(cues, key=lambda cue: cue.start))


def _iter_cues(
    element: Element, units: _TimeUnits, start: Fraction, end: Fraction | None, keeps_space: bool
) -> Iterator[Cue]:
    """Yield the cues of an element whose parent lasts from ``start`` to ``end`` seconds."""
    has_times = any(key in element.attrib for key in ("begin", "end", "dur"))
    begin, finish = _resolve_times(element, units, start, end)
    keeps_space = (
        element.get(_SPACE_ATTRIBUTE, "preserve" if keeps_space else "default") == "preserve"
    )
    parts = [child for child in element if _local_name(child) in _TIMED_ELEMENTS]
    # A paragraph whose spans have their own times is one cue for each span.
    has_timed_children = any("begin" in child.attrib for child in parts)
    if _local_name(element) in ("p", "span") and not has_timed_children:
        text = _extract_text(element, keeps_space)
        if text and (has_times or finish is not None):
            if finish is None:
                raise InputRejectedError("the TTML file has a text without an end", "Repair it")
            yield Cue(round(float(begin), 3), round(float(finish), 3), text)
        return
    for child in parts:
        yield from _iter_cues(child, units, begin, finish, keeps_space)


def _resolve_times(
    element: Element, units: _TimeUnits, start: Fraction, end: Fraction | None
) -> tuple[Fraction, Fraction | None]:
    begin = start + units.parse_time(element.get("begin", "0s"))
    ends = [] if end is None else [end]
    if "end" in element.attrib:
        ends.append(start + units.parse_time(element.attrib["end"]))
    if "dur" in element.attrib:
        ends.append(begin + units.parse_time(element.attrib["dur"]))
    return begin, min(ends, default=None)


def _extract_text(element: Element, keeps_space: bool) -> str:
    """Return the text with its line breaks; white space is kept or collapsed to one space."""
    lines = "".join(_iter_texts(element, keeps_space)).split("\n")
    if not keeps_space:
        lines = [" ".join(line.split()) for line in lines]
    return "\n".join(lines).strip("\n")


def _iter_texts(element: Element, keeps_space: bool) -> Iterator[str]:
    def normalise(text: str | None) -> str:
        return (text or "") if keeps_space else (text or "").replace("\n", " ")

    yield normalise(element.text)
    for child in element:
        if _local_name(child) == "br":
            yield "\n"
        elif _local_name(child) == "span":
            yield from _iter_texts(child, keeps_space)
        yield normalise(child.tail)


def _read_time_units(root: Element) -> _TimeUnits:
    """Read frames and ticks a second. The standard's defaults are 30 and 1."""
    parameters = {
        match[1]: value for key, value in root.items() if (match := _PARAMETER.fullmatch(key))
    }
    try:
        rate = Fraction(int(parameters.get("frameRate", "30")))
        numerator, _, denominator = parameters.get("frameRateMultiplier", "1 1").partition(" ")
        rate *= Fraction(int(numerator), int(denominator or "1"))
        ticks = Fraction(int(parameters.get("tickRate", "1")))
        if "tickRate" not in parameters and "frameRate" in parameters:
            ticks = rate
        if rate <= 0 or ticks <= 0:
            raise ValueError("rates are above zero")
    except (ValueError, ZeroDivisionError) as error:
        raise InputRejectedError(
            f"the TTML file has a rate that is none: {error}", "Repair it"
        ) from error
    return _TimeUnits(rate, ticks)


def _local_name(element: Element) -> str:
    match = _NAMESPACES.fullmatch(element.tag)
    return match[1] if match else ""
