"""``evaluate``: whether subtitles keep published limits, and how near they come to others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from subtitled.plugin import UNDETERMINED, Cue, Language, Rejected
from subtitled.subtitles.codes import language_of
from subtitled.subtitles.evaluation.conformity import conformity
from subtitled.subtitles.evaluation.report import (
    Evaluation,
    as_json,
    page,
    rows_of_comparison,
    rows_of_rules,
)
from subtitled.subtitles.formats import read
from subtitled.subtitles.limits import limits_for

from .app import app
from .daemon import Json
from .output import FAILED, WRONG, errors, fail, say, say_json, say_table, shown

Profile = Literal["netflix", "bbc", "ard", "ted"]
Audience = Literal["adult", "child"]
SHOWN = 12
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
    as_json_: Json = False,
) -> None:
    """Hold subtitles to published limits, and to a reference. Status 1: a player may stumble."""
    # Compares with numpy and jiwer, which no other command needs to wait for.
    from subtitled.subtitles.evaluation.comparison import compare

    told = _language(language)
    wanted = _cues(reference) if reference else None
    if reference and wanted is None:
        raise typer.Exit(FAILED)
    found: list[Evaluation] = []
    for file in files:
        cues = _cues(file)
        if cues is None:
            continue
        text_language = told or _by_name(file) or UNDETERMINED
        limits = limits_for(
            text_language, translation=translation, profile=profile, audience=audience
        )
        kept = conformity(cues, text_language, limits)
        against = compare(cues, wanted, text_language) if wanted is not None else None
        found.append(Evaluation(shown(file), text_language, profile, limits, cues, kept, against))
    if as_json_:
        say_json({"files": [as_json(one) for one in found]})
    else:
        for one in found:
            _say(one)
    if report is not None:
        try:
            report.write_text(page(found), "utf-8")
        except OSError as error:
            fail(f"{shown(report)} cannot be written: {error.strerror}", WRONG)
    if len(found) < len(files) or any(one.conformity.errors for one in found):
        raise typer.Exit(FAILED)


def _say(found: Evaluation) -> None:
    kept = found.conformity
    name = found.language.english_name if found.language.is_known else "language unknown"
    say(f"{found.name}: {name}, limits of {found.profile}")
    if not kept.cues:
        say("  no cue at all")
        return
    say(f"  {kept.inside} of {kept.cues} cues inside all limits ({kept.inside / kept.cues:.1%})")
    if kept.fast_speech:
        say(f"  {kept.fast_speech} more but for speech faster than the limit")
    say_table(
        ("missed", "", "cues", "share", "which"),
        (
            (rule, _weight(rule.is_error, rule.counts), number, share, _first(which))
            for rule, number, share, which in rows_of_rules(kept)
        ),
    )
    if found.comparison is not None:
        say_table(("against the reference", ""), rows_of_comparison(found.comparison))


def _weight(is_error: bool, counts: bool) -> str:
    return "error" if is_error else "warning" if counts else "advice"


def _first(which: str) -> str:
    numbers = which.split(", ")
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return ", ".join(numbers[:SHOWN]) + more


def _cues(file: Path) -> tuple[Cue, ...] | None:
    """The cues of a file, or None, said on stderr, for what is none."""
    try:
        return read(file.read_bytes(), file.suffix[1:])
    except OSError as error:
        errors.print(f"{shown(file)}: {error.strerror}", markup=False, style="red")
    except Rejected as problem:
        errors.print(f"{shown(file)}: {problem}", markup=False, style="red")
    return None


def _language(said: str | None) -> Language | None:
    if said is None:
        return None
    try:
        return Language.parse(said)
    except ValueError as error:
        fail(error, WRONG)


def _by_name(file: Path) -> Language | None:
    """The language that a file's name says: ``Film.de.sdh.srt`` is in German."""
    for token in reversed(file.name.split(".")[1:-1]):
        if (language := language_of(token)) is not None:
            return language
    return None
