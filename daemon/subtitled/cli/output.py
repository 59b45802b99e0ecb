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

from subtitled.service.logs import in_one_line

FAILED = 1
"""Something failed; stderr says what."""
WRONG = 2
"""Wrong use or a wrong configuration."""


class _Harmless(Console):
    """A console that prints the control characters of texts as what they are called."""

    def print(self, *objects: Any, **how: Any) -> None:
        super().print(*(_harmless(one) if isinstance(one, str) else one for one in objects), **how)


def _harmless(text: str) -> str:
    return "\n".join(map(in_one_line, text.split("\n")))


console = _Harmless(highlight=False, soft_wrap=True)
errors = _Harmless(stderr=True, highlight=False, soft_wrap=True)


def shown(path: os.PathLike[str] | str) -> str:
    """A path as text in one line that every terminal can print, whatever its bytes."""
    return in_one_line(_text(path))


def _text(path: os.PathLike[str] | str) -> str:
    return os.fsencode(path).decode("utf-8", "replace")


def say(line: str) -> None:
    """One line for people; square brackets in it are themselves."""
    console.print(escape(line))


def say_json(value: Any) -> None:
    """One JSON document for programs; paths that are no text are shown as far as they are."""

    def plain(other: object) -> object:
        return _text(other) if isinstance(other, Path) else str(other)

    typer.echo(json.dumps(value, indent=2, default=plain, ensure_ascii=True))


def say_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or nothing where there are no rows."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(_harmless(str(cell))) for cell in row))
    if table.row_count:
        console.print(table)


def fail(message: object, status: int = FAILED) -> NoReturn:
    """Say on stderr what went wrong and leave."""
    errors.print(f"[bold red]error:[/] {escape(str(message))}")
    raise typer.Exit(status)
