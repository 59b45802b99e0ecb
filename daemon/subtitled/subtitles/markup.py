r"""Style inside the text of a cue.

The text of a cue may hold the tags of SubRip in one form only: ``<b>``, ``<i>``, ``<u>``, ``<s>``,
``<font color="#rrggbb">``, and ``{\an8}`` at its beginning for a cue that is not at the bottom.
Readers bring every other notation into this form: fonts and sizes are left out, drawings of ASS are
no text, commands of ASS become tags. All patterns have a largest length, so that the work is linear
in the length of a text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from .colours import COLOURS, ass_colour, parse_colour

_TOKEN = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z]{1,8})(?P<rest>(?:[.\s/][^<>]{0,300})?)>"
    r"|<[ ]?/[ ]?(?P<spaced_close>[bisu]|font)[ ]?>"
    r"|<[ ](?P<spaced>[bisu])[ ]?>(?=[^<>]{0,300}<[ ]?/[ ]?(?P=spaced)[ ]?>)"
    r"|<\d{1,4}:[\d:.]{2,14}>"
    r"|\{(?P<brace_close>/?)(?P<brace>[bisu])\}"
    r"|\{\\(?P<override>[^{}]{0,500})\}"
    r"|\{(?P<code>[CcFfoPSsYy]):(?P<value>[^{}]{1,60})\}"
)
_SIMPLE_TAG = re.compile(r"</?[bisu]>|\{\\an\d\}")
"""Tags that only give a style or a place."""
_ONE_STYLE = re.compile(r"<([bius])>[^\s<{](?:[^<{]*[^\s<{])?</\1>")
_COMMAND = re.compile(r"\\(r|(?:alpha|1a|an?|[ibus]|1?c|k[fo]?|K|p)(?=[\d&\\-]|$))([^\\(]{0,40})")
_ENTITY = re.compile(
    r"&(?:#\d{1,7}+(?!\d)|#[xX][0-9A-Fa-f]{1,6}+(?![0-9A-Fa-f])|[A-Za-z][A-Za-z0-9]{1,31});?"
)
_COLOUR = re.compile(r"color\s{0,4}=\s{0,4}[\"']?\s{0,4}(#?[A-Za-z0-9]{3,20})", re.IGNORECASE)
_SYNONYMS = {"em": "i", "strong": "b", "strike": "s", "del": "s", "ins": "u"}
_IGNORED = frozenset({"c", "v", "lang", "ruby", "rt", "rp", "rb", "span", "p", "div", "br"})
"""Tags that leave no style. Any other name in angle brackets is text."""
_DRAWING = frozenset("mnlbspc")
_OLD_ALIGNMENTS = {5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
"""From the alignments of SSA to those of ASS."""


class Style(NamedTuple):
    """The style of a run of text."""

    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    colour: str = ""
    """As ``#rrggbb``, or empty."""


