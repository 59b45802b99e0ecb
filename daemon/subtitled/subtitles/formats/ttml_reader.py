"""Reading TTML in its common dialects.

All kinds of times are known (clock, frames, ticks, offsets, durations), nested as in TTML, in the
namespaces of TTML 1 and its drafts. Text beside a timed span is shown as long as its paragraph. A
paragraph that cannot be shown is left out by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from xml.etree.ElementTree import Element

from subtitled.plugin import Cue, InputRejectedError, Language

from ..colours import parse_colour
from ..markup import PLAIN, MarkedText, Style, render_markup
from .parallel_languages import take_one_language
from .result import DropLog, ReadResult
from .xmltree import parse_xml

MAX_COMBINATIONS = 50_000
"""Most parts times changes of one paragraph. A paragraph with more has each part by itself."""
_NAMESPACES = re.compile(r"(?:\{http://www\.w3\.org/(?:ns/ttml|2006/(?:10|04)/ttaf1)\})?([^{}]*)")
_PARAMETER = re.compile(r"\{http://www\.w3\.org/[^{}]{1,80}[#/]parameter\}(.*)")
_STYLING = re.compile(r"\{http://www\.w3\.org/[^{}]{1,80}[#/]styl(?:ing|e)\}(.*)")
_XML = "{http://www.w3.org/XML/1998/namespace}"
_CLOCK_TIME = re.compile(
    r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,](\d{1,9})|[:;](\d{1,4})(?:\.\d{1,9})?)?"
)
_OFFSET_TIME = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)(h|ms|m|s|f|t)")
_TIMES = ("begin", "end", "dur")
_ANNOTATIONS = frozenset({"text", "textContainer", "delimiter"})
"""Values of tts:ruby for text above the text."""


@dataclass(frozen=True, slots=True)
class _TimeUnits:
    """Units of a file: frames and ticks a second."""

    frame_rate: Fraction
    tick_rate: Fraction
    counted_rate: int = 0
    """Frames that make a second of the time code, where it counts frames without a gap, else 0.

    At 29.97 frames a second its hour is 3.6 seconds longer than one of the clock.
    """

    def parse_time(self, text: str) -> Fraction:
        """Parse a time expression to seconds.

        Raises:
            InputRejectedError: The text is no time expression.
        """
        text = text.strip()
        if match := _CLOCK_TIME.fullmatch(text):
            whole_seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
            if match[4]:
                return whole_seconds + Fraction(f"0.{match[4]}")
            if self.counted_rate:
                frames = whole_seconds * self.counted_rate + int(match[5] or 0)
                return Fraction(frames) / self.frame_rate
            return whole_seconds + Fraction(int(match[5] or 0)) / self.frame_rate
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


@dataclass(frozen=True, slots=True)
class _Span:
    """When an element is shown. Without an end it is not known when it disappears."""

    begin: Fraction
    end: Fraction | None

    @property
    def is_empty(self) -> bool:
        return self.end is not None and self.end <= self.begin


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the text of a paragraph."""

    text: str
    style: Style
    span: _Span


@dataclass(slots=True)
class _Document:
    units: _TimeUnits
    styles: Mapping[str, Mapping[str, str]]
    dropped: DropLog = field(default_factory=DropLog)
    fault: str = ""
    """Why the first paragraph was left out."""


def read(text: str, wanted: Language | None = None) -> ReadResult:
    """Read the cues of a file, in order of time.

    Args:
        text: The file.
        wanted: Which language to take of a file that has several beside each other.

    Raises:
        InputRejectedError: The text is no TTML, or no paragraph in it can be shown.
    """
    root = parse_xml(text)
    body = next((child for child in root if _local_name(child) == "body"), None)
    if _local_name(root) != "tt" or (body is None and root.tag == "tt"):
        raise InputRejectedError("it is XML, but no TTML", "Check what the file is")
    language = root.get(f"{_XML}lang", "")
    if body is None:
        return ReadResult(cues=(), format="ttml", languages=tuple(filter(None, [language])))
    document = _Document(_read_time_units(root), _read_styles(root))
    keeps_space = root.get(f"{_XML}space") == "preserve"
    found = list(_iter_cues(body, document, _Span(Fraction(0), None), PLAIN, keeps_space, language))
    if not found and document.fault:
        raise InputRejectedError(document.fault, "Repair it")
    cues, languages = take_one_language(found, wanted, document.dropped)
    ordered = tuple(sorted(cues, key=lambda cue: cue.start))
    return ReadResult(
        cues=ordered, format="ttml", dropped=tuple(document.dropped), languages=languages
    )


