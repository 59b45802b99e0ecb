"""Writing Advanced SubStation Alpha, through pysubs2."""

from __future__ import annotations

from dataclasses import replace

import pysubs2

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

from ..markup import MarkedText, parse_markup, render_markup, render_runs

RESOLUTION_MS = 10
"""The format counts hundredths of a second."""
_MAX_SECONDS = 10 * 3600.0
"""Hours have one digit."""

_ESCAPES = str.maketrans({"{": "｛", "}": "｝", "\\": "＼"})
"""ASS has no escapes for these. The full-width forms look alike and have no meaning."""

_FONTS = {
    "zh-Hant": "Noto Sans CJK TC",
    "zh": "Noto Sans CJK SC",
    "yue": "Noto Sans CJK HK",
    "ja": "Noto Sans CJK JP",
    "ko": "Noto Sans CJK KR",
    "th": "Noto Sans Thai",
    "ar": "Noto Sans Arabic",
    "fa": "Noto Sans Arabic",
    "ur": "Noto Sans Arabic",
    "he": "Noto Sans Hebrew",
    "hi": "Noto Sans Devanagari",
}


def representable(subtitle: Subtitle) -> tuple[Cue, ...]:
    """Return what the format can represent: no braces and no backslashes in the text."""
    return tuple(replace(cue, text=render_markup(_escape(cue.text))) for cue in subtitle.cues)


def _escape(text: str) -> MarkedText:
    marked = parse_markup(text)
    runs = tuple((part.translate(_ESCAPES), style) for part, style in marked.runs)
    return replace(marked, runs=runs)


def _render(text: str) -> str:
    """Render the text of a cue with commands for its style."""
    marked = _escape(text)
    place = f"{{\\an{marked.position}}}" if marked.position not in (0, 2) else ""
    return place + render_runs(marked.runs, _command).replace("\n", "\\N")


def _command(name: str, colour: str, closes: bool) -> str:
    if name != "font":
        return f"{{\\{name}{0 if closes else 1}}}"
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return "{\\c}" if closes else f"{{\\c&H{blue}{green}{red}&}}".upper().replace("\\C&", "\\c&")


def write(subtitle: Subtitle) -> str:
    """Render the file for a video of 1920 by 1080. Times must be multiples of the resolution."""
    cues, language = subtitle.cues, subtitle.language
    if cues and cues[-1].end >= _MAX_SECONDS:
        raise InputRejectedError(
            "an ASS file holds nothing after ten hours", "Choose srt or vtt for this media file"
        )
    document = pysubs2.SSAFile()
    document.info.update(
        {
            "PlayResX": "1920",
            "PlayResY": "1080",
            "ScaledBorderAndShadow": "yes",
            "WrapStyle": "0",
            "Language": str(language),
        }
    )
    # Encoding -1 lets the renderer detect the direction of each line.
    document.styles["Default"] = pysubs2.SSAStyle(
        fontname=choose_font(language), fontsize=56, outline=2.5, shadow=0, marginv=50, encoding=-1
    )
    for cue in cues:
        start, end = round(cue.start * 1000), round(cue.end * 1000)
        document.append(pysubs2.SSAEvent(start=start, end=end, text=_render(cue.text)))
    return document.to_string("ass")


def choose_font(language: Language) -> str:
    """Return the name of a font that has the script of a language."""
    if Language("zh-Hant").satisfies(language) and language.primary == "zh" and language != "zh":
        return _FONTS["zh-Hant"]
    return _FONTS.get(str(language.primary), "Noto Sans")