PLAIN = Style()


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text without tags, as runs of one style each."""

    runs: tuple[tuple[str, Style], ...]
    position: int = 0
    """Where the cue stands, as on a numeric keypad. 0 is the default place."""
    has_drawing: bool = False
    """Whether a drawing of ASS was left out."""
    is_karaoke: bool = False
    """Whether syllables have their own times."""

    @property
    def plain(self) -> str:
        """The text alone."""
        return "".join(text for text, _ in self.runs)


class _State:
    """The open tags and commands at a place of a text."""

    def __init__(self, base: Style) -> None:
        self.base = base
        self.commands: dict[str, bool] = {}
        self.colour = base.colour
        self.open: dict[str, list[str]] = {}
        self.position = 0
        self.has_drawing = self.draws = self.is_karaoke = self.is_hidden = False
        self.annotations = 0

    def style(self) -> Style:
        bold, italic, underline, strike = (
            bool(self.open.get(name)) or self.commands.get(name, bool(self.base[place]))
            for place, name in enumerate("bius")
        )
        colours = [colour for colour in self.open.get("font", ())[-1:] if colour]
        colour = colours[0] if colours else self.colour
        return Style(bold, italic, underline, strike, colour)

    def tag(self, name: str, rest: str, *, closes: bool) -> str | None:
        """Apply a tag and return the text it stands for. None if it is no tag."""
        name = _SYNONYMS.get(name.lower(), name.lower())
        if name == "br":
            return "\n"
        if name in ("rt", "rp"):
            self.annotations = max(0, self.annotations + (-1 if closes else 1))
        if name in ("font", "c"):
            name, rest = "font", (_class_colour(rest) if name == "c" else _tag_colour(rest))
        elif name in _IGNORED:
            return ""
        elif name not in ("b", "i", "u", "s"):
            return None
        if not closes:
            self.open.setdefault(name, []).append(rest)
        elif self.open.get(name):
            self.open[name].pop()
        return ""

    def override(self, commands: str) -> None:
        """Apply a block of ASS commands."""
        is_animated = "t(" in commands
        for match in _COMMAND.finditer("\\" + commands):
            name, value = match[1], match[2].strip()
            number = int(value) if value.isdecimal() and value.isascii() and len(value) < 6 else -1
            if name == "r":
                self.commands, self.colour = {}, self.base.colour
                self.is_hidden = False
            elif name in ("alpha", "1a"):
                # What fades in or out is shown.
                self.is_hidden = value.upper().startswith("&HFF") and not is_animated
            elif name in ("b", "i", "u", "s"):
                self.commands[name] = number > 0 if name != "b" else number == 1 or number > 400
            elif name in ("c", "1c"):
                self.colour = ass_colour(value) or self.base.colour
            elif name in ("an", "a"):
                place = number if name == "an" else _OLD_ALIGNMENTS.get(number, number)
                self.position = place if 1 <= place <= 9 and not self.position else self.position
            elif name == "p":
                self.draws = number > 0
            else:
                self.is_karaoke = True

    def code(self, code: str, value: str) -> None:
        """Apply a code of MicroDVD that was left in a file of another format."""
        if code in "Yy":
            self.commands |= {name: True for name in value.lower().split(",") if name in "bius"}


def parse_markup(
    text: str, base: Style = PLAIN, convert: Callable[[str], str] = lambda text: text
) -> MarkedText:
    """Separate the text of a cue from its style.

    Args:
        text: The text with tags of SubRip or WebVTT, or with commands of ASS.
        base: The style of the text before the first tag.
        convert: Applied to the text between tags, such as :func:`unescape`.
    """
    state, runs = _State(base), list[tuple[str, Style]]()

    def add(part: str) -> None:
        if state.draws:
            state.has_drawing |= bool(part.strip())
        elif part and not state.annotations and not state.is_hidden:
            runs.append((part, state.style()))

    done = 0
    for match in _TOKEN.finditer(text):
        add(convert(text[done : match.start()]))
        done = match.end()
        if match["override"] is not None:
            state.override(match["override"])
        elif match["code"] is not None:
            state.code(match["code"], match["value"])
        elif (opened := match["spaced"] or match["brace"]) is not None:
            state.tag(opened, "", closes=bool(match["brace_close"]))
        elif match["spaced_close"] is not None:
            state.tag(match["spaced_close"], "", closes=True)
        elif match["name"] is None:
            state.is_karaoke = True
        else:
            stands_for = state.tag(match["name"], match["rest"], closes=bool(match["close"]))
            add(convert(match[0]) if stands_for is None else stands_for)
    add(convert(text[done:]))
    return MarkedText(tuple(_merge_runs(runs)), state.position, state.has_drawing, state.is_karaoke)


def render_markup(marked: MarkedText) -> str:
    """Render the one form of tags in which texts of cues are kept."""
    prefix = f"{{\\an{marked.position}}}" if marked.position not in (0, 2) else ""
    return prefix + render_runs(marked.runs, _subrip_tag)


def render_runs(
    runs: tuple[tuple[str, Style], ...],
    tag: Callable[[str, str, bool], str],
    escape: Callable[[str], str] = lambda text: text,
) -> str:
    """Render runs with nested tags.

    Args:
        runs: Texts and their styles.
        tag: Gives a tag from its name (``font``, ``b``, ``i``, ``u``, ``s``), its colour and
            whether it closes.
        escape: Applied to the texts.
    """
    parts: list[str] = []
    stack: list[tuple[str, str]] = []
    space = ""
    for text, style in (*runs, ("", PLAIN)):
        wanted = _tags_of(style)
        while any(entry not in wanted for entry in stack):
            parts.append(tag(*stack.pop(), True))
        # White space at the ends of a run stands outside its tags.
        body = text.strip()
        lead = text[: len(text) - len(text.lstrip())] if body else ""
        parts.append(space + lead)
        for entry in wanted:
            if entry not in stack:
                stack.append(entry)
                parts.append(tag(*entry, False))
        parts.append(escape(body))
        space = text[len(lead) + len(body) :]
    return "".join(parts) + space


def normalise_markup(text: str) -> str:
    """Bring the tags of a text into the one form. Text without tags is returned as it is."""
    if "<" not in text and "{" not in text:
        return text
    for _ in range(3):
        marked = render_markup(parse_markup(text))
        if marked == text:
            return text
        text = marked
    # Tags that were hidden in each other appear again each time: nobody writes that.
    return text.replace("<", "＜").replace("{", "｛")


def strip_tags(text: str) -> str:
    """Return the text without tags."""
    if "<" not in text and "{" not in text:
        return text
    plain = _SIMPLE_TAG.sub("", text)
    return parse_markup(text).plain if "<" in plain or "{" in plain else plain


def restore_markup(original: str, translated: str) -> str:
    """Give a translated text the style that the original has, as far as places can be told.

    A style of the whole text or of whole lines is kept, and that of a part which stands in both
    texts, such as a name.
    """
    marked = parse_markup(original) if "<" in original or "{" in original else None
    if marked is None:
        return translated
    styles = {style for text, style in marked.runs if any(map(str.isalnum, text))}
    runs: tuple[tuple[str, Style], ...]
    lines, wanted = translated.split("\n"), list(_line_styles(marked))
    if len(styles) == 1:
        runs = ((translated, styles.pop()),)
    elif len(lines) == len(wanted) > 1 and None not in wanted:
        ends = ["\n"] * (len(lines) - 1) + [""]
        runs = tuple(
            (line + end, style or PLAIN)
            for line, end, style in zip(lines, ends, wanted, strict=True)
        )
    else:
        runs = tuple(_styled_names(marked, translated))
    return render_markup(MarkedText(tuple(_merge_runs(runs)), marked.position))


def has_one_style(text: str) -> bool:
    """Check quickly whether a text is in the one form already: a single tag around all of it."""
    return _ONE_STYLE.fullmatch(text) is not None


def is_drawing(text: str) -> bool:
    """Check whether a text is a drawing of ASS that a converter has taken for text."""
    if not text.startswith("m "):
        return False
    words = text[:10_000].split()
    numbers = sum(word.lstrip("-").replace(".", "", 1).isdecimal() for word in words)
    return numbers >= 4 and all(word in _DRAWING or word[-1].isdecimal() for word in words)


def unescape(text: str) -> str:
    """Decode the character references of HTML. Those that stand for nothing are kept."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def _tag_colour(rest: str) -> str:
    match = _COLOUR.search(rest)
    return parse_colour(match[1]) if match else ""


