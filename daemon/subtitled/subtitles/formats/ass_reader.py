"""Reading Advanced SubStation Alpha and its older form, SSA.

pysubs2 is not used: the patterns with which it looks for tags and drawings take quadratic time on
files that are made for it, and its plain text has neither italics nor colours.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from subtitled.plugin import Cue, InputRejectedError

from ..colours import ass_colour
from ..markup import PLAIN, Style, parse_markup, render_markup
from .result import DropLog, ReadResult
from .time_lines import MINUTES, split_file_lines

_TIME = re.compile(r"(\d{1,4}):(\d{1,2}):(\d{1,2})(?:[.,:](\d{1,6}))?")
_EVENT_FIELDS = "layer start end style name marginl marginr marginv effect text".split()
_USUAL_EVENT = re.compile(
    r"[^,]*,([0-9]:[0-9]{2}):([0-9]{2})\.([0-9]{2}),([0-9]:[0-9]{2}):([0-9]{2})\.([0-9]{2}),"
    r"([^,*\s](?:[^,*]*[^,*\s])?),[^,]*,[^,]*,[^,]*,[^,]*,,(.*)"
)
"""An event of those fields, without an effect."""
_USUAL_LINE = re.compile(
    r"(?m)^Dialogue:[^,\n]*,([0-9]:[0-9]{2}):([0-9]{2})\.([0-9]{2}),([0-9]:[0-9]{2}):([0-9]{2})\."
    r"([0-9]{2}),([^,*\s](?:[^,*\n]*[^,*\s])?),[^,\n]*,[^,\n]*,[^,\n]*,[^,\n]*,,(.*)$"
)
"""A line with such an event."""
_EVENTS = re.compile(r"\n\[Events\]\nFormat:([^\n]{1,200})\n(?=Dialogue:)")
_ONE_STYLE = re.compile(r"\{\\(?P<tag>[bius])1\}([^\s<{][^<{]*)\{\\(?P=tag)0\}")
"""A text that is all in one style."""
_BLOCK = re.compile(r"(?<!\\)\{([^{}\\]{0,1000})(\\[^{}]{0,1000})?\}")
"""What players do not show: a comment, commands, or both."""
_SECTION = re.compile(r"\[[^\[\]]{1,60}\]")
_LANGUAGE = re.compile(r"language\s{0,4}:\s{0,4}([A-Za-z0-9-]{2,35})", re.IGNORECASE)
_EFFECTS = frozenset({"fx", "template", "code"})
"""Effects of lines that a karaoke script has made of others, or that are its code."""


class _Event(NamedTuple):
    line: int
    start: float
    end: float
    style: str
    text: str


class _EventPlaces(NamedTuple):
    """How many fields an event has, and where in it those are that matter; -1 if it has none."""

    size: int
    start: int
    end: int
    style: int
    effect: int
    text: int

    @classmethod
    def of(cls, names: Sequence[str]) -> _EventPlaces:
        places = {name: place for place, name in enumerate(names)}
        return cls(len(names), *(places.get(name, -1) for name in cls._fields[1:]))


_USUAL_PLACES = _EventPlaces.of(_EVENT_FIELDS)


@dataclass(slots=True)
class _Document:
    styles: dict[str, Style] = field(default_factory=dict)
    events: list[_Event] = field(default_factory=list)
    language: str = ""
    has_section: bool = False


def is_ass(text: str) -> bool:
    """Check whether a file has a section or an event of ASS near its beginning."""
    head = text[:20_000].lower()
    return any(mark in head for mark in ("[script info]", "[v4+ styles]", "[v4 styles]")) or (
        "[events]" in head and "dialogue:" in head
    )


def read(text: str) -> ReadResult:
    """Read the cues of a file, without drawings, comments and effects.

    Raises:
        InputRejectedError: The file has no section of ASS.
    """
    dropped = DropLog()
    document = _parse_usual(text, dropped) or _parse(split_file_lines(text), dropped)
    if not document.has_section:
        raise InputRejectedError(
            "it is no subtitle file, or a broken one", "Check it with an editor"
        )
    usual = _usual_style(document)
    differences = {name: _difference(style, usual) for name, style in document.styles.items()}
    styled = {name: style for name, style in differences.items() if style != PLAIN}
    cues: list[Cue] = []
    timed = 0
    for line, start, end, style_name, text in document.events:
        style, body = styled.get(style_name, PLAIN), text
        if "\\" in body:
            # A line break stands for a space only where lines are wrapped by hand.
            body = body.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u00a0")
        if "{" in body:
            body = _BLOCK.sub(lambda match: f"{{{match[2]}}}" if match[2] else "", body)
            body = body.replace("\\{", "{").replace("\\}", "}")
        if style is PLAIN:
            if "<" not in body and "{" not in body:
                cues.append(Cue(start, end, _strip_lines(body) if "\n" in body else body.strip()))
                continue
            if (whole := _ONE_STYLE.fullmatch(body)) and not whole[2][-1].isspace():
                body = f"<{whole[1]}>{whole[2]}</{whole[1]}>"
                cues.append(Cue(start, end, _strip_lines(body)))
                continue
        marked = parse_markup(body, style)
        timed += marked.is_karaoke
        if marked.has_drawing:
            dropped.add("a drawing", line, text)
        if marked.plain.strip():
            cues.append(Cue(start, end, _strip_lines(render_markup(marked))))
        elif not marked.has_drawing:
            cues.append(Cue(start, end, ""))
    return ReadResult(
        cues=tuple(cues),
        format="ass",
        dropped=tuple(dropped),
        is_karaoke=3 * timed > len(cues) > 0,
        languages=tuple(filter(None, [document.language])),
    )


def _strip_lines(text: str) -> str:
    if "\n" not in text:
        return text.strip()
    return "\n".join(map(str.strip, text.split("\n"))).strip("\n")


def _parse_usual(text: str, dropped: DropLog) -> _Document | None:
    """Parse a file whose last section has usual events only, in half the time; None for others."""
    start = _EVENTS.search(text)
    if start is None or _EventPlaces.of(field_names(start[1])) != _USUAL_PLACES:
        return None
    events = text[start.end() :].rstrip("\n")
    found = _USUAL_LINE.findall(events)
    if len(found) != events.count("\n") + 1 or "\0" in events or "\ufeff" in events:
        return None
    document = _parse(split_file_lines(text[: start.end()]), dropped)
    first = text.count("\n", 0, start.end()) + 1
    for line, (minute, second, part, end_minute, end_second, end_part, style, body) in enumerate(
        found, first
    ):
        begin = MINUTES[minute] + int(second + part) * 10
        end = MINUTES[end_minute] + int(end_second + end_part) * 10
        document.events.append(_Event(line, begin / 1000, end / 1000, style, body.strip()))
    return document


def field_names(value: str) -> list[str]:
    """Return the names of a format line, in small letters."""
    return [name.strip().lower() for name in value.split(",")][:40]


def _parse(lines: Iterable[str], dropped: DropLog) -> _Document:
    document, section = _Document(), ""
    fields: dict[str, list[str]] = {}
    places = _USUAL_PLACES
    for number, raw in enumerate(lines, 1):
        line = raw.strip("\0\ufeff \t")
        if line.startswith("Dialogue:"):
            document.has_section = True
            _add_event(document, number, line[9:], places, dropped)
            continue
        if line.startswith("[") and _SECTION.fullmatch(line):
            section = line[1:-1].strip().lower()
            document.has_section = True
            continue
        kind, colon, value = line.partition(":")
        kind = kind.strip().lower()
        if not colon:
            continue
        if kind == "format":
            fields[section] = field_names(value)
            if section == "events":
                places = _EventPlaces.of(fields[section])
        elif kind == "style" and "styles" in section:
            values = _split_fields(value, fields.get(section, []))
            document.styles[values.get("name", "").lstrip("*")] = _style_of(values)
        elif kind == "dialogue":
            document.has_section = True
            _add_event(document, number, value, places, dropped)
        elif match := _LANGUAGE.fullmatch(line):
            document.language = document.language or match[1]
    return document


def _split_fields(value: str, names: list[str]) -> dict[str, str]:
    parts = value.split(",", max(0, len(names) - 1))
    return dict(zip(names, map(str.strip, parts), strict=False))


def _add_event(
    document: _Document, line: int, value: str, places: _EventPlaces, dropped: DropLog
) -> None:
    if places == _USUAL_PLACES and (usual := _USUAL_EVENT.fullmatch(value)):
        minute, second, hundredth, end_minute, end_second, end_hundredth, style, text = (
            usual.groups()
        )
        start = MINUTES[minute] + int(second + hundredth) * 10
        end = MINUTES[end_minute] + int(end_second + end_hundredth) * 10
        document.events.append(_Event(line, start / 1000, end / 1000, style, text.strip()))
        return
    fields = value.split(",", max(0, places.size - 1))
    fields += [""] * (places.size + 2 - len(fields))
    begin, until = parse_time(fields[places.start]), parse_time(fields[places.end])
    text, effect = fields[places.text].strip(), fields[places.effect].strip()
    if begin is None or until is None:
        given = map(str.strip, fields[: places.size])
        dropped.add("its times cannot be read", line, ",".join(given).rstrip(","))
    elif effect.split(" ")[0].lower() in _EFFECTS:
        dropped.add("an effect of karaoke", line, text)
    else:
        style = fields[places.style].strip().lstrip("*")
        document.events.append(_Event(line, begin, until, style, text))


def parse_time(text: str) -> float | None:
    """Return the seconds of a time such as ``0:01:02.50``; None if it is none."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3])
    ms = int((match[4] or "0").ljust(3, "0")[:3])
    return (hours * 3_600_000 + minutes * 60_000 + seconds * 1000 + ms) / 1000


def _style_of(values: Mapping[str, str]) -> Style:
    def is_set(name: str) -> bool:
        return values.get(name, "0").strip() not in ("0", "")

    colour = values.get("primarycolour", "")
    if colour.lstrip("-").isdecimal() and len(colour) < 12:
        # SSA has decimal numbers.
        colour = f"&H{int(colour) & 0xFFFFFF:06X}"
    return Style(
        is_set("bold"),
        is_set("italic"),
        is_set("underline"),
        is_set("strikeout"),
        ass_colour(colour),
    )


def _usual_style(document: _Document) -> Style:
    """Return the style of most of the text: what it has needs no tags."""
    letters: Counter[str] = Counter()
    for _, _, _, style, text in document.events:
        letters[style] += len(text)
    names = letters.most_common(1)
    return document.styles.get(names[0][0], PLAIN) if names else PLAIN


def _difference(style: Style, usual: Style) -> Style:
    """Return what a style has beyond the usual one. Colours of styles are decoration."""
    return Style(
        style.bold and not usual.bold,
        style.italic and not usual.italic,
        style.underline and not usual.underline,
        style.strike and not usual.strike,
    )
