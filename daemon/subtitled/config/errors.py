"""Errors of a configuration: the line, the key, what is wrong with it, and a hint."""

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
    """Find the line of a key, else of the innermost table around it.

    Args:
        text: The TOML text. It need not be valid.
        key: The parts of the key. Indices of lists of tables are ignored.
    """
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
    """One mistake in a configuration."""

    key: str
    message: str
    hint: str = ""
    line: int | None = None

    @property
    def text(self) -> str:
        """The key, the message and the hint, without the line."""
        key = f"{self.key}: " if self.key else ""
        return f"{key}{self.message}" + (f". {self.hint}" if self.hint else "")

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}" if self.line else self.text

    def with_location(self, path: Path | None) -> str:
        """Return ``file:line: key: message. hint``, which editors can follow to the line."""
        if path is None:
            return self.text
        line = f":{self.line}" if self.line else ""
        return f"{os.fsencode(path).decode('utf-8', 'replace')}{line}: {self.text}"


class ConfigurationError(Exception):
    """A configuration that cannot be used, with all its mistakes in ``issues``."""

    def __init__(self, path: Path | None, issues: tuple[ConfigIssue, ...]) -> None:
        super().__init__(path, issues)
        self.path = path
        self.issues = issues

    def __str__(self) -> str:
        return "\n".join(issue.with_location(self.path) for issue in self.issues)


def format_key(key: Iterable[str]) -> str:
    """Format a key as in TOML: ``libraries."my films".path``."""
    return ".".join(
        # A JSON string is a TOML string, and has no line breaks.
        part if re.fullmatch(r"[\w-]+", part) else json.dumps(part, ensure_ascii=False)
        for part in key
    )


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``Did you mean 'x'?``, or the known words if none is similar."""
    choices = list(known)
    close = difflib.get_close_matches(wrong, choices, 1)
    return f"Did you mean {close[0]!r}?" if close else f"Known: {', '.join(choices) or 'none'}"


def explain_validation_error(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    text: str,
    prefix: tuple[str, ...] = (),
) -> Iterator[ConfigIssue]:
    """Convert the errors of pydantic to issues.

    Args:
        error: The errors.
        model: The model that ``data`` was validated with.
        data: The validated data, a part of the configuration.
        text: The file, in which the lines are looked up.
        prefix: The key of ``data`` in the file.
    """
    by_path: dict[tuple[str, ...], list[ErrorDetails]] = {}
    for detail in error.errors(include_url=False):
        path = _find_path(detail, data)
        by_path.setdefault(path, []).append(detail)
    for path, details in by_path.items():
        # In a union of literals and another type, the message of the other type is clearer.
        detail = next(
            (candidate for candidate in details if candidate["type"] != "literal_error"), details[0]
        )
        has_nested = any(len(other) > len(path) and other[: len(path)] == path for other in by_path)
        if detail["type"] == "too_short" and has_nested:
            continue  # pydantic counts only the valid items
        message, hint = _describe(detail, model, path)
        key = (*prefix, *path)
        yield ConfigIssue(format_key(key), message, hint, find_line(text, key))


def _find_path(detail: ErrorDetails, data: Any) -> tuple[str, ...]:
    """Return the keys that lead to an error, without the union branches that pydantic inserts."""
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
    """Return message and hint. They never contain the value, which may be a misplaced secret."""
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
    """Return the keys that a table may have."""
    current: type[BaseModel] | None = model
    if path:
        field = _find_field(model, path)
        current = _find_model(field.annotation) if field else None
    return list(current.model_fields) if current else []


def _find_field(model: type[BaseModel], path: tuple[str, ...]) -> FieldInfo | None:
    """Return the field of a key. Names of sections and indices are skipped."""
    current: type[BaseModel] | None = model
    field: FieldInfo | None = None
    names_to_skip = 0
    for part in path:
        if names_to_skip:
            names_to_skip -= 1
        elif current is not None and part in current.model_fields:
            field = current.model_fields[part]
            # The keys of a table such as [libraries] are names that people give.
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
