"""A good SubRip and a good WebVTT file, and the ways in which such files come damaged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Read = tuple[float, float, str]
"""Start, end and text of a cue, without tags, lines joined with ``|``."""

CUES: tuple[Read, ...] = (
    (1.0, 2.5, "Good evening."),
    (3.0, 4.25, "- Who's there?|- Nobody."),
    (5.1, 6.2, "42"),
    (7.0, 8.765, "The answer is|42"),
    (9.05, 10.999, "Zażółć gęślą jaźń!"),
    (61.5, 63.0, "The end."),
)
BODIES = (
    "Good evening.",
    "- Who's there?\n- Nobody.",
    "42",
    "The answer is\n42",
    "<i>Zażółć</i> gęślą jaźń!",
    "The end.",
)
_CLOCK = re.compile(r"\d\d:\d\d:\d\d[,.]\d\d\d")
_TIMES = re.compile(r"(?m)^\d\d:\d\d:\d\d,\d\d\d --> \d\d:\d\d:\d\d,\d\d\d$")
_NUMBERS = re.compile(r"(?m)^(\d)\n(?=\d\d:\d\d:)")


def _format(seconds: float, mark: str) -> str:
    ms = round(seconds * 1000)
    return f"00:{ms // 60000:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


SRT = "".join(
    f"{n}\n{_format(cue[0], ',')} --> {_format(cue[1], ',')}\n{body}\n\n"
    for n, (cue, body) in enumerate(zip(CUES, BODIES, strict=True), 1)
)
VTT = "WEBVTT\n\n" + "".join(
    f"{_format(cue[0], '.')} --> {_format(cue[1], '.')}\n{body}\n\n"
    for cue, body in zip(CUES, BODIES, strict=True)
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """One kind of damage, and what a person would read in the file all the same."""

    change: Callable[[str], str]
    expected: tuple[Read, ...] = CUES
    ffmpeg_differs: str = ""
    """Why ffmpeg reads the file in another way than we do on purpose. Empty if it does not."""


def _times(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: _TIMES.sub(lambda match: change(match[0]), text)


def _clock(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: _CLOCK.sub(lambda match: change(match[0]), text)


def _numbers(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: _NUMBERS.sub(lambda match: change(match[1]), text)


def _lines(change: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: "\n".join(map(change, text.split("\n")))


def _replace(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def _swap(
    texts: dict[int, str], times: dict[int, tuple[float, float]] | None = None
) -> tuple[Read, ...]:
    """Return the good cues with other texts or times. An empty text leaves a cue out."""
    cues = [(*(times or {}).get(n, cue[:2]), texts.get(n, cue[2])) for n, cue in enumerate(CUES)]
    return tuple(cue for cue in cues if cue[2])


_WHOLE = tuple((float(int(a)), float(int(b)), text) for a, b, text in CUES)
_REFUSED = "it refuses the file or the cue; the times are plain to see"
_THIRD = "00:00:05,100 --> 00:00:06,200"

SRT_MUTATIONS: dict[str, Mutation] = {
    "untouched": Mutation(lambda text: text),
    "CR LF": Mutation(_replace("\n", "\r\n")),
    "lone CR": Mutation(_replace("\n", "\r")),
    "CR CR LF": Mutation(_replace("\n", "\r\r\n")),
    "a blank line after each line": Mutation(_replace("\n", "\n\n")),
    "a byte order mark": Mutation(lambda text: "\ufeff" + text),
    "a byte order mark before each number": Mutation(
        _numbers(lambda n: f"\ufeff{n}\n"),
        ffmpeg_differs="the numbers become text of the cue before",
    ),
    "RLM before numbers and times": Mutation(
        _lines(lambda line: "\u200f" + line if re.match(r"\d$|\d\d:", line) else line),
        ffmpeg_differs=_REFUSED,
    ),
    "LRM before times": Mutation(_times(lambda t: "\u200e" + t), ffmpeg_differs=_REFUSED),
    "a zero-width space before times": Mutation(
        _times(lambda t: "\u200b" + t), ffmpeg_differs=_REFUSED
    ),
    "no hours": Mutation(_clock(lambda t: t[3:]), ffmpeg_differs=_REFUSED),
    "one digit of hours": Mutation(_clock(lambda t: t[1:])),
    "one digit of everything": Mutation(_clock(lambda t: re.sub(r"\b0(\d)(?=[:,])", r"\1", t))),
    "a dot before milliseconds": Mutation(_clock(lambda t: t.replace(",", "."))),
    "a colon before milliseconds": Mutation(
        _clock(lambda t: t.replace(",", ":")), ffmpeg_differs=_REFUSED
    ),
    "a semicolon before milliseconds": Mutation(
        _clock(lambda t: t.replace(",", ";")), ffmpeg_differs=_REFUSED
    ),
    "no milliseconds": Mutation(_clock(lambda t: t[:8]), _WHOLE, _REFUSED),
    "milliseconds missing in one cue": Mutation(
        _replace(_THIRD, "00:00:05 --> 00:00:06"),
        _swap({}, {2: (5.0, 6.0)}),
        "its number and times become text of the cue before",
    ),
    "decimal fractions without zeros at the end": Mutation(
        _clock(lambda t: t[:9] + (t[9:].rstrip("0") or "0")),
        ffmpeg_differs="it takes ,5 for 5 milliseconds",
    ),
    "milliseconds without zeros at the front": Mutation(_clock(lambda t: t[:9] + str(int(t[9:])))),
    "six digits of a fraction": Mutation(
        _clock(lambda t: t + "000"), ffmpeg_differs="it takes 500000 for milliseconds"
    ),
    "blanks inside times": Mutation(
        _clock(lambda t: t.replace(":", " : ")), ffmpeg_differs=_REFUSED
    ),
    "a blank after colons": Mutation(_clock(lambda t: t.replace(":", ": "))),
    "a blank before the comma": Mutation(
        _clock(lambda t: t.replace(",", " ,")), ffmpeg_differs=_REFUSED
    ),
    "no blanks around the arrow": Mutation(_replace(" --> ", "-->")),
    "many blanks around the arrow": Mutation(_replace(" --> ", "   --> \t ")),
    "a short arrow": Mutation(_replace("-->", "->"), ffmpeg_differs=_REFUSED),
    "a long arrow": Mutation(_replace("-->", "--->"), ffmpeg_differs=_REFUSED),
    "an escaped arrow": Mutation(_replace("-->", "--&gt;"), ffmpeg_differs=_REFUSED),
    "no blank lines between cues": Mutation(_replace("\n\n", "\n")),
    "many blank lines between cues": Mutation(_replace("\n\n", "\n\n\n\n")),
    "lines of blanks between cues": Mutation(_replace("\n\n", "\n \t \n")),
    "lines of no-break spaces between cues": Mutation(_replace("\n\n", "\n\u00a0\n")),
    "a blank line between number and times": Mutation(_numbers(lambda n: f"{n}\n\n")),
    "a blank line between times and text": Mutation(_times(lambda t: t + "\n")),
    "a blank line inside a text": Mutation(_replace("there?\n", "there?\n\n")),
    "no numbers": Mutation(
        _numbers(lambda n: ""), ffmpeg_differs="it takes a last line 42 for a number"
    ),
    "numbers with a dot": Mutation(_numbers(lambda n: f"{n}.\n")),
    "numbers with a hash": Mutation(
        _numbers(lambda n: f"#{n}\n"), ffmpeg_differs="#2 becomes text of the cue before"
    ),
    "numbers in words": Mutation(
        _numbers(lambda n: f"{'one two three four five six'.split()[int(n) - 1]}\n"),
        ffmpeg_differs="they become text of the cue before",
    ),
    "numbers that are all zero": Mutation(_numbers(lambda n: "0\n")),
    "numbers that are doubled": Mutation(_numbers(lambda n: f"{(int(n) + 1) // 2}\n")),
    "numbers in disorder": Mutation(_numbers(lambda n: f"{9 - int(n)}\n")),
    "numbers from 1000 on": Mutation(_numbers(lambda n: f"{999 + int(n)}\n")),
    "one number missing": Mutation(_replace("\n\n2\n", "\n\n")),
    "the first number missing": Mutation(lambda text: text[2:]),
    "numbers on the line of times": Mutation(_numbers(lambda n: f"{n} "), ffmpeg_differs=_REFUSED),
    "coordinates behind the times": Mutation(_times(lambda t: f"{t}  X1:100 X2:200 Y1:050 Y2:099")),
    "settings of WebVTT behind the times": Mutation(
        _times(lambda t: f"{t} align:start line:0 position:10%")
    ),
    "text behind the times": Mutation(
        _times(lambda t: f"{t} Well:"),
        tuple((start, end, f"Well:|{text}") for start, end, text in CUES),
        "it drops whatever stands behind the times",
    ),
    "the whole text behind the times": Mutation(
        _replace("--> 00:00:02,500\nGood evening.", "--> 00:00:02,500 Good evening."),
        ffmpeg_differs="it drops whatever stands behind the times",
    ),
    "blanks at the ends of lines": Mutation(_lines(lambda line: f"{line}  ")),
    "blanks at the beginnings of lines": Mutation(_lines(lambda line: f"  {line}")),
    "a title before the first cue": Mutation(lambda text: f"My film\nby me\n\n{text}"),
    "no line end at the end": Mutation(lambda text: text.rstrip("\n")),
    "zeros at the end": Mutation(lambda text: text + "\0" * 40),
    "a zero inside a text": Mutation(
        _replace("Good evening", "Good\0 evening"),
        ffmpeg_differs="it drops the rest of the line",
    ),
    "a tag that is not closed": Mutation(_replace("</i>", "")),
    "a tag that is not opened": Mutation(_replace("<i>", "")),
    "tags in capitals": Mutation(lambda text: text.replace("<i>", "<I>").replace("</i>", "</I>")),
    "fonts and colours": Mutation(
        _replace("<i>Zażółć</i>", '<font face="Arial" size="9" color=#ff0>Zażółć</font>')
    ),
    "commands of ASS": Mutation(_replace("The end", r"{\an8}{\fad(1,2)}The end")),
    "times that cannot be read": Mutation(
        _replace(_THIRD, "00:00:O5,100 --> 00:00:06,200"),
        _swap({2: ""}),
        "the times become text of the cue before",
    ),
    "no end time": Mutation(
        _replace(_THIRD, "00:00:05,100 -->"),
        _swap({2: ""}),
        "the times become text of the cue before",
    ),
    "an end before the start": Mutation(
        _replace(_THIRD, "00:00:05,100 --> 00:00:04,200"), _swap({}, {2: (5.1, 7.0)})
    ),
    "an overlap": Mutation(
        _replace(_THIRD, "00:00:05,100 --> 00:00:07,900"), _swap({}, {2: (5.1, 7.9)})
    ),
    "cues in disorder": Mutation(
        lambda text: "\n\n".join(reversed(text.strip().split("\n\n"))) + "\n"
    ),
    "a cue without text": Mutation(_replace("Good evening.\n", ""), _swap({0: ""})),
    "cut off before the last times": Mutation(
        lambda text: text[: text.index("00:01:01")],
        CUES[:-1],
        "it takes the last number for text",
    ),
    "cut off inside the last times": Mutation(
        lambda text: text[: text.index("00:01:01") + 20],
        CUES[:-1],
        "it takes the last number and times for text",
    ),
    "cut off inside the last text": Mutation(lambda text: text.rstrip()[:-3], _swap({5: "The e"})),
    "a year as the last line": Mutation(
        lambda text: text.rstrip() + "\n1984\n", _swap({5: "The end.|1984"})
    ),
    "a year as the last line after a blank one": Mutation(
        lambda text: text.rstrip() + "\n\n1984\n", _swap({5: "The end.|1984"})
    ),
    "words that look like times": Mutation(
        _replace("Good evening.", "10:30 -> 11:45"), _swap({0: "10:30 -> 11:45"})
    ),
    "an arrow in a text": Mutation(
        _replace("Good evening.", "From A --> B"), _swap({0: "From A --> B"})
    ),
    "more than 99 hours": Mutation(
        _replace("00:01:01,500 --> 00:01:03,000", "100:01:01,500 --> 100:01:03,000"),
        _swap({}, {5: (360061.5, 360063.0)}),
    ),
    "brackets around the times": Mutation(_times(lambda t: f"[{t}]"), ffmpeg_differs=_REFUSED),
}

_OUTSIDE = "it reads a blank line as the end of a block only"

VTT_MUTATIONS: dict[str, Mutation] = {
    "untouched": Mutation(lambda text: text),
    "CR LF": Mutation(_replace("\n", "\r\n")),
    "lone CR": Mutation(
        _replace("\n", "\r"), ffmpeg_differs="it joins lines, though the standard has this line end"
    ),
    "a byte order mark": Mutation(lambda text: "\ufeff" + text),
    "no header": Mutation(_replace("WEBVTT\n\n", "")),
    "a title": Mutation(_replace("WEBVTT\n", "WEBVTT - My film\n")),
    "data behind the header": Mutation(
        _replace("WEBVTT\n", "WEBVTT\nKind: captions\nLanguage: pl\n")
    ),
    "no hours": Mutation(_clock(lambda t: t[3:])),
    "a comma before milliseconds": Mutation(
        _clock(lambda t: t.replace(".", ",")), ffmpeg_differs=_REFUSED
    ),
    "settings": Mutation(_replace(".500\n", ".500 align:start position:10% line:80%\n")),
    "settings right behind the times": Mutation(_replace(".500\n", ".500line:40%\n")),
    "no blanks around the arrow": Mutation(_replace(" --> ", "-->")),
    "tabs around the arrow": Mutation(_replace(" --> ", "\t-->\t")),
    "identifiers": Mutation(lambda text: re.sub(r"(?m)^(?=00:)", "cue\n", text)),
    "a comment": Mutation(_replace("\n\n00:00:05", "\n\nNOTE by me\nand you\n\n00:00:05")),
    "a style": Mutation(
        _replace("WEBVTT\n", "WEBVTT\n\nSTYLE\n::cue { color: red }\n"),
        ffmpeg_differs="it stops there, in version 5.1",
    ),
    "a region": Mutation(
        _replace("WEBVTT\n", "WEBVTT\n\nREGION\nid:x\n"),
        ffmpeg_differs="it stops there, in version 5.1",
    ),
    "no blank line between cues": Mutation(
        _replace("evening.\n\n", "evening.\n"), ffmpeg_differs=_OUTSIDE
    ),
    "many blank lines": Mutation(_replace("\n\n", "\n\n\n")),
    "voices": Mutation(_replace("Good evening.", "<v Ana>Good evening.</v>")),
    "a voice that is not closed": Mutation(_replace("Good evening.", "<v Ana>Good evening.")),
    "classes": Mutation(_replace("<i>Zażółć</i>", "<c.yellow.big>Zażółć</c>")),
    "times of words": Mutation(_replace("Good evening.", "Good <00:00:02.000><c>evening.</c>")),
    "references": Mutation(
        _replace("Good evening.", "R&amp;B &lt; Jazz&nbsp;&gt; Pop"),
        _swap({0: "R&B < Jazz\u00a0> Pop"}),
    ),
    "a tag that is not closed": Mutation(_replace("</i>", "")),
    "blanks at the ends of lines": Mutation(lambda text: re.sub(r"(?m)(?<=.)$", "  ", text)),
    "no line end at the end": Mutation(lambda text: text.rstrip("\n")),
    "text outside cues": Mutation(
        _replace("\n\n00:00:05", "\n\nloose\ntext\n\n00:00:05"),
        ffmpeg_differs="it stops there; by the standard it is left out",
    ),
    "cut off inside the last times": Mutation(
        lambda text: text[: text.index("00:01:01") + 20],
        CUES[:-1],
    ),
    "more than 99 hours": Mutation(
        _replace("00:01:01.500 --> 00:01:03.000", "100:01:01.500 --> 100:01:03.000"),
        _swap({}, {5: (360061.5, 360063.0)}),
    ),
}
