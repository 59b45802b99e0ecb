"""``generate``: subtitles for these files now, without a daemon."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from subtitled.config.errors import explain_validation_error
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services, build_services, open_database
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.ingest import library_containing
from subtitled.library.scanner import scan
from subtitled.media.ffmpeg import unreadable_error
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import SubtitledError

from .app import app, load_configuration
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, errors


@app.command()
def generate(
    paths: Annotated[list[Path], typer.Argument(help="Media files, or folders of them.")],
    to: Annotated[
        str, typer.Option(help="Languages, by commas: tags or names; original is the one spoken.")
    ] = "original",
    engine: Annotated[str | None, typer.Option(help="The engine to use.")] = None,
    formats: Annotated[
        str,
        typer.Option(
            "--format", help="Kinds of file, by commas: srt, vtt, ass, lrc, ttml, json, txt."
        ),
    ] = "srt",
    output_dir: Annotated[
        Path | None, typer.Option(help="Where to write. Default: beside each file.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Make everything anew and replace what is there.")
    ] = False,
    again: Annotated[
        bool,
        typer.Option(
            help="Recognise anew too, with the names and terms as they are now. Implies --force."
        ),
    ] = False,
) -> None:
    """Make subtitles for these files now, without a daemon."""
    settings = load_configuration()
    wishes = _one_off_library(settings, to, formats, engine)
    if output_dir is not None:
        if not output_dir.is_dir():
            abort(f"{display_path(output_dir)} is not a folder. Make it first", USAGE_ERROR)
        output_dir = output_dir.absolute()
    failed = 0
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=errors,
        disable=not sys.stderr.isatty(),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=1.0)
        last_line = [""]

        def progress(job: Job, step_name: str, share: float) -> None:
            name = display_path(job.media.name)
            bar.update(
                task, description=f"{name}: {step_name}".replace("[", r"\["), completed=share
            )
            if bar.disable and step_name != last_line[0]:
                last_line[0] = step_name
                errors.print(f"{name}: {step_name}", markup=False)

        ledger = open_database(settings)
        services = build_services(
            settings, ledger, scratch=f"scratch-{os.getpid()}", progress=progress
        )
        try:
            for medium in _iter_media(paths, wishes):
                library = with_library_settings(medium, wishes, settings)
                job = Job(medium, library, "", output_dir, force or again, user_requested=True)
                failed += not _generate_one(job, services, again)
        finally:
            services.engines.close()
            for left in services.scratch.iterdir():
                left.unlink()
            services.scratch.rmdir()
    if failed:
        raise typer.Exit(FAILED)


def _generate_one(job: Job, services: Services, again: bool) -> bool:
    """One file; whether it went well. What went wrong is said on stderr."""
    name = display_path(job.media)
    try:
        fingerprint = content_fingerprint(job.media)
        known_job = replace(job, fingerprint=fingerprint)
        if again:
            services.store.clear_transcripts(fingerprint)
        result = run_job(known_job, services, InlineRunner())
    except OSError as error:
        errors.print(unreadable_error(job.media, error), markup=False, style="red")
        return False
    except SubtitledError as problem:
        errors.print(f"{name}: {problem}", markup=False, style="red")
        return False
    _print_result(name, result)
    return result.state is not FileState.IMPOSSIBLE


def _print_result(name: str, result: JobResult) -> None:
    echo(f"{name}: {result.reason}")
    for published in result.made:
        echo(f"  {display_path(published.sidecar)}")


def _one_off_library(
    settings: Configuration, to: str, formats: str, engine: str | None
) -> LibrarySettings:
    """The options as the settings of a library, checked as those are."""
    if engine is not None and engine not in settings.engines:
        engine_names = ", ".join(settings.engines)
        abort(f"no engine is called {engine!r}. Configured are: {engine_names}", USAGE_ERROR)
    values = {
        "path": Path("/"),
        "languages": to.split(","),
        "formats": [fmt.strip().lower() for fmt in formats.split(",")],
        "engines": [engine] if engine else [],
        # Who names an engine wants it; a library that keeps its sound to itself wins.
        "privacy": "any" if engine else "local",
        "servers": [],
    }
    try:
        return LibrarySettings.model_validate(values)
    except ValidationError as error:
        wrong = explain_validation_error(error, LibrarySettings, values, "")
        abort(
            "\n".join(
                f"{_OPTION_BY_SETTING[one.key.partition('.')[0]]}: {one.message}" for one in wrong
            ),
            USAGE_ERROR,
        )


_OPTION_BY_SETTING = {"languages": "--to", "formats": "--format"}
"""The options that become settings which can be wrong."""


def with_library_settings(
    media: Path, one_off: LibrarySettings, settings: Configuration
) -> LibrarySettings:
    """The wishes, with what the library of the medium, if it has one, asks of cues and words."""
    name = library_containing(media, settings.settings.libraries)
    if name is None:
        return one_off.model_copy(update={"path": media.parent})
    library = settings.settings.libraries[name]
    taken = ("path", "cues", "guards", "shots", "names", "glossaries", "privacy")
    shape = {key: getattr(library, key) for key in taken}
    return one_off.model_copy(update=shape)


def _iter_media(paths: list[Path], one_off: LibrarySettings) -> list[Path]:
    """The files that were named, and the media in the folders that were named."""
    media: list[Path] = []
    for path in paths:
        if path.is_dir():
            media.extend(found for found, _ in scan(path.absolute(), one_off))
        else:
            media.append(path.absolute())
    return media
