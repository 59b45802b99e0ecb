"""Advanced SubStation Alpha, through pysubs2."""

from __future__ import annotations

from collections.abc import Sequence

import pysubs2

from subtitled.plugin import Cue

_ESCAPED = str.maketrans({"{": "｛", "}": "｝", "\\": "＼"})
"""ASS knows no escape for these; the full-width forms look alike and mean nothing."""


def write(cues: Sequence[Cue]) -> str:
    """The file's text, for a picture of 1920 by 1080."""
    document = pysubs2.SSAFile()
    document.info.update({"PlayResX": "1920", "PlayResY": "1080", "ScaledBorderAndShadow": "yes"})
    document.styles["Default"] = pysubs2.SSAStyle(
        fontname="Noto Sans", fontsize=56, outline=2.5, shadow=0, marginv=50, encoding=-1
    )
    for cue in cues:
        document.append(
            pysubs2.SSAEvent(
                start=round(cue.start * 100) * 10,
                end=round(cue.end * 100) * 10,
                text=cue.text.translate(_ESCAPED).replace("\n", "\\N"),
            )
        )
    return document.to_string("ass")


def plain(text: str) -> str:
    """A text as it comes back from an ASS file that :func:`write` made."""
    return text.translate(_ESCAPED)
