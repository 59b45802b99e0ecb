"""``subtitled-whisper``: openai-whisper's command, for programs that call it.

It has the arguments and writes the files of openai-whisper, so that Opencast and others get
subtitles of subtitled without a change. Engines, limits and the transcript store are those of
``subtitled generate``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import typer

from subtitled.config.load import Configuration, ConfigurationError, load_config
from subtitled.config.settings import LibrarySettings
from subtitled.daemon.audio_requests.answering import write_hotwords
from subtitled.daemon.audio_requests.questions import AudioAnswer, AudioTask
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import describe_failure, library_containing, to_known_path
from subtitled.media.errors import unreadable_error
from subtitled.media.probe import probe_media
from subtitled.pipeline.single_subtitle import make_subtitle
from subtitled.plugin import SubtitledError
from subtitled.plugin.files import write_atomic

from .app import config_path
from .job_services import open_job_services, print_steps
from .output import (
    FAILED,
    USAGE_ERROR,
    abort,
    display_path,
    echo,
    end_with,
    errors,
    make_output_folder,
)
from .privileges import act_as_owner
from .whisper_arguments import MODELS, WhisperArgumentError, WhisperArguments, parse_arguments
from .whisper_files import describe_segments, render_file

_ENGLISH_OR_ORIGINAL: Final = {AudioTask.TRANSLATE: "en", AudioTask.TRANSCRIBE: "original"}


def main() -> None:
    """Run the command. Exit status 0: all files are written, 1: some are not, 2: wrong use."""
    try:
        sys.exit(run(sys.argv[1:]))
    except typer.Exit as stop:
        sys.exit(stop.exit_code)
    except SubtitledError as error:
        end_with(error)


def run(words: Sequence[str]) -> int:
    """Transcribe the files that the arguments name.

    Args:
        words: The words after the command.

    Returns:
        The exit status.
    """
    try:
        arguments = parse_arguments(words)
    except WhisperArgumentError as error:
        abort(error, USAGE_ERROR)
    for warning in arguments.warnings:
        _warn(warning)
    configuration, engine = _load_for_model(arguments)
    make_output_folder(arguments.output_dir)
    outputs = [path.stem for path in arguments.audio]
    for stem in sorted({stem for stem in outputs if outputs.count(stem) > 1}):
        _warn(f"several files have the name {display_path(stem)}; the last one is kept")
    with open_job_services(configuration, print_steps()) as services:
        done = [_transcribe(path, arguments, engine, services) for path in arguments.audio]
    return 0 if all(done) else FAILED


def _transcribe(
    path: Path, arguments: WhisperArguments, engine: str | None, services: Services
) -> bool:
    """Transcribe one file and write its files. Return whether that succeeded."""
    media = to_known_path(services.config.settings.libraries, path)
    try:
        answer = _answer(media, arguments, engine, services)
        for file_format in arguments.formats:
            content = render_file(answer, file_format, has_words=arguments.has_words)
            write_atomic(arguments.output_dir / f"{path.stem}.{file_format}", content)
    except OSError as error:
        problem = str(unreadable_error(media, error))
        if error.filename is not None and Path(error.filename).parent == arguments.output_dir:
            problem = f"{display_path(error.filename)} cannot be written: {error.strerror}"
    except SubtitledError as error:
        problem = describe_failure(error, media)
    else:
        if arguments.is_verbose:
            _print_answer(answer, arguments)
        return True
    errors.print(f"Skipping {display_path(path)}: {problem}", markup=False, style="red")
    return False


def _answer(
    media: Path, arguments: WhisperArguments, engine: str | None, services: Services
) -> AudioAnswer:
    job = Job(
        media=media,
        library=_settings(media, arguments, engine, services),
        fingerprint=content_fingerprint(media),
        force=True,
        user_requested=True,
        spoken=arguments.language,
    )
    made = make_subtitle(job, services, InlineRunner())
    analysis = made.analysis
    return AudioAnswer(
        duration=analysis.duration if analysis else probe_media(media).duration,
        spoken=analysis.language if analysis else arguments.language,
        confidence=analysis.confidence if analysis else 0.0,
        subtitle=made.subtitle,
        scores=made.scores,
    )


def _settings(
    media: Path, arguments: WhisperArguments, engine: str | None, services: Services
) -> LibrarySettings:
    """Return the settings of the file's library, if it has one, with the arguments applied."""
    libraries = services.config.settings.libraries
    name = library_containing(media, libraries)
    library = LibrarySettings.for_one_off(
        libraries[name] if name else None,
        path=media.parent,
        languages=[_ENGLISH_OR_ORIGINAL[arguments.task]],
        formats=["srt"],
        engine=engine,
    )
    # The sound is asked for, not the subtitles that are there.
    sources = library.sources.model_copy(update={"order": ("audio", "speech")})
    limits = {
        "max_line_length": arguments.max_line_width,
        "max_lines": arguments.max_line_count,
    }
    chosen = {key: value for key, value in limits.items() if value is not None}
    update: dict[str, Any] = {
        "sources": sources,
        "cues": library.cues.model_copy(update=chosen),
    }
    if arguments.prompt:
        # Imported here: the HTTP port loads slowly, and few calls have a prompt.
        from subtitled.web.endpoints.questions import read_hotwords

        terms = write_hotwords(read_hotwords(arguments.prompt), services.scratch / "hotwords.csv")
        update["glossaries"] = (*library.glossaries, *terms)
    return library.model_copy(update=update)