def _class_colour(rest: str) -> str:
    """Return the colour of a class of WebVTT such as ``.yellow.bg_black``, or ""."""
    names = rest.split()[0].split(".") if rest.strip() else []
    return next((COLOURS[name] for name in names if name in COLOURS), "")


def _subrip_tag(name: str, colour: str, closes: bool) -> str:
    if closes:
        return f"</{name}>"
    return f'<font color="{colour}">' if name == "font" else f"<{name}>"


def _tags_of(style: Style) -> list[tuple[str, str]]:
    named = zip("bius", style[:4], strict=True)
    tags = [(name, "") for name, is_set in named if is_set]
    return [("font", style.colour), *tags] if style.colour else tags


def _merge_runs(runs: Iterable[tuple[str, Style]]) -> Iterator[tuple[str, Style]]:
    """Join neighbours of one style. White space takes the style before it."""
    texts: list[str] = []
    current = PLAIN
    for text, style in runs:
        if style != current and text.strip():
            if texts:
                yield "".join(texts), current
            texts, current = [], style
        elif not texts:
            current = PLAIN if not text.strip() else style
        texts.append(text)
    if texts:
        yield "".join(texts), current


def _line_styles(marked: MarkedText) -> Iterator[Style | None]:
    """Yield the style of each line, None for a line of several."""
    styles: set[Style] = set()
    for text, style in marked.runs:
        first, *rest = text.split("\n")
        styles |= {style} if any(map(str.isalnum, first)) else set()
        for line in rest:
            yield styles.pop() if len(styles) == 1 else None
            styles = {style} if any(map(str.isalnum, line)) else set()
    yield styles.pop() if len(styles) == 1 else None


def _styled_names(marked: MarkedText, translated: str) -> Iterator[tuple[str, Style]]:
    """Yield runs of the translation in which the styled parts that it repeats are styled."""
    done = 0
    for text, style in marked.runs:
        part = text.strip()
        place = translated.find(part, done) if style != PLAIN and len(part) > 1 else -1
        if place >= 0:
            yield translated[done:place], PLAIN
            yield part, style
            done = place + len(part)
    yield translated[done:], PLAIN
