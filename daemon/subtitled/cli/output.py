"""Saying things: tables and lines for people, JSON for programs, exit statuses for both."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from subtitled.daemon.logs import escape_control_characters

FAILED = 1
"""Something failed; stderr says what."""
USAGE_ERROR = 2
"""Wrong use or a wrong configuration."""


class SafeConsole(Console):
    """A console that prints the control characters of texts as what they are called."""

    def print(self, *objects: Any, **kwargs: Any) -> None:
        super().print(
            *(
                _escape_control_characters(object) if isinstance(object, str) else object
                for object in objects
            ),
            **kwargs,
        )


def _escape_control_characters(text: str) -> str:
    return "\n".join(map(escape_control_characters, text.split("\n")))


console = SafeConsole(highlight=False, soft_wrap=True)
errors = SafeConsole(stderr=True, highlight=False, soft_wrap=True)


def display_path(path: os.PathLike[str] | str) -> str:
    """A path as text in one line that every terminal can print, whatever its bytes."""
    return escape_control_characters(_path_text(path))


def _path_text(path: os.PathLike[str] | str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def echo(line: str) -> None:
    """One line for people; square brackets in it are themselves."""
    console.print(escape(line))


def echo_json(value: Any) -> None:
    """One JSON document for programs; paths that are no text are shown as far as they are."""

    def to_plain(value: object) -> object:
        return _path_text(value) if isinstance(value, Path) else str(value)

    typer.echo(json.dumps(value, indent=2, default=to_plain, ensure_ascii=True))


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or nothing where there are no rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_escape_control_characters(str(cell))) for cell in row))
    if table.row_count:
        console.print(table)


def abort(message: object, status: int = FAILED) -> NoReturn:
    """Say on stderr what went wrong and leave."""
    errors.print(f"[bold red]error:[/] {escape(str(message))}")
    raise typer.Exit(status)
