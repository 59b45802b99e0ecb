"""``generate``: make subtitles for these files now, without a daemon."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from subtitled.config.errors import explain_validation_error
from subtitled.config.library_settings import ORIGINAL
from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import describe_failure, library_containing, to_known_path
from subtitled.library.scanner import scan
from subtitled.media.errors import unreadable_error
from subtitled.plugin import Language, SubtitledError
from subtitled.transcription.early_start import start_engine_early

from .app import app, load_configuration
from .job_services import open_job_services, print_steps
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, errors, make_output_folder
from .plugin_messages import show_plugin_records, show_unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerateRequest:
    """What the options ask for."""

    languages: Sequence[str] = (ORIGINAL,)
    formats: Sequence[str] = ("srt",)
    engine: str | None = None
    output_dir: Path | None = None
    overwrite: bool = False
    retranscribe: bool = False
    here: bool = False
    spoken: Language | None = None


@app.command()
def generate(
    paths: Annotated[list[Path], typer.Argument(help="Media files, or folders of them.")],
    languages: Annotated[
        str,
        typer.Option(help="Languages, by commas: tags or names. original: the one spoken."),
    ] = ORIGINAL,
    language: Annotated[
        str | None,
        typer.Option(help="The language spoken, as a tag or name. Unset: it is identified."),
    ] = None,
    engine: Annotated[str | None, typer.Option(help="The engine to use.")] = None,
    formats: Annotated[
        str,
        typer.Option("--format", help="Formats, by commas: srt, vtt, ass, lrc, ttml, json, txt."),
    ] = "srt",
    output_dir: Annotated[
        Path | None,
        typer.Option(help="Where to write. It is made if needed. Default: beside each file."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Make everything again and replace what exists.")
    ] = False,
    retranscribe: Annotated[
        bool,
        typer.Option(
            "--retranscribe",
            help="Transcribe again too, with the glossary as it is now. Implies --overwrite.",
        ),
    ] = False,
    here: Annotated[
        bool,
        typer.Option(
            "--here",
            help="Run the engine in this process, so that breakpoint() and print() of a plugin "
            "work. Implies --retranscribe.",
        ),
    ] = False,
) -> None:
    """Make subtitles for these files now, without a daemon."""
    configuration = load_configuration()
    show_unavailable(configuration)
    show_plugin_records()
    request = GenerateRequest(
        languages=languages.split(","),
        formats=[name.strip().lower() for name in formats.split(",")],
        engine=engine,
        output_dir=output_dir.absolute() if output_dir else None,
        overwrite=overwrite or retranscribe or here,
        retranscribe=retranscribe or here,
        here=here,
        spoken=read_spoken_language(language) if language is not None else None,
    )
    _require_valid(request, configuration)
    if request.output_dir is not None:
        make_output_folder(request.output_dir)
    failure_count = 0
    with _services(configuration, request) as services:
        for media in find_media_files(paths, configuration):
            failure_count += not _generate_one(media, request, configuration, services)
    if failure_count:
        raise typer.Exit(FAILED)


def read_spoken_language(text: str) -> Language:
    """Return the language of ``--language``. Abort if it is none."""
    try:
        language = Language.parse(text)
    except ValueError as error:
        abort(f"--language: {error}", USAGE_ERROR)
    if not language.is_known:
        abort(
            f"--language: {language} names no language. Leave the option out to have the language "
            "identified",
            USAGE_ERROR,
        )
    return language


def settings_for(
    media: Path, request: GenerateRequest, configuration: Configuration
) -> LibrarySettings:
    """Return the settings of the media file's library, if it has one, with the options applied."""
    name = library_containing(media, configuration.settings.libraries)
    return LibrarySettings.for_one_off(
        configuration.settings.libraries[name] if name else None,
        path=media.parent,
        languages=request.languages,
        formats=request.formats,
        engine=request.engine,
    )


_OPTIONS_BY_SETTING = {"languages": "--languages", "formats": "--format"}
"""The options that become settings which can be wrong."""


def _require_valid(request: GenerateRequest, configuration: Configuration) -> None:
    """Abort if an option has a value that cannot be used."""
    if request.engine is not None and request.engine not in configuration.engines:
        for component in configuration.unavailable:
            if component.section == f"engines.{request.engine}":
                abort(str(component), USAGE_ERROR)
        names = ", ".join(configuration.engines)
        abort(f"no engine is called {request.engine!r}. Engines: {names}", USAGE_ERROR)
    try:
        settings_for(Path("/-"), request, configuration)
    except ValidationError as error:
        values = {"languages": request.languages, "formats": request.formats}
        issues = explain_validation_error(error, LibrarySettings, values, "")
        abort(
            "\n".join(
                f"{_OPTIONS_BY_SETTING[issue.key.partition('.')[0]]}: {issue.message}"
                for issue in issues
            ),
            USAGE_ERROR,
        )


@contextmanager
def _services(configuration: Configuration, request: GenerateRequest) -> Iterator[Services]:
    """Build the services of a run with a progress bar."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=errors,
        disable=request.here or not sys.stderr.isatty(),
        transient=True,
    ) as bar:
        task = bar.add_task("", total=1.0)

        def move_bar(job: Job, step_name: str, share: float) -> None:
            description = f"{display_path(job.media.name)}: {step_name}".replace("[", r"\[")
            bar.update(task, description=description, completed=share)

        progress = print_steps() if bar.disable else move_bar
        with open_job_services(configuration, progress, in_this_process=request.here) as services:
            yield services


def _generate_one(
    media: Path, request: GenerateRequest, configuration: Configuration, services: Services
) -> bool:
    """Make the subtitles of one file and print the result. Return whether it succeeded."""
    try:
        fingerprint = content_fingerprint(media)
        if request.retranscribe:
            services.store.clear_transcripts(fingerprint)
        if request.overwrite:
            services.store.forget_languages(fingerprint, is_evident_too=request.retranscribe)
        library = settings_for(media, request, configuration)
        start_engine_early(services, library, fingerprint)
        # The engine loads while this is imported.
        from subtitled.pipeline.pipeline import run_job

        job = Job(
            media=media,
            library=library,
            fingerprint=fingerprint,
            output_folder=request.output_dir,
            force=request.overwrite,
            user_requested=True,
            spoken=request.spoken,
        )
        result = run_job(job, services, InlineRunner())
    except OSError as error:
        errors.print(unreadable_error(media, error), markup=False, style="red")
        return False
    except SubtitledError as error:
        errors.print(
            f"{display_path(media)}: {describe_failure(error, media)}", markup=False, style="red"
        )
        return False
    _print_result(media, result)
    return result.state is not FileState.IMPOSSIBLE


def _print_result(media: Path, result: JobResult) -> None:
    echo(f"{display_path(media)}: {result.reason}")
    for published in result.made:
        echo(f"  {display_path(published.sidecar)}")


def find_media_files(paths: Sequence[Path], configuration: Configuration) -> list[Path]:
    """Return the files that were named, and the media files in the folders that were named.

    Args:
        paths: Files and folders, as they were typed.
        configuration: The configuration, whose libraries know their files by certain paths.
    """
    media: list[Path] = []
    for path in paths:
        known_path = to_known_path(configuration.settings.libraries, path)
        if known_path.is_dir():
            settings = LibrarySettings(path=known_path)
            media.extend(file for file, _ in scan(known_path, settings))
        else:
            media.append(known_path)
    return media
