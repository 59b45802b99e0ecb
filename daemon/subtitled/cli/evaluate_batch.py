"""What ``evaluate FOLDER`` does: quality control of many subtitles, in several processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from subtitled.daemon.answers.spreadsheet import write_csv
from subtitled.library.subtitle_names import is_subtitle
from subtitled.subtitles.evaluation.batch import (
    COLUMNS,
    BatchRow,
    FileVerdict,
    count_verdicts,
    render_index_page,
    to_record,
    to_summary,
)
from subtitled.subtitles.profiles import PROFILES

from .evaluation_input import EvaluationOptions, describe_read_error, evaluate_rows
from .output import USAGE_ERROR, abort, display_path, echo, echo_json, echo_table, errors

FILES_PER_TASK = 20
"""Files that a process is given at once."""
MAX_SHOWN_ROWS = 40
"""Files listed on the terminal. ``--csv``, ``--index`` and ``--json`` have all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutput:
    """Where the results of a batch go."""

    csv: Path | None
    index: Path | None
    as_json: bool


def evaluate_batch(paths: Sequence[Path], options: EvaluationOptions, output: BatchOutput) -> bool:
    """Evaluate files and folders, and print or write the table.

    Args:
        paths: Subtitle files, and folders with subtitles.
        options: What they are evaluated against.
        output: Where the results go.

    Returns:
        Whether all files passed.
    """
    found, unreadable = _find_files(paths)
    if not found and not unreadable:
        abort(f"no subtitle file in {', '.join(map(display_path, paths))}", USAGE_ERROR)
    rows = [
        BatchRow(name=name, verdict=FileVerdict.UNREADABLE, reason=reason, profile=options.profile)
        for name, reason in unreadable
    ]
    rows = sorted([*rows, *_evaluate_all(found, options)], key=lambda row: row.name)
    if output.csv is not None:
        _write(output.csv, write_csv(COLUMNS, map(to_record, rows)))
    if output.index is not None:
        _write(output.index, render_index_page(rows, options.profile))
    if output.as_json:
        echo_json(to_summary(rows, options.profile) | {"files": list(map(to_record, rows))})
    else:
        _print_rows(rows, options.profile)
    return all(row.verdict.is_passed for row in rows)


def _evaluate_all(
    files: Sequence[tuple[Path, str]], options: EvaluationOptions
) -> Iterator[BatchRow]:
    """Evaluate files in as many processes as there are processors, and show the progress."""
    tasks = [files[at : at + FILES_PER_TASK] for at in range(0, len(files), FILES_PER_TASK)]
    process_count = min(len(tasks), len(os.sched_getaffinity(0)))
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        progress = bar.add_task("evaluating", total=len(files))
        if process_count <= 1:
            for task in tasks:
                yield from evaluate_rows(task, options)
                bar.advance(progress, len(task))
            return
        with ProcessPoolExecutor(process_count) as processes:
            futures = {processes.submit(evaluate_rows, task, options) for task in tasks}
            for future in as_completed(futures):
                rows = future.result()
                yield from rows
                bar.advance(progress, len(rows))


def _find_files(
    paths: Sequence[Path],
) -> tuple[list[tuple[Path, str]], list[tuple[str, str]]]:
    """Return the subtitles, each with its name in the report, and what cannot be read, with why."""
    found: dict[Path, str] = {}
    unreadable: list[tuple[str, str]] = []
    for path in paths:
        if not path.is_dir():
            found.setdefault(path, display_path(path))
            continue
        folders = [path]
        while folders:
            try:
                with os.scandir(folders.pop()) as entries:
                    for entry in entries:
                        file = Path(entry)
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(file)
                        elif is_subtitle(os.fsencode(entry.name)):
                            shown = file.relative_to(path) if len(paths) == 1 else file
                            found.setdefault(file, display_path(shown))
            except OSError as error:
                name = display_path(str(error.filename))
                unreadable.append((name, describe_read_error(error)))
    return list(found.items()), unreadable


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, "utf-8", newline="")
    except OSError as error:
        abort(f"{display_path(file)} cannot be written: {error.strerror}", USAGE_ERROR)


def _print_rows(rows: Sequence[BatchRow], profile: str) -> None:
    marked = [row for row in rows if row.verdict is not FileVerdict.OK]
    worst = sorted(marked, key=lambda row: row.verdict is FileVerdict.WARNING)
    echo_table(
        ("verdict", "file", "cues", "outside", "why"),
        (
            (
                row.verdict,
                row.name,
                row.cues or "",
                f"{row.outside_limits / row.cues:.1%}" if row.cues else "",
                row.reason or _name_rules(row),
            )
            for row in worst[:MAX_SHOWN_ROWS]
        ),
    )
    if len(worst) > MAX_SHOWN_ROWS:
        echo(f"and {len(worst) - MAX_SHOWN_ROWS} more; --csv and --index list all")
    counts = ", ".join(f"{number} {verdict}" for verdict, number in count_verdicts(rows).items())
    echo(f"{len(rows)} files, limits of {PROFILES[profile].title}: {counts}")


def _name_rules(row: BatchRow) -> str:
    return ", ".join(f"{violation}: {number}" for violation, number, _ in row.rules)
