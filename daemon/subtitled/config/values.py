"""Kinds of value that several sections of the configuration share."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_UNIT = {None: 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(value: object) -> object:
    """``"90s"``, ``"15m"``, ``"6h"`` and ``"1d"`` as seconds; what is no text passes.

    Raises ``ValueError`` for any other text.
    """
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        if match is None:
            raise ValueError('not a length of time; write one such as "30s", "15m", "6h" or "1d"')
        return float(match[1]) * _UNIT[match[2]]
    return value


Seconds = Annotated[
    float,
    BeforeValidator(seconds),
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


class Section(BaseModel):
    """A table of the file: keys that nobody knows are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)
