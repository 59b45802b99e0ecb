"""``evaluate``: check subtitles against published limits and against a reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from subtitled.plugin import Cue, InputRejectedError, Language
from subtitled.subtitles.evaluation.batch import decide_verdict
from subtitled.subtitles.evaluation.report import (
    Evaluation,
    build_comparison_rows,
    build_rule_rows,
    render_page,
    to_json,
)

from .app import app
from .evaluation_input import (
    EvaluationOptions,
    SubtitleText,
    describe_read_error,
    evaluate_text,
    read_subtitle_file,
)
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

Profile = Literal["netflix", "bbc", "ebu", "ard", "ted"]
Audience = Literal["adult", "child"]
MAX_SHOWN = 12
"""Cue numbers shown for one rule. ``--json`` and ``--report`` have all of them."""


@app.command()
def evaluate(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Subtitle files with times, or folders.")
    ] = None,
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
    csv: Annotated[
        Path | None, typer.Option(help="Write a table with one line a file to this CSV file.")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(help="Write a page with one line a file to this HTML file.")
    ] = None,
    max_outside: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=100,
            help="Fail a file of which more cues than this share, in percent, are outside the "
            "limits. Default: only errors fail.",
        ),
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

    Folders are searched for subtitles, and each file gets a verdict: ok, warning, failed or
    unreadable. So do files with --csv or --index.

    With --approved: how many errors each engine makes on your own approved subtitles.

    Exit status 1: a file failed or cannot be read. Errors that players may not handle fail it, and
    more cues outside the limits than --max-outside.
    """
    given_language = parse_language_option(language)
    single = reference is not None or report is not None
    batch = csv is not None or index is not None or any(path.is_dir() for path in files or ())
    if approved:
        if files or single or batch or max_outside is not None:
            abort("--approved takes no files and none of their options", USAGE_ERROR)
        # Imported here: numpy and jiwer load slowly, and no other command needs them.
        from .evaluate_approved import print_engine_errors

        print_engine_errors(library, given_language, as_json)
        return
    if not files:
        abort("name a subtitle file or a folder, or --approved", USAGE_ERROR)
    if library is not None:
        abort("--library is for --approved", USAGE_ERROR)
    options = EvaluationOptions(
        language=given_language,
        profile=profile,
        audience=audience,
        translation=translation,
        max_outside_percent=max_outside,
    )
    if not batch:
        passed = _evaluate_files(files, options, reference, report, as_json)
    elif single:
        abort(
            "--reference and --report are for single files, without --csv or --index", USAGE_ERROR
        )
    else:
        from .evaluate_batch import BatchOutput, evaluate_batch

        output = BatchOutput(csv=csv, index=index, as_json=as_json)
        passed = evaluate_batch(files, options, output)
    if not passed:
        raise typer.Exit(FAILED)


def _evaluate_files(
    files: list[Path],
    options: EvaluationOptions,
    reference: Path | None,
    report: Path | None,
    as_json: bool,
) -> bool:
    """Evaluate files in detail. Return whether all passed."""
    from subtitled.subtitles.evaluation.comparison import compare_cues

    reference_cues = _read_reference(reference)
    evaluations: list[Evaluation] = []
    for file in files:
        text = _read(file, options.language)
        if text is None:
            continue
        evaluation = evaluate_text(display_path(file), text, options)
        if reference_cues is not None:
            comparison = compare_cues(text.cues, reference_cues, evaluation.language)
            evaluation = replace(evaluation, comparison=comparison)
        evaluations.append(evaluation)
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
    verdicts = [
        decide_verdict(evaluation.compliance, options.max_outside_percent)[0]
        for evaluation in evaluations
    ]
    return len(verdicts) == len(files) and all(verdict.is_passed for verdict in verdicts)


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


def _read_reference(reference: Path | None) -> tuple[Cue, ...] | None:
    if reference is None:
        return None
    text = _read(reference, None)
    if text is None:
        raise typer.Exit(FAILED)
    return text.cues


def _read(file: Path, language: Language | None) -> SubtitleText | None:
    """Read a file and print what was noticed. Print an error and return None if it cannot be."""
    try:
        text = read_subtitle_file(file, language)
    except (OSError, InputRejectedError) as error:
        errors.print(
            f"{display_path(file)}: {describe_read_error(error)}", markup=False, style="red"
        )
        return None
    for note in text.notes:
        errors.print(f"{display_path(file)}: {note}", markup=False, style="yellow")
    return text
