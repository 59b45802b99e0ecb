"""Output of the commands: tables and lines for people, JSON for programs, exit statuses."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from subtitled.plugin import CheckResult, SubtitledError

FAILED = 1
"""Exit status when something failed; stderr says what."""
USAGE_ERROR = 2
"""Exit status of wrong use or a wrong configuration."""

MAX_UNBROKEN = 24
"""Letters of a word in a table that is not broken where the terminal is narrow."""

JsonOption = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


class SafeConsole(Console):
    """Console that prints control characters as escape sequences."""

    def print(self, *objects: Any, **kwargs: Any) -> None:
        """Print like `rich.console.Console`, with control characters escaped."""
        super().print(
            *(
                _escape_control_characters(object) if isinstance(object, str) else object
                for object in objects
            ),
            **kwargs,
        )


def _escape_control_characters(text: str) -> str:
    from subtitled.daemon.logs import escape_control_characters

    return "\n".join(map(escape_control_characters, text.split("\n")))


console = SafeConsole(highlight=False, emoji=False, soft_wrap=True)
errors = SafeConsole(stderr=True, highlight=False, emoji=False, soft_wrap=True)


def display_path(path: os.PathLike[str] | str) -> str:
    """Return a path as one line of text that every terminal can print, whatever its bytes."""
    from subtitled.daemon.logs import display_line

    return display_line(path)


def echo(line: str) -> None:
    """Print one line for people. Square brackets are printed as they are."""
    console.print(escape(line))


def echo_json(value: Any) -> None:
    """Print one JSON document for programs. Bytes of a path that are no UTF-8 are replaced."""
    from subtitled.plugin import paths

    def to_plain(value: object) -> object:
        return paths.display_path(value) if isinstance(value, Path) else str(value)

    typer.echo(json.dumps(value, indent=2, default=to_plain, ensure_ascii=True))


def echo_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table, or nothing if there are no rows.

    A terminal gets cells that are broken into lines, as many as they need. A file or another
    program gets a line for each row.
    """
    cells = [[_escape_control_characters(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    if not console.is_terminal:
        for line in _align([list(columns), *cells]):
            echo(line)
        return
    unbroken = _find_unbroken_columns(cells, console.width)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index in unbroken)
    for row in cells:
        table.add_row(*map(escape, row))
    console.print(table)


def _align(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield a line for each row, with columns below each other."""
    lines = [[" ".join(cell.split("\n")) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(line, widths, strict=True)
        )
        yield "  ".join(padded).rstrip()


def _find_unbroken_columns(cells: Sequence[Sequence[str]], width: int) -> set[int]:
    """Find the columns of single short words, such as names and times, if half the width is left.

    Args:
        cells: The texts, row by row.
        width: The columns of the terminal.
    """
    longest = {
        index: max(map(cell_len, column))
        for index, column in enumerate(zip(*cells, strict=True))
        if not any(set(cell) & {" ", "\n"} for cell in column)
    }
    short = {index: size for index, size in longest.items() if size <= MAX_UNBROKEN}
    return set(short) if sum(short.values()) + 2 * len(short) <= width // 2 else set()


def abort(message: object, status: int = FAILED) -> NoReturn:
    """Print an error message to stderr and exit with ``status``."""
    errors.print(f"[bold red]error:[/] {escape(str(message))}")
    raise typer.Exit(status)


def end_with(error: SubtitledError) -> NoReturn:
    """Print an error and end the process: with status 2 if something must be set up first."""
    from subtitled.plugin import SetupError

    errors.print(f"error: {error}", markup=False, style="red")
    sys.exit(USAGE_ERROR if isinstance(error, SetupError) else FAILED)


def make_output_folder(folder: Path) -> None:
    """Make a folder that results are written into, or abort with the reason."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        abort(f"{display_path(folder)} is a file. Name a folder", USAGE_ERROR)
    except OSError as error:
        abort(
            f"the folder {display_path(folder)} cannot be made: {error.strerror}. "
            "Name one that can be written to",
            USAGE_ERROR,
        )


def write_output(content: bytes, out: Path | None) -> None:
    """Write a report to a new file and say so, or to standard output; or abort with the reason."""
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    from subtitled.plugin.files import write_synced

    try:
        write_synced(out, content)
    except OSError as error:
        abort(f"{display_path(out)} cannot be written: {error.strerror}", USAGE_ERROR)
    echo(f"{display_path(out)} is written")


def report_checks(results: Sequence[CheckResult], as_json: bool) -> None:
    """Print every check with its verdict and the hint of those that failed. Exit if one did."""
    if as_json:
        from subtitled.daemon.answers.plain import to_plain

        echo_json(to_plain(results))
    else:
        echo_table(
            ("", "subject", "detail", "hint"),
            (
                (
                    "ok" if result.ok else "WRONG",
                    result.subject,
                    result.detail,
                    "" if result.ok else result.hint,
                )
                for result in results
            ),
        )
    if not all(result.ok for result in results):
        raise typer.Exit(FAILED)