def _iter_cues(
    element: Element,
    document: _Document,
    parent: _Span,
    style: Style,
    keeps_space: bool,
    language: str,
) -> Iterator[tuple[str, Cue]]:
    """Yield the cues of an element with their language, and report what cannot be shown."""
    language = element.get(f"{_XML}lang", language)
    try:
        span = _resolve_times(element, document.units, parent)
    except InputRejectedError as error:
        _drop(document, element, error.message)
        return
    if span.is_empty:
        _drop(document, element, "it ends before it begins, or begins after its parent's end")
        return
    if _is_hidden(element, document):
        _drop(document, element, "it is hidden")
        return
    style = _style_of(element, document, style)
    keeps_space = _keeps_space(element, keeps_space)
    if _local_name(element) == "p":
        try:
            for cue in _cues_of_paragraph(element, document, span, style, keeps_space):
                yield language, cue
        except InputRejectedError as error:
            _drop(document, element, error.message)
        return
    inner = span
    for child in element:
        if _local_name(child) not in ("div", "p"):
            continue
        yield from _iter_cues(child, document, inner, style, keeps_space, language)
        inner = _after(child, element, document, inner)


def _after(child: Element, element: Element, document: _Document, span: _Span) -> _Span:
    """Return the span of what follows a child, which in a sequence begins at its end."""
    if element.get("timeContainer") != "seq":
        return span
    try:
        end = _resolve_times(child, document.units, span).end
    except InputRejectedError:
        return span
    return _Span(end if end is not None else span.begin, span.end)


def _drop(document: _Document, element: Element, reason: str) -> None:
    text = "".join(element.itertext())[:200]
    if text.strip():
        document.dropped.add(reason, None, text)
        document.fault = document.fault or reason


def _cues_of_paragraph(
    element: Element, document: _Document, span: _Span, style: Style, keeps_space: bool
) -> Iterator[Cue]:
    """Yield a cue for each time between two changes of the text of a paragraph."""
    parts = [
        part
        for part in _iter_parts(element, document, span, style, keeps_space)
        if part.text and not part.span.is_empty
    ]
    if not any(part.text.strip() for part in parts):
        return
    has_times = any(key in element.attrib for key in _TIMES) or span.end is not None
    timed = [part for part in parts if part.text.strip() and part.span != span]
    if span.end is None and not timed:
        if not has_times:
            raise InputRejectedError("the TTML file has a text without times", "Repair it")
        raise InputRejectedError("the TTML file has a text without an end", "Repair it")
    if span.end is None:
        # Its own text is shown as long as its spans are.
        ends = [part.span.end for part in timed if part.span.end is not None]
        if not ends:
            raise InputRejectedError("the TTML file has a text without an end", "Repair it")
        parts = [
            _Part(part.text, part.style, _Span(part.span.begin, part.span.end or max(ends)))
            for part in parts
        ]
    changes = sorted(
        {time for part in parts for time in (part.span.begin, part.span.end) if time is not None}
    )
    if len(parts) * len(changes) > MAX_COMBINATIONS:
        shown = [(part.span.begin, part.span.end, [part]) for part in parts]
    else:
        shown = [
            (begin, end, [p for p in parts if p.span.begin <= begin and end <= (p.span.end or end)])
            for begin, end in pairwise(changes)
        ]
    yield from _join_equal(shown, keeps_space)


def _join_equal(
    shown: Sequence[tuple[Fraction, Fraction | None, Sequence[_Part]]], keeps_space: bool
) -> Iterator[Cue]:
    """Yield cues, one for neighbours of the same text."""
    current: Cue | None = None
    for begin, end, parts in shown:
        text = _text_of(parts, keeps_space)
        if not text or end is None:
            continue
        cue = Cue(round(float(begin), 3), round(float(end), 3), text)
        if current is not None and (current.text, current.end) == (cue.text, cue.start):
            current = Cue(current.start, cue.end, text)
            continue
        if current is not None:
            yield current
        current = cue
    if current is not None:
        yield current


def _iter_parts(
    element: Element, document: _Document, span: _Span, style: Style, keeps_space: bool
) -> Iterator[_Part]:
    """Yield the pieces of text of a paragraph or span, without what stands above the line."""

    def part(text: str | None) -> _Part:
        kept = (text or "") if keeps_space else re.sub(r"[ \t\n]+", " ", text or "")
        return _Part(kept, style, span)

    yield part(element.text)
    inner = span
    for child in element:
        name = _local_name(child)
        if name == "br":
            yield _Part("\n", style, span)
        elif name == "span" and _attribute(child, document, "ruby") not in _ANNOTATIONS:
            own = _resolve_times(child, document.units, inner)
            if not own.is_empty and not _is_hidden(child, document):
                yield from _iter_parts(
                    child,
                    document,
                    own,
                    _style_of(child, document, style),
                    _keeps_space(child, keeps_space),
                )
            inner = _after(child, element, document, inner)
        yield part(child.tail)


