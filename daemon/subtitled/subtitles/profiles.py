"""Style guides as data: the limits that each publishes, and where.

As of 2026. A value that a guide does not publish is that of the language, as Netflix publishes it.
Only Netflix has values for scripts in which a character is a syllable or a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

FRAME_SECONDS: Final = 1 / 24
"""Seconds of a frame of film, which Netflix counts in."""
PAL_FRAME_SECONDS: Final = 1 / 25
"""Seconds of a frame of European television."""


@dataclass(frozen=True, slots=True)
class ByAudience:
    """A value in columns a second for each audience."""

    adult: float
    child: float

    def get(self, *, is_child: bool) -> float:
        """Return the value of an audience."""
        return self.child if is_child else self.adult


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The limits of a style guide. Lengths are columns, times are seconds."""

    title: str
    source: str
    """Where the limits are published, and which of them it does not publish."""
    max_line_length: float | None = None
    """Most columns of a line in any language; None: those of the language."""
    max_cps: ByAudience | None = None
    """Reading speed that no language exceeds; None: that of the language."""
    general_cps: float | None = None
    """Reading speed of adults, instead of that of a language with the general one."""
    max_target_cps: ByAudience | None = None
    target_share: float = 0.75
    """The comfortable speed as a share of the highest. Common presets are 15 of 20, 12 of 17."""
    min_duration: float | None = None
    """None: that of the language."""
    max_duration: float = 7.0
    min_gap: float = 2 * FRAME_SECONDS
    chain_gap: float = 0.5
    max_extension: float = 1.0


PROFILES: Final[Mapping[str, Profile]] = {
    "netflix": Profile(
        title="Netflix Timed Text Style Guides",
        source="Netflix Partner Help Center: Timed Text Style Guide, General Requirements "
        "(article 215758617), Subtitle Timing Guidelines (360051554394) and the page of each "
        "language",
    ),
    "bbc": Profile(
        title="BBC Subtitle Guidelines",
        source="BBC Subtitle Guidelines: line length 37 (teletext), 160 to 180 words a minute, at "
        "six columns a word with its space; no gap, or one of a second at least; no more than 1.5 "
        "seconds after the speech. It publishes no shortest or longest time",
        max_line_length=37.0,
        max_cps=ByAudience(18.0, 18.0),
        max_target_cps=ByAudience(16.0, 16.0),
        min_gap=0.0,
        chain_gap=1.0,
        max_extension=1.5,
    ),
    "ebu": Profile(
        title="European broadcasters: EBU STL and the Code of Good Subtitling Practice",
        source="EBU Tech 3264: a row of teletext of 40 columns, of which codes take three; Code of "
        "Good Subtitling Practice (ESIST, 1998): two lines, 1 to 7 seconds, four frames between "
        "subtitles; six-second rule: two full rows are read in six seconds. The EBU itself "
        "publishes no reading speed",
        max_line_length=37.0,
        max_cps=ByAudience(2 * 37 / 6, 2 * 37 / 6),
        max_target_cps=ByAudience(10.0, 10.0),
        min_duration=1.0,
        min_gap=4 * PAL_FRAME_SECONDS,
    ),
    "ard": Profile(
        title="Common rules of ARD, ORF, SRF and ZDF",
        source="Untertitel-Standards von ARD, ORF, SRF, ZDF (daserste.de): two lines of 37, at "
        "least 1 second, 13 to 15 characters a second, 11 for children, one frame between "
        "subtitles. They publish no longest time",
        max_line_length=37.0,
        max_cps=ByAudience(15.0, 11.0),
        max_target_cps=ByAudience(13.0, 11.0 * 13 / 15),
        target_share=13 / 15,
        min_duration=1.0,
        min_gap=PAL_FRAME_SECONDS,
    ),
    "ted": Profile(
        title="TED Translators",
        source="TED Translators: How to tackle a transcript; guidelines: two lines of 42, 1 to 7 "
        "seconds, 21 characters a second",
        general_cps=21.0,
        min_duration=1.0,
    ),
}
"""The profiles by name."""
