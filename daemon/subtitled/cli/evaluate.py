"""``evaluate``: check subtitles against published limits and against a reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from subtitled.library.subtitle_names import find_language_in_name
from subtitled.plugin import UNDETERMINED, Cue, InputRejectedError, Language, SubtitleKind
from subtitled.plugin.limits import read_file
from subtitled.subtitles.evaluation.compliance import check_compliance
from subtitled.subtitles.evaluation.report import (
    Evaluation,
    build_comparison_rows,
    build_rule_rows,
    render_page,
    to_json,
)
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.judgement import (
    MAX_SUBTITLE_BYTES,
    MediaLength,
    TextVerdict,
    judge_for_media,
    judge_text,
)
from subtitled.subtitles.rules import select_cue_rules

from .app import app
from .output import (
    FAILED,
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    echo_table,
    errors,
)
from .subtitle_files import parse_language_option

Profile = Literal["netflix", "bbc", "ard", "ted"]
Audience = Literal["adult", "child"]
MAX_SHOWN = 12
"""Cue numbers shown for one rule. ``--json`` and ``--report`` have all of them."""


@app.command()
def evaluate(
    files: Annotated[list[Path] | None, typer.Argument(help="Subtitle files with times.")] = None,
    reference: Annotated[
        Path | None, typer.Option(help="A correct subtitle of the same media file.")
    ] = None,
    language: Annotated[
        str | None,
        typer.Option(
            help="The language of the text. Default: the one in the file name. "
            "With --approved: this language only."
        ),
    ] = None,
    profile: Annotated[
        Profile, typer.Option(help="The style guide whose limits apply.")
    ] = "netflix",
    audience: Annotated[Audience, typer.Option(help="The audience.")] = "adult",
    translation: Annotated[
        bool, typer.Option(help="It is a translation: the limits for translations apply.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a report with charts to this HTML file.")
    ] = None,
    approved: Annotated[
        bool,
        typer.Option(
            "--approved", help="Compare each engine with the subtitles that people approved."
        ),
    ] = False,
    library: Annotated[str | None, typer.Option(help="With --approved: this library only.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Check subtitles against published limits, and against a reference.

    With --approved: how many errors each engine makes on your own approved subtitles.

    Exit status 1: a subtitle has an error that players may not handle.
    """
    given_language = parse_language_option(language)
    if approved:
        if files or reference is not None or report is not None:
            abort("--approved takes no files, --reference or --report", USAGE_ERROR)
        # Imported here: numpy and jiwer load slowly, and no other command needs them.
        from .evaluate_approved import print_engine_errors

        print_engine_errors(library, given_language, as_json)
        return
    if not files:
        abort("name a subtitle file, or --approved", USAGE_ERROR)
    if library is not None:
        abort("--library is for --approved", USAGE_ERROR)
    from subtitled.subtitles.evaluation.comparison import compare_cues

    reference_cues = _read_cues(reference) if reference else None
    if reference and reference_cues is None:
        raise typer.Exit(FAILED)
    evaluations: list[Evaluation] = []
    for file in files:
        cues = _read_cues(file, given_language)
        if cues is None:
            continue
        text_language = given_language or _language_of(file) or UNDETERMINED
        limits = select_cue_rules(
            text_language, translation=translation, profile=profile, audience=audience
        )
        compliance = check_compliance(cues, text_language, limits)
        comparison = (
            compare_cues(cues, reference_cues, text_language)
            if reference_cues is not None
            else None
        )
        evaluations.append(
            Evaluation(
                name=display_path(file),
                language=text_language,
                profile=profile,
                rules=limits,
                cues=cues,
                compliance=compliance,
                comparison=comparison,
            )
        )
    if as_json:
        echo_json({"files": [to_json(evaluation) for evaluation in evaluations]})
    else:
        for evaluation in evaluations:
            _print_evaluation(evaluation)
    if report is not None:
        try:
            report.write_text(render_page(evaluations), "utf-8")
        except OSError as error:
            abort(f"{display_path(report)} cannot be written: {error.strerror}", USAGE_ERROR)
    if len(evaluations) < len(files) or any(
        evaluation.compliance.error_count for evaluation in evaluations
    ):
        raise typer.Exit(FAILED)


def _print_evaluation(evaluation: Evaluation) -> None:
    compliance = evaluation.compliance
    name = evaluation.language.english_name if evaluation.language.is_known else "language unknown"
    echo(f"{evaluation.name}: {name}, limits of {evaluation.profile}")
    if not compliance.cue_count:
        echo("  it has no cues")
        return
    echo(
        f"  {compliance.compliant_count} of {compliance.cue_count} cues inside all limits "
        f"({compliance.compliant_count / compliance.cue_count:.1%})"
    )
    if compliance.fast_speech_count:
        echo(
            f"  {compliance.fast_speech_count} more exceed a limit only because "
            "the speech is too fast"
        )
    echo_table(
        ("rule", "", "cues", "share", "which"),
        (
            (rule, _severity(rule.is_error, rule.is_limit), number, share, _first_lines(which))
            for rule, number, share, which in build_rule_rows(compliance)
        ),
    )
    if evaluation.comparison is not None:
        echo_table(("against the reference", ""), build_comparison_rows(evaluation.comparison))


def _severity(is_error: bool, is_limit: bool) -> str:
    return "error" if is_error else "warning" if is_limit else "advice"


def _first_lines(text: str) -> str:
    numbers = text.split(", ")
    more = f" and {len(numbers) - MAX_SHOWN} more" if len(numbers) > MAX_SHOWN else ""
    return ", ".join(numbers[:MAX_SHOWN]) + more


def _read_cues(file: Path, given: Language | None = None) -> tuple[Cue, ...] | None:
    """Return the cues of a file. Print an error and return None if it has none."""
    stated = given or find_language_in_name(file)
    try:
        result = read_subtitle(read_file(file, MAX_SUBTITLE_BYTES), file.suffix[1:], None, stated)
        for note in _judge(file, stated).notes:
            errors.print(f"{display_path(file)}: {note}", markup=False, style="yellow")
        for part in result.dropped:
            errors.print(f"{display_path(file)}: {part}", markup=False, style="yellow")
        if result.is_rolling:
            note = f"{display_path(file)}: scrolling captions, read once a phrase"
            errors.print(note, markup=False, style="yellow")
        return result.cues
    except OSError as error:
        errors.print(f"{display_path(file)}: {error.strerror}", markup=False, style="red")
    except InputRejectedError as error:
        errors.print(f"{display_path(file)}: {error}", markup=False, style="red")
    return None


def _judge(file: Path, stated: Language | None) -> TextVerdict:
    """Return what a text is, without a media file."""
    data = read_file(file, MAX_SUBTITLE_BYTES)
    # What was left out is printed with more of it.
    judgement = replace(
        judge_text(data, file.suffix[1:], stated)[0], dropped_count=0, is_rolling=False
    )
    return judge_for_media(judgement, stated, SubtitleKind.FULL, frozenset(), MediaLength())


def _language_of(file: Path) -> Language | None:
    """Return the language of a text: that of its name, unless it is clearly in another."""
    return _judge(file, find_language_in_name(file)).language