def _resolve_times(element: Element, units: _TimeUnits, parent: _Span) -> _Span:
    begin = parent.begin + units.parse_time(element.get("begin", "0s"))
    ends = [] if parent.end is None else [parent.end]
    if "end" in element.attrib:
        ends.append(parent.begin + units.parse_time(element.attrib["end"]))
    if "dur" in element.attrib:
        ends.append(begin + units.parse_time(element.attrib["dur"]))
    return _Span(begin, min(ends, default=None))


def _text_of(parts: Sequence[_Part], keeps_space: bool) -> str:
    """Return the text with its line breaks; white space is kept or collapsed to one space."""
    runs: list[tuple[str, Style]] = []
    is_at_space = True
    for part in parts:
        text = part.text
        if not keeps_space and is_at_space:
            text = text.lstrip(" ")
        if text:
            is_at_space = text[-1] in " \n"
            runs.append((text, part.style))
    text = render_markup(MarkedText(tuple(runs)))
    lines = text.split("\n") if keeps_space else [line.strip() for line in text.split("\n")]
    return "\n".join(lines).strip("\n")


def _keeps_space(element: Element, inherited: bool) -> bool:
    default = "preserve" if inherited else "default"
    return element.get(f"{_XML}space", default) == "preserve"


def _style_of(element: Element, document: _Document, inherited: Style) -> Style:
    slant = _attribute(element, document, "fontStyle")
    weight = _attribute(element, document, "fontWeight")
    line = _attribute(element, document, "textDecoration")
    colour = _attribute(element, document, "color")
    chosen = inherited
    if slant:
        chosen = chosen._replace(italic=slant in ("italic", "oblique"))
    if weight:
        chosen = chosen._replace(bold=weight == "bold")
    if line:
        chosen = chosen._replace(
            underline="underline" in line.split(), strike="lineThrough" in line
        )
    if colour:
        value = parse_colour(colour[:40])
        # White is the colour of a text without one.
        chosen = chosen._replace(colour="" if value == "#ffffff" else value)
    return chosen


def _is_hidden(element: Element, document: _Document) -> bool:
    return (
        _attribute(element, document, "display") == "none"
        or _attribute(element, document, "visibility") == "hidden"
        or _attribute(element, document, "opacity") in ("0", "0.0")
    )


def _attribute(element: Element, document: _Document, name: str) -> str:
    """Return a styling attribute of an element or of the styles that it names, or ""."""
    for key, value in element.items():
        if key.endswith("}" + name) and _STYLING.fullmatch(key):
            return value.strip()
    for style in reversed(element.get("style", "").split()[:8]):
        if value := document.styles.get(style, {}).get(name, ""):
            return value
    return ""


def _read_styles(root: Element) -> dict[str, dict[str, str]]:
    """Return the attributes of each named style."""
    styles: dict[str, dict[str, str]] = {}
    for head in (child for child in root if _local_name(child) == "head"):
        for style in (one for one in head.iter() if _local_name(one) == "style"):
            name = style.get(f"{_XML}id") or style.get("id") or ""
            values: dict[str, str] = {}
            for base in style.get("style", "").split()[:8]:
                values |= styles.get(base, {})
            for key, value in style.items():
                if match := _STYLING.fullmatch(key):
                    values[match[1]] = value.strip()
            styles[name] = values
    return styles


def _read_time_units(root: Element) -> _TimeUnits:
    """Read frames and ticks a second. The standard's defaults are 30 and 1."""
    parameters = {
        match[1]: value for key, value in root.items() if (match := _PARAMETER.fullmatch(key))
    }
    try:
        nominal = int(parameters.get("frameRate", "30")[:9])
        rate = Fraction(nominal)
        numerator, _, denominator = parameters.get("frameRateMultiplier", "1 1")[:20].partition(" ")
        rate *= Fraction(int(numerator), int(denominator or "1"))
        ticks = Fraction(int(parameters.get("tickRate", "1")[:12]))
        if "tickRate" not in parameters and "frameRate" in parameters:
            ticks = rate
        if rate <= 0 or ticks <= 0:
            raise ValueError("rates are above zero")
    except (ValueError, ZeroDivisionError) as error:
        raise InputRejectedError(
            f"the TTML file has a rate that is none: {error}", "Repair it"
        ) from error
    is_counted = (
        parameters.get("timeBase") == "smpte" and parameters.get("dropMode", "nonDrop") == "nonDrop"
    )
    return _TimeUnits(rate, ticks, nominal if is_counted else 0)


def _local_name(element: Element) -> str:
    match = _NAMESPACES.fullmatch(element.tag)
    return match[1] if match else ""
