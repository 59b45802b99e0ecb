"""``check``: are the times of a subtitle those of its media file?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.daemon.answers.subtitle_checks import check_to_dict, describe_check
from subtitled.daemon.subtitle_checking import (
    CheckedSubtitle,
    CheckRequest,
    check_subtitles,
)
from subtitled.db.commands import COMMAND_LINE
from subtitled.library.paths import to_known_path
from subtitled.library.subtitle_names import find_media_beside, is_media_file
from subtitled.plugin import InputRejectedError, Language, SubtitledError
from subtitled.subtitles.synchronisation import SyncVerdict, proves_gain

from .app import app, load_configuration
from .job_services import open_job_services, print_steps
from .output import FAILED, USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json, errors
from .subtitle_files import parse_language_option

CANNOT_TELL = 3
"""Exit status if the speech does not tell whether the times are right."""


@app.command()
def check(
    file: Annotated[
        Path,
        typer.Argument(help="A subtitle file, or a media file with the subtitles of others."),
    ],
    media: Annotated[
        Path | None,
        typer.Option(help="The media file. Default: the one beside it, by the names."),
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(help="The language of the subtitle. Default: the one in its name."),
    ] = None,
    resync: Annotated[
        bool,
        typer.Option(
            "--resync",
            help="Write a copy with corrected times beside it, if words prove that they are "
            "better. Needs a transcript in the language of the subtitle.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Check whether the times of a subtitle are those of its media file.

    The subtitle stays as it is. Exit status 0: in sync, 1: wrong, even if a copy was written,
    2: the file that is named cannot be read, 3: the speech does not tell. Of several subtitles,
    one that cannot be read counts as 3, and the others are checked.
    """
    stated = parse_language_option(language)
    configuration = load_configuration()
    try:
        request = _build_request(configuration, file, media, stated, resync)
        with open_job_services(configuration, print_steps()) as services:
            results = check_subtitles(services, request)
    except SubtitledError as error:
        abort(error, USAGE_ERROR)
    except OSError as error:
        abort(f"{display_path(error.filename or file)}: {error.strerror}", USAGE_ERROR)
    if as_json:
        echo_json({"media": request.media, "subtitles": [_to_dict(one) for one in results]})
    elif results:
        for result in results:
            _print_result(result)
    else:
        echo(f"{display_path(request.media)} has no text subtitle of other people")
    status = _exit_status([result.check.report.verdict for result in results])
    if status:
        raise typer.Exit(status)


def _build_request(
    configuration: Configuration,
    file: Path,
    media: Path | None,
    language: Language | None,
    resync: bool,
) -> CheckRequest:
    path = to_known_path(configuration.settings.libraries, file)
    subtitle = None if media is None and is_media_file(path) else path
    if subtitle is not None and not subtitle.is_file():
        problem = "is a folder" if subtitle.is_dir() else "does not exist"
        raise InputRejectedError(f"{display_path(file)} {problem}", "Name a subtitle or media file")
    film = path
    if media is not None:
        film = to_known_path(configuration.settings.libraries, media)
    elif subtitle is not None:
        beside = find_media_beside(subtitle)
        if beside is None:
            raise InputRejectedError(
                f"no media file beside {display_path(file)} is the one it belongs to by its name",
                "Name the media file with --media",
            )
        film = beside
    return CheckRequest(
        media=film,
        subtitle=subtitle,
        language=language,
        writes_copy=resync,
        actor=COMMAND_LINE,
    )


def _print_result(result: CheckedSubtitle) -> None:
    check, report = result.check, result.check.report
    echo(describe_check(check))
    evidence, is_wrong = report.evidence, report.verdict.is_wrong
    if evidence.fit_before or is_wrong:
        echo(
            f"  {evidence.cue_count} cues and {evidence.speech_count} spans of speech; somebody "
            f"speaks in {evidence.fit_before:.0%} of the time of the cues"
            + (f", and would in {evidence.fit_after:.0%}" if is_wrong else "")
        )
    if evidence.error_before is not None and evidence.error_after is not None:
        echo(
            f"  {evidence.anchor_count} cues are {evidence.error_before:.2f} s from their words in "
            "the median" + (f"; at the best times {evidence.error_after:.2f} s" if is_wrong else "")
        )
    if result.copy is not None:
        echo(f"  corrected copy: {display_path(result.copy)}")
    elif result.refusal:
        errors.print(f"no copy: {result.refusal}", markup=False, style="yellow")
    elif report.hint:
        echo(f"  {report.hint}" + (": --resync writes a copy" if proves_gain(report) else ""))


def _to_dict(result: CheckedSubtitle) -> dict[str, Any]:
    return {
        **check_to_dict(result.check),
        "corrected_copy": result.copy,
        "refusal": result.refusal or None,
    }


def _exit_status(verdicts: Sequence[SyncVerdict]) -> int:
    """Return 1 if anything is wrong, else 3 if anything cannot be told."""
    if any(verdict.is_wrong for verdict in verdicts):
        return FAILED
    return CANNOT_TELL if SyncVerdict.CANNOT_TELL in verdicts else 0
