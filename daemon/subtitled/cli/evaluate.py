"""``evaluate``: whether subtitles keep published limits, and how near they come to others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from subtitled.plugin import UNDETERMINED, Cue, InputRejectedError, Language
from subtitled.subtitles.evaluation.compliance import check_compliance
from subtitled.subtitles.evaluation.report import (
    Evaluation,
    build_comparison_rows,
    build_rule_rows,
    render_page,
    to_json,
)
from subtitled.subtitles.filenames import parse_language_token
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.rules import select_cue_rules

from .app import app
from .daemon import JsonOption
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, echo_json, echo_table, errors

Profile = Literal["netflix", "bbc", "ard", "ted"]
Audience = Literal["adult", "child"]
MAX_SHOWN = 12
"""Cue numbers of one rule in the table; all are in ``--json`` and ``--report``."""


@app.command()
def evaluate(
    files: Annotated[list[Path], typer.Argument(help="Subtitle files with times.")],
    reference: Annotated[
        Path | None, typer.Option(help="A subtitle of the same medium that is right.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="What the text is in. Default: what the file name says.")
    ] = None,
    profile: Annotated[Profile, typer.Option(help="Whose limits.")] = "netflix",
    audience: Annotated[Audience, typer.Option(help="Who reads.")] = "adult",
    translation: Annotated[
        bool, typer.Option(help="It translates what is said, and must be read more slowly.")
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="Write a page with pictures to this HTML file.")
    ] = None,
    as_json_: JsonOption = False,
) -> None:
    """Hold subtitles to published limits, and to a reference. Status 1: a player may stumble."""
    # Compares with numpy and jiwer, which no other command needs to wait for.
    from subtitled.subtitles.evaluation.comparison import compare_cues

    given_language = _parse_language(language)
    reference_cues = _read_cues(reference) if reference else None
    if reference and reference_cues is None:
        raise typer.Exit(FAILED)
    evaluations: list[Evaluation] = []
    for file in files:
        cues = _read_cues(file)
        if cues is None:
            continue
        text_language = given_language or _language_from_name(file) or UNDETERMINED
        limits = select_cue_rules(
            text_language, translation=translation, profile=profile, audience=audience
        )
        conformity_result = check_compliance(cues, text_language, limits)
        against = (
            compare_cues(cues, reference_cues, text_language)
            if reference_cues is not None
            else None
        )
        evaluations.append(
            Evaluation(
                display_path(file), text_language, profile, limits, cues, conformity_result, against
            )
        )
    if as_json_:
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
    conformity_result = evaluation.compliance
    name = evaluation.language.english_name if evaluation.language.is_known else "language unknown"
    echo(f"{evaluation.name}: {name}, limits of {evaluation.profile}")
    if not conformity_result.cue_count:
        echo("  no cue at all")
        return
    echo(
        f"  {conformity_result.compliant_count} of {conformity_result.cue_count} cues inside all limits ({conformity_result.compliant_count / conformity_result.cue_count:.1%})"
    )
    if conformity_result.fast_speech_count:
        echo(f"  {conformity_result.fast_speech_count} more but for speech faster than the limit")
    echo_table(
        ("missed", "", "cues", "share", "which"),
        (
            (rule, _severity(rule.is_error, rule.is_limit), number, share, _first_lines(which))
            for rule, number, share, which in build_rule_rows(conformity_result)
        ),
    )
    if evaluation.comparison is not None:
        echo_table(("against the reference", ""), build_comparison_rows(evaluation.comparison))


def _severity(is_error: bool, counts: bool) -> str:
    return "error" if is_error else "warning" if counts else "advice"


def _first_lines(text: str) -> str:
    numbers = text.split(", ")
    more = f" and {len(numbers) - MAX_SHOWN} more" if len(numbers) > MAX_SHOWN else ""
    return ", ".join(numbers[:MAX_SHOWN]) + more


def _read_cues(file: Path) -> tuple[Cue, ...] | None:
    """The cues of a file, or None, said on stderr, for what is none."""
    try:
        return read_cues(file.read_bytes(), file.suffix[1:])
    except OSError as error:
        errors.print(f"{display_path(file)}: {error.strerror}", markup=False, style="red")
    except InputRejectedError as problem:
        errors.print(f"{display_path(file)}: {problem}", markup=False, style="red")
    return None


def _parse_language(code: str | None) -> Language | None:
    if code is None:
        return None
    try:
        return Language.parse(code)
    except ValueError as error:
        abort(error, USAGE_ERROR)


def _language_from_name(file: Path) -> Language | None:
    """The language that a file's name says: ``Film.de.sdh.srt`` is in German."""
    for token in reversed(file.name.split(".")[1:-1]):
        if (language := parse_language_token(token)) is not None:
            return language
    return None
