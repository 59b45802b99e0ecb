"""Advanced SubStation Alpha, through pysubs2."""

from __future__ import annotations

from dataclasses import replace

import pysubs2

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle

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
    """Return what the format can represent: no braces and no backslashes."""
    return tuple(replace(cue, text=cue.text.translate(_ESCAPES)) for cue in subtitle.cues)


def write(subtitle: Subtitle) -> str:
    """Render the file for a video of 1920 by 1080. Times must be multiples of the resolution."""
    cues, language = representable(subtitle), subtitle.language
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
        text = cue.text.replace("\n", "\\N")
        document.append(pysubs2.SSAEvent(start=start, end=end, text=text))
    return document.to_string("ass")


def read(text: str) -> tuple[Cue, ...]:
    """Read the cues of any file that pysubs2 knows, without drawings, comments and tags."""
    try:
        document = pysubs2.SSAFile.from_string(text)
    except pysubs2.UnknownFPSError as error:
        raise InputRejectedError(
            "the subtitle file counts pictures and does not say how many a second there are",
            "Convert it to SubRip",
        ) from error
    except Exception as error:
        # The readers of pysubs2 raise any exception for a broken file.
        raise InputRejectedError(
            "it is no subtitle file, or a broken one", "Check it with an editor"
        ) from error
    return tuple(
        Cue(event.start / 1000, event.end / 1000, event.plaintext.replace("\r", ""))
        for event in document
        if not event.is_comment and not event.is_drawing
    )


def choose_font(language: Language) -> str:
    """Return the name of a font that has the script of a language."""
    if Language("zh-Hant").satisfies(language) and language.primary == "zh" and language != "zh":
        return _FONTS["zh-Hant"]
    return _FONTS.get(str(language.primary), "Noto Sans")
