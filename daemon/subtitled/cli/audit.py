"""``audit``: who or what made, changed, approved, sent and delivered each artefact."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.load import Configuration
from subtitled.daemon.answers.audit import AuditEntry, audit_files, list_project_files, to_csv
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path
from subtitled.library.subtitle_names import find_media_beside, is_media_file

from .app import app, load_configuration
from .days import parse_day
from .output import (
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    echo_table,
    write_output,
)


@app.command()
def audit(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Media files, or subtitles beside them, also where they were delivered to."
        ),
    ] = None,
    project: Annotated[str, typer.Option(help="All files of this project.")] = "",
    library: Annotated[str, typer.Option(help="All files of this library.")] = "",
    since: Annotated[str, typer.Option(help="From this day on, such as 2026-11-01.")] = "",
    until: Annotated[str, typer.Option(help="Before this day.")] = "",
    csv: Annotated[bool, typer.Option("--csv", help="A table as CSV.")] = False,
    as_json: JsonOption = False,
    out: Annotated[Path | None, typer.Option(help="With --csv: a new file.")] = None,
) -> None:
    """Report who or what made, changed, approved, sent and delivered each artefact."""
    if bool(files) + bool(project) + bool(library) != 1:
        abort("name media files, or --project, or --library", USAGE_ERROR)
    if csv and as_json:
        abort("choose one of --csv and --json", USAGE_ERROR)
    if out is not None and not csv:
        abort("--out is for --csv", USAGE_ERROR)
    if out is not None and out.exists():
        abort(f"{display_path(out)} exists. Name a new file", USAGE_ERROR)
    configuration = load_configuration()
    db = open_database(configuration)
    media = _find_media(configuration, db, files or (), project, library)
    entries = audit_files(db, media, parse_day(since) or 0.0, parse_day(until))
    if as_json:
        echo_json({"entries": [entry.to_record() for entry in entries]})
    elif csv:
        write_output(to_csv(entries).encode("utf-8", "replace"), out)
    else:
        _print_entries(entries)


def _find_media(
    configuration: Configuration, db: Database, files: Sequence[Path], project: str, library: str
) -> Sequence[Path]:
    libraries = configuration.settings.libraries
    if library:
        if library not in libraries:
            known = ", ".join(libraries) or "none"
            abort(f"there is no library {library!r}. There is: {known}", USAGE_ERROR)
        return list(db.audit.files_of_libraries([library]))
    if project:
        found = list_project_files(configuration.settings, db, project)
        if not found and project not in configuration.settings.projects:
            known = ", ".join(configuration.settings.projects) or "none"
            abort(f"nothing was made for a project {project!r}. There is: {known}", USAGE_ERROR)
        return found
    media = []
    for file in files:
        path = to_known_path(configuration.settings.libraries, file)
        beside = None if is_media_file(path) else find_media_beside(path)
        film = beside or path
        if db.files.get(film) is None:  # it may stand where it was delivered to
            film = db.audit.find_delivered(film) or film
        media.append(film)
    return media


def _print_entries(entries: Iterator[AuditEntry]) -> None:
    media, rows = "", list[tuple[object, ...]]()

    def print_rows() -> None:
        if rows:
            echo(media)
            echo_table(("when", "what", "by", "artefact", "detail"), rows)

    for entry in entries:
        if entry.media != media:
            print_rows()
            media, rows = entry.media, []
        record = entry.to_record()
        rows.append(tuple(record[key] for key in ("at", "action", "actor", "artefact", "detail")))
    print_rows()
    if not media:
        echo("nothing is known of what was done")
