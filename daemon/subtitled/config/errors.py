"""Where in a TOML text a key stands, as well as a search can tell.

What is wrong with a configuration, in the words of the file: place, key, mistake, cure.
"""

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

_HEADER = re.compile(r"\s*\[{1,2}([^\[\]=,]+)\]{1,2}\s*(?:#.*)?")
_KEY_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_ENTRY = re.compile(rf"\s*({_KEY_PART}(?:\s*\.\s*{_KEY_PART})*)\s*=")


def find_line(text: str, key: tuple[str, ...]) -> int | None:
    """The line of a key, else of the innermost thing around it that has one."""
    table: tuple[str, ...] = ()
    best, depth = None, 0
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            dotted_key = table = _split_key(header[1])
        elif entry := _ENTRY.match(line):
            dotted_key = table + _split_key(entry[1])
        else:
            continue
        if len(dotted_key) > depth and dotted_key == key[: len(dotted_key)]:
            best, depth = number, len(dotted_key)
    return best


def _split_key(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in re.findall(_KEY_PART, dotted))


@dataclass(frozen=True, slots=True)
class ConfigIssue:
    """One thing that is wrong in the file."""

    key: str
    message: str
    hint: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """Key, mistake and cure, without the place."""
        key = f"{self.key}: " if self.key else ""
        return f"{key}{self.message}" + (f". {self.hint}" if self.hint else "")

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text

    def with_location(self, path: Path | None) -> str:
        """As compilers say it, so that editors can jump there: ``file:line: key: message.
        hint``."""
        if path is None:
            return self.text
        line = f":{self.line}" if self.line else ""
        return f"{os.fsencode(path).decode('utf-8', 'replace')}{line}: {self.text}"


class ConfigurationError(Exception):
    """The configuration cannot be used; ``issues`` says all that is wrong with it."""

    def __init__(self, path: Path | None, issues: tuple[ConfigIssue, ...]) -> None:
        super().__init__(path, issues)
        self.path = path
        self.issues = issues

    def __str__(self) -> str:
        return "\n".join(issue.with_location(self.path) for issue in self.issues)


def format_key(key: Iterable[str]) -> str:
    """A key as it is written in TOML: ``libraries."my films".path``."""
    return ".".join(
        # A JSON string is a TOML string, and keeps line breaks out of messages.
        part if re.fullmatch(r"[\w-]+", part) else json.dumps(part, ensure_ascii=False)
        for part in key
    )


def suggest(wrong: str, known: Iterable[str]) -> str:
    """``Did you mean 'x'?``, else what there is."""
    choices = list(known)
    close = difflib.get_close_matches(wrong, choices, 1)
    return f"Did you mean {close[0]!r}?" if close else f"There are: {', '.join(choices) or 'none'}"


def explain_validation_error(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    text: str,
    prefix: tuple[str, ...] = (),
) -> Iterator[ConfigIssue]:
    """pydantic's findings on ``data``, which is the part of the file below ``prefix``."""
    by_path: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = _find_path(detail, data)
        by_path.setdefault(path, []).append(detail)
    for path, details in by_path.items():
        # Of a union of fixed words and something wider, the wider branch says it better.
        detail = next(
            (candidate for candidate in details if candidate["type"] != "literal_error"), details[0]
        )
        has_nested = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if detail["type"] == "too_short" and has_nested:
            continue  # pydantic counts only what was well
        message, hint = _describe(detail, model, path)
        key = (*prefix, *path)
        yield ConfigIssue(format_key(key), message, hint, find_line(text, key))


def _find_path(detail: ErrorDetails, data: Any) -> tuple[str, ...]:
    """The keys that lead to a finding, without the union branches that pydantic puts among them."""
    path: list[str] = []
    for part in detail["loc"]:
        is_present = (isinstance(data, Mapping) and part in data) or (
            isinstance(data, list | tuple) and isinstance(part, int) and part < len(data)
        )
        if is_present:
            data = data[part]
            path.append(str(part))
    if detail["type"] == "missing" and detail["loc"] and isinstance(detail["loc"][-1], str):
        path.append(detail["loc"][-1])
    return tuple(path)


_TYPE_MESSAGES = {
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
_BOUND_MESSAGES = {
    "greater_than": ("gt", "must be more than"),
    "greater_than_equal": ("ge", "must be at least"),
    "less_than": ("lt", "must be less than"),
    "less_than_equal": ("le", "must be at most"),
}


def _describe(
    detail: ErrorDetails, model: type[BaseModel], path: tuple[str, ...]
) -> tuple[str, str]:
    """What is wrong and its cure. Never the value: it may be a secret in the wrong place."""
    kind, context = detail["type"], detail.get("ctx", {})
    field = _find_field(model, path)
    meaning = (field.description or "").rstrip(".") if field else ""
    if kind == "extra_forbidden" and path:
        return "there is no such key", suggest(path[-1], _list_known_keys(model, path[:-1]))
    if kind == "missing" and detail["loc"]:
        is_list_item = isinstance(detail["loc"][-1], int)
        if is_list_item:
            return "a value is missing", meaning
        return "this key is needed", f"Add it: {meaning}" if meaning else "Add it"
    if kind == "value_error":
        return detail["msg"].removeprefix("Value error, "), ""
    if kind == "literal_error":
        choices = str(context.get("expected", ""))
        value = detail["input"] if isinstance(detail["input"], str) else ""
        close = difflib.get_close_matches(value, re.findall(r"'([^']*)'", choices), 1)
        return f"must be {choices}", f"Did you mean {close[0]!r}?" if close else meaning
    if kind in _BOUND_MESSAGES:
        limit_key, phrase = _BOUND_MESSAGES[kind]
        return f"{phrase} {context[limit_key]}", meaning
    if kind == "too_short":
        return f"at least {context['min_length']} is needed", meaning
    base, _, rest = kind.partition("_")
    if rest in ("type", "parsing", "from_float", "attributes_type") and base in _TYPE_MESSAGES:
        return _TYPE_MESSAGES[base]
    return detail["msg"].removeprefix("Input ").removeprefix("String "), meaning


def _list_known_keys(model: type[BaseModel], path: tuple[str, ...]) -> list[str]:
    """The keys that are known at a place in the file."""
    current: type[BaseModel] | None = model
    if path:
        field = _find_field(model, path)
        current = _find_model(field.annotation) if field else None
    return list(current.model_fields) if current else []


def _find_field(model: type[BaseModel], path: tuple[str, ...]) -> FieldInfo | None:
    """The field that a place in the file belongs to; names of sections and indices are skipped."""
    current: type[BaseModel] | None = model
    field: FieldInfo | None = None
    names_to_skip = 0
    for part in path:
        if names_to_skip:
            names_to_skip -= 1
        elif current is not None and part in current.model_fields:
            field = current.model_fields[part]
            # The keys of [libraries] are names that people give, whatever they look like.
            names_to_skip = int(typing.get_origin(field.annotation) is dict)
            current = _find_model(field.annotation)
        else:
            return field if current is None else None
    return field


def _find_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, BaseModel) else None
    inner = (_find_model(argument) for argument in typing.get_args(annotation))
    return next((model for model in inner if model is not None), None)
