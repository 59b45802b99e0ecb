"""Frame-rate ratios by which a subtitle can be stretched. Any other ratio is not believed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations
from typing import Final

FRAME_RATES: Final = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
}
"""The frame rates of films and of television."""


@dataclass(frozen=True, slots=True)
class FrameRateRatio:
    """The factor from the times of a subtitle to those of the media file."""

    factor: float
    subtitle_rate: str = ""
    """Frames per second of the film that the subtitle was made for; empty if it is the same."""
    media_rate: str = ""

    @property
    def is_same(self) -> bool:
        """Whether nothing is stretched."""
        return not self.subtitle_rate

    def __str__(self) -> str:
        if self.is_same:
            return "1"
        return f"{self.subtitle_rate}/{self.media_rate}"


SAME_RATE: Final = FrameRateRatio(1.0)


def list_ratios() -> tuple[FrameRateRatio, ...]:
    """Return the known ratios, each factor once: 1 first, then the nearest to it."""
    by_factor: dict[Fraction, FrameRateRatio] = {}
    for made_for, shown_at in permutations(FRAME_RATES, 2):
        factor = FRAME_RATES[made_for] / FRAME_RATES[shown_at]
        # 24/23.976 and 30/29.97 are the same factor. The first one is that of films.
        by_factor.setdefault(factor, FrameRateRatio(float(factor), made_for, shown_at))
    stretched = sorted(by_factor.values(), key=lambda ratio: abs(ratio.factor - 1.0))
    return (SAME_RATE, *stretched)
