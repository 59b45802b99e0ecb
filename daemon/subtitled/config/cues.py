"""``[libraries.NAME.cues]``: how much a subtitle holds and how long it stays."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from .values import Seconds, Section


class CueSettings(Section):
    """``[libraries.NAME.cues]``: how much a subtitle holds and how long it stays.

    A key that is unset has the value of the profile for the language; so each may be given alone.
    """

    profile: Literal["netflix", "bbc", "ard", "ted"] = Field(
        "netflix", description="Whose rules hold: netflix, bbc, ard (with ZDF, ORF, SRF), ted."
    )
    audience: Literal["adult", "child"] = Field(
        "adult", description="Who reads; children are given more time."
    )
    line_length: float | None = Field(
        None,
        ge=8,
        le=100,
        description="Characters on a line; in Chinese, Japanese and Korean full-width ones, of "
        "which a Latin letter is half.",
    )
    lines: int | None = Field(None, ge=1, le=4, description="Lines of a subtitle.")
    cps: float | None = Field(
        None, ge=1, le=60, description="Characters a second that readers can just follow."
    )
    best_cps: float | None = Field(
        None,
        ge=1,
        le=60,
        description="Characters a second that are read with ease. Unset: three quarters of `cps`, "
        "or the profile's.",
    )
    min_duration: Seconds | None = Field(
        None, description="How long a subtitle is shown at least; at most 3 seconds may be asked."
    )
    max_duration: Seconds | None = Field(
        None, description="How long a subtitle is shown at most; 3 seconds or more."
    )
    gap: Seconds | None = Field(
        None, description="Time between two subtitles, at least; up to a second."
    )
    chain: Seconds | None = Field(
        None, description="A gap below this is closed to `gap`, lest the screen flicker."
    )
    linger: Seconds | None = Field(
        None, description="How long a subtitle may stay after the speech, for slow readers."
    )

    @field_validator("min_duration", "max_duration", "gap", "chain", "linger")
    @classmethod
    def _sane(cls, value: float | None, info: ValidationInfo) -> float | None:
        low, high = _SANE[info.field_name or ""]
        if value is not None and not low <= value <= high:
            raise ValueError(f"must be from {low:g} to {high:g} seconds")
        return value

    @property
    def overrides(self) -> dict[str, Any]:
        """The values that are given here rather than taken from the profile."""
        return {
            name: value
            for name, value in self
            if name not in ("profile", "audience") and value is not None
        }


_SANE = {
    "min_duration": (0.0, 3.0),
    "max_duration": (3.0, 60.0),
    "gap": (0.0, 1.0),
    "chain": (0.0, 5.0),
    "linger": (0.0, 10.0),
}
"""From which to which second each time of a cue may be set, so that no two contradict."""
