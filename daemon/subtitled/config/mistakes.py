"""What is wrong with a configuration, in the words of the file: place, key, mistake, cure."""

from __future__ import annotations

import difflib
import json
import os
import re
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from .lines import line_of


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in the file."""

    key: str
    what: str
    cure: str = ""
    line: int | None = None

    @property
    def said(self) -> str:
        """Key, mistake and cure, without the place."""
        key = f"{self.key}: " if self.key else ""
        return f"{key}{self.what}" + (f". {self.cure}" if self.cure else "")

    def __str__(self) -> str:
        return f"line {self.line}: {self.said}" if self.line else self.said

    def within(self, path: Path | None) -> str:
        """As compilers say it, so that editors can jump there: ``file:line: key: what. cure``."""
        if path is None:
            return self.said
        line = f":{self.line}" if self.line else ""
        return f"{os.fsencode(path).decode('utf-8', 'replace')}{line}: {self.said}"


class ConfigurationError(Exception):
    """The configuration cannot be used; ``mistakes`` says all that is wrong with it."""

    def __init__(self, path: Path | None, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(path, mistakes)
        self.path = path
        self.mistakes = mistakes

    def __str__(self) -> str:
        return "\n".join(mistake.within(self.path) for mistake in self.mistakes)


def dotted(key: Iterable[str]) -> str:
    """A key as it is written in TOML: ``libraries."my films".path``."""
    return ".".join(
        # A JSON string is a TOML string, and keeps line breaks out of messages.
        part if re.fullmatch(r"[\w-]+", part) else json.dumps(part, ensure_ascii=False)
        for part in key
    )


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?``, else what there is."""
    choices = list(known)
    close = difflib.get_close_matches(wrong, choices, 1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(choices) or 'none'}"


def explained(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    text: str,
    prefix: tuple[str, ...] = (),
) -> Iterator[Mistake]:
    """pydantic's findings on ``data``, which is the part of the file below ``prefix``."""
    by_place: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for found in error.errors(include_url=False):
        place = _place(found, data)
        by_place.setdefault(place, []).append(found)
    for place, several in by_place.items():
        # Of a union of fixed words and something wider, the wider branch says it better.
        found = next((one for one in several if one["type"] != "literal_error"), several[0])
        inside = any(len(other) > len(place) and other[: len(place)] == place for other in by_place)
        if found["type"] == "too_short" and inside:
            continue  # pydantic counts only what was well
        what, cure = _words(found, model, place)
        key = (*prefix, *place)
        yield Mistake(dotted(key), what, cure, line_of(text, key))


def _place(found: ErrorDetails, data: Any) -> tuple[str, ...]:
    """The keys that lead to a finding, without the union branches that pydantic puts among them."""
    place: list[str] = []
    for part in found["loc"]:
        here = (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        )
        if here:
            data = data[part]
            place.append(str(part))
    if found["type"] == "missing" and found["loc"] and isinstance(found["loc"][-1], str):
        place.append(found["loc"][-1])
    return tuple(place)


_SIMPLE = {
    "string": ("text is needed", 'Write it in quotes: "..."'),
    "path": ("a path is needed", 'Write it in quotes: "/..."'),
    "int": ("a whole number is needed", "Write it without quotes: 4"),
    "float": ("a number is needed", "Write it without quotes: 1.5"),
    "bool": ("true or false is needed", "Write it without quotes: true"),
    "tuple": ("a list is needed", 'Write it in brackets: ["..."]'),
    "list": ("a list is needed", 'Write it in brackets: ["..."]'),
    "model": ("a table of keys is needed", "Write its keys below a line [NAME]"),
    "dict": ("a table of keys is needed", "Write its keys below a line [NAME]"),
}
_BOUNDS = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def _words(found: ErrorDetails, model: type[BaseModel], place: tuple[str, ...]) -> tuple[str, str]:
    """What is wrong and its cure. Never the value: it may be a secret in the wrong place."""
    kind, facts = found["type"], found.get("ctx", {})
    field = _field_at(model, place)
    meaning = (field.description or "").rstrip(".") if field else ""
    if kind == "extra_forbidden" and place:
        return "there is no such key", suggestion(place[-1], _keys(model, place[:-1]))
    if kind == "missing" and found["loc"]:
        lacking = isinstance(found["loc"][-1], int)
        if lacking:
            return "a value is missing", meaning
        return "this key is needed", f"Add it: {meaning}" if meaning else "Add it"
    if kind == "value_error":
        return found["msg"].removeprefix("Value error, "), ""
    if kind == "literal_error":
        choices = str(facts.get("expected", ""))
        given = found["input"] if isinstance(found["input"], str) else ""
        close = difflib.get_close_matches(given, re.findall(r"'([^']*)'", choices), 1)
        return f"must be {choices}", f"Did you mean {close[0]!r}?" if close else meaning
    if kind in _BOUNDS:
        fact, words = _BOUNDS[kind]
        return f"{words} {facts[fact]}", meaning
    if kind == "too_short":
        return f"at least {facts['min_length']} is needed", meaning
    base, _, rest = kind.partition("_")
    if rest in ("type", "parsing", "from_float", "attributes_type") and base in _SIMPLE:
        return _SIMPLE[base]
    return found["msg"].removeprefix("Input ").removeprefix("String "), meaning


def _keys(model: type[BaseModel], place: tuple[str, ...]) -> list[str]:
    """The keys that are known at a place in the file."""
    at: type[BaseModel] | None = model
    if place:
        field = _field_at(model, place)
        at = _model_in(field.annotation) if field else None
    return list(at.model_fields) if at else []


def _field_at(model: type[BaseModel], place: tuple[str, ...]) -> FieldInfo | None:
    """The field that a place in the file belongs to; names of sections and indices are skipped."""
    at: type[BaseModel] | None = model
    field: FieldInfo | None = None
    names = 0
    for part in place:
        if names:
            names -= 1
        elif at is not None and part in at.model_fields:
            field = at.model_fields[part]
            # The keys of [libraries] are names that people give, whatever they look like.
            names = int(typing.get_origin(field.annotation) is dict)
            at = _model_in(field.annotation)
        else:
            return field if at is None else None
    return field


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    inner = (_model_in(argument) for argument in typing.get_args(annotation))
    return next((model for model in inner if model is not None), None)
