"""Types of values that several sections of the configuration use."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_UNIT_SECONDS = {None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(value: object) -> object:
    """Convert ``"90s"``, ``"15m"``, ``"6h"`` or ``"1d"`` to seconds. Return other types unchanged.

    Raises:
        ValueError: The text is not a duration.
    """
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError('not a duration; write one such as "30s", "15m", "6h" or "1d"')
        return float(match[1]) * _UNIT_SECONDS[match[2]]
    return value


Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": rf"^\s*{_DURATION.pattern}\s*$"},
            ]
        }
    ),
]

SubtitleFormat = Literal["srt", "vtt", "ass", "lrc", "ttml", "json", "txt"]
"""The formats that a library may want."""


class Section(BaseModel):
    """A table of the configuration. Unknown keys are errors."""

    # A section is read as part of the whole. A validator of its own is made when one is asked for.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


def _expand_home(path: Path) -> Path:
    """Replace ``~`` by the home folder. The path need not exist: it may be unmounted."""
    if "\0" in str(path):
        raise ValueError(
            "a path cannot contain a null character; write backslashes twice or use '...'"
        )
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder; write the path from the root") from None


TrackNumber = Annotated[int, Field(ge=1, le=1000)]
"""The number of an audio track among the audio tracks of a file, or of a channel, from 1."""
ConfigPath = Annotated[Path, AfterValidator(_expand_home)]
