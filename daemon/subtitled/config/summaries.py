"""``[libraries.NAME.summaries]``: what each medium is about; ``docs/summaries.md`` says more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .languages import Wanted
from .values import Section


class SummarySettings(Section):
    """``[libraries.NAME.summaries]``: synopsis, chapters and keywords beside each medium."""

    languages: tuple[Wanted, ...] = Field(
        (),
        description='In which languages they are written; "original" is the language spoken. '
        "Empty: none are.",
    )
    files: tuple[Literal["summary.json", "chapters.vtt", "ffmeta"], ...] = Field(
        ("summary.json", "ffmeta"),
        min_length=1,
        description="What is written: Film.en.summary.json has all of it, Film.en.ffmeta the "
        "chapters for ffmpeg, Film.en.chapters.vtt those for web players; media servers take the "
        "last for a subtitle.",
    )
    writers: tuple[str, ...] = Field(
        (),
        description="Translators that write them, first choice first; they must follow "
        "instructions. Empty: those of the library that do.",
    )