def _load_for_model(arguments: WhisperArguments) -> tuple[Configuration, str | None]:
    """Load the configuration so that an engine has the model that is asked for.

    Returns:
        The configuration, and the engine to use; None for the one that it chooses itself.
    """
    path = config_path()
    try:
        configuration = load_config(path, before_plugins=act_as_owner)
        engine, model = _choose_engine(configuration, arguments.model)
        section: dict[str, Any] = {"model": model} if model else {}
        if arguments.device:
            engine = engine or next(iter(configuration.engines), None)
            section["device"] = arguments.device
        overrides: dict[str, Any] = {}
        if section and engine is not None:
            overrides["engines"] = {engine: section}
        if arguments.threads:
            overrides["daemon"] = {"threads": arguments.threads}
        if overrides:
            configuration = load_config(path, overrides=overrides)
    except (ConfigurationError, WhisperArgumentError) as error:
        abort(error, USAGE_ERROR)
    return configuration, engine


def _choose_engine(configuration: Configuration, model: str) -> tuple[str | None, str]:
    """Return the engine for a model, and the model that it has to be given; "" if it has it.

    The first engine that has the model is taken, else the first that knows it.

    Raises:
        WhisperArgumentError: No engine knows it.
    """
    if not model or model in configuration.engines:
        return model or None, ""
    for wanted in dict.fromkeys((model, MODELS.get(model, model))):
        knowing = [
            name
            for name, configured in configuration.engines.items()
            if wanted == configured.model
            or wanted in (spec.name for spec in configured.catalogue())
        ]
        if not knowing:
            continue
        if wanted != model:
            _warn(f"there is no model {model!r} here; {wanted!r} is used")
        having = [name for name in knowing if configuration.engines[name].model == wanted]
        return (having[0], "") if having else (knowing[0], wanted)
    engines = configuration.engines
    models = {spec.name for engine in engines.values() for spec in engine.catalogue()}
    known = ", ".join(sorted({*models, *engines}))
    raise WhisperArgumentError(f"--model: there is no {model!r:.60}. There are: {known}")


def _print_answer(answer: AudioAnswer, arguments: WhisperArguments) -> None:
    if arguments.language is None and answer.spoken is not None:
        echo(f"Detected language: {answer.spoken.english_name}")
    for line in describe_segments(answer):
        echo(line)


def _warn(text: str) -> None:
    errors.print(f"warning: {text}", markup=False, style="yellow")
