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

from subtitled.config.load import Configuration
from subtitled.config.mistakes import explained
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services, build_services, open_ledger
from subtitled.library.identity import content_id
from subtitled.library.intake import library_of
from subtitled.library.records import FileState
from subtitled.library.walk import walk
from subtitled.media.problems import unreadable
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import Problem

from .app import app, configuration
from .output import FAILED, WRONG, errors, fail, say, shown


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
    settings = configuration()
    wishes = _wishes(settings, to, formats, engine)
    if output_dir is not None:
        if not output_dir.is_dir():
            fail(f"{shown(output_dir)} is not a folder. Make it first", WRONG)
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
        told = [""]

        def progress(job: Job, what: str, share: float) -> None:
            name = shown(job.media.name)
            bar.update(task, description=f"{name}: {what}".replace("[", r"\["), completed=share)
            if bar.disable and what != told[0]:
                told[0] = what
                errors.print(f"{name}: {what}", markup=False)

        ledger = open_ledger(settings)
        services = build_services(
            settings, ledger, scratch=f"scratch-{os.getpid()}", progress=progress
        )
        try:
            for medium in _media(paths, wishes):
                library = in_its_library(medium, wishes, settings)
                job = Job(medium, library, "", output_dir, force or again, user_requested=True)
                failed += not _one(job, services, again)
        finally:
            services.engines.close()
            for left in services.scratch.iterdir():
                left.unlink()
            services.scratch.rmdir()
    if failed:
        raise typer.Exit(FAILED)


def _one(job: Job, services: Services, again: bool) -> bool:
    """One file; whether it went well. What went wrong is said on stderr."""
    name = shown(job.media)
    try:
        content = content_id(job.media)
        known = replace(job, fingerprint=content)
        if again:
            services.store.forget_words(content)
        result = run_job(known, services, InlineRunner())
    except OSError as error:
        errors.print(unreadable(job.media, error), markup=False, style="red")
        return False
    except Problem as problem:
        errors.print(f"{name}: {problem}", markup=False, style="red")
        return False
    _report(name, result)
    return result.state is not FileState.UNSATISFIABLE


def _report(name: str, result: JobResult) -> None:
    say(f"{name}: {result.reason}")
    for published in result.made:
        say(f"  {shown(published.sidecar)}")


def _wishes(settings: Configuration, to: str, formats: str, engine: str | None) -> LibrarySettings:
    """The options as the settings of a library, checked as those are."""
    if engine is not None and engine not in settings.engines:
        known = ", ".join(settings.engines)
        fail(f"no engine is called {engine!r}. Configured are: {known}", WRONG)
    said = {
        "path": Path("/"),
        "languages": to.split(","),
        "formats": [fmt.strip().lower() for fmt in formats.split(",")],
        "engines": [engine] if engine else [],
        # Who names an engine wants it; a library that keeps its sound to itself wins.
        "privacy": "any" if engine else "local",
        "servers": [],
    }
    try:
        return LibrarySettings.model_validate(said)
    except ValidationError as error:
        wrong = explained(error, LibrarySettings, said, "")
        fail(
            "\n".join(f"{_OPTIONS[one.key.partition('.')[0]]}: {one.what}" for one in wrong), WRONG
        )


_OPTIONS = {"languages": "--to", "formats": "--format"}
"""The options that become settings which can be wrong."""


def in_its_library(
    medium: Path, wishes: LibrarySettings, settings: Configuration
) -> LibrarySettings:
    """The wishes, with what the library of the medium, if it has one, asks of cues and words."""
    name = library_of(medium, settings.settings.libraries)
    if name is None:
        return wishes.model_copy(update={"path": medium.parent})
    library = settings.settings.libraries[name]
    taken = ("path", "cues", "guards", "shots", "names", "glossaries", "privacy")
    shape = {key: getattr(library, key) for key in taken}
    return wishes.model_copy(update=shape)


def _media(paths: list[Path], wishes: LibrarySettings) -> list[Path]:
    """The files that were named, and the media in the folders that were named."""
    media: list[Path] = []
    for path in paths:
        if path.is_dir():
            media.extend(found for found, _ in walk(path.absolute(), wishes))
        else:
            media.append(path.absolute())
    return media
