"""``glossary``: the terms that apply to a file, and the origin of each."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.inspection import library_for
from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.selection import glossary_for
from subtitled.glossary.terms import most_specific
from subtitled.jobcontext.services import open_database, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import to_known_path
from subtitled.plugin import Language
from subtitled.plugin.paths import quote_path

from .app import app, load_configuration
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


@app.command()
def glossary(
    file: Annotated[Path, typer.Argument(help="A media file.")],
    spoken_language: Annotated[
        str | None,
        typer.Option(help="The language spoken. Default: the detected one, else English."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show the terms that apply to a file, and the origin of each."""
    configuration = load_configuration()
    path = to_known_path(configuration.settings.libraries, file)
    if not path.is_file():
        abort(f"there is no file {display_path(path)}", USAGE_ERROR)
    detected_language, used_hotwords = _stored_transcription(configuration, path)
    try:
        language = (
            Language.parse(spoken_language)
            if spoken_language
            else detected_language or Language("en")
        )
    except ValueError as error:
        abort(error, USAGE_ERROR)
    with contextlib.closing(open_database(configuration)) as db:
        kept = KeptTerms(configuration, db).for_media(path, content_fingerprint(path))
    glossary = glossary_for(path, library_for(configuration, path), configuration, kept)
    hotword_terms = glossary.hotword_terms(language)
    rows: list[dict[str, Any]] = [
        {
            "term": term.source_text(language),
            "translations": dict(term.translations) if not term.do_not_translate else {},
            "do_not_translate": term.do_not_translate,
            "scope": str(term.scope),
            "origin": term.origin,
            "is_hotword": term in hotword_terms,
        }
        for term in most_specific(list(glossary.terms), language)
    ]
    hotwords = [term.source_text(language) for term in hotword_terms]
    stale_since = (
        []
        if used_hotwords is None
        else [hotword for hotword in hotwords if hotword not in used_hotwords]
    )
    if as_json:
        issues = [
            {"location": issue.location, "message": issue.message, "hint": issue.hint}
            for issue in glossary.issues
        ]
        echo_json(
            {"language": language, "terms": rows, "issues": issues, "stale_since": stale_since}
        )
    else:
        _print_terms(rows)
        if stale_since:
            echo(f"it was transcribed without: {', '.join(stale_since)}")
            word = quote_path(display_path(path))
            echo(f"transcribe it again: subtitled generate --retranscribe {word}")
        for issue in glossary.issues:
            errors.print(str(issue), markup=False, style="red")
    if glossary.issues:
        raise typer.Exit(FAILED)


def _stored_transcription(
    configuration: Configuration, path: Path
) -> tuple[Language | None, set[str] | None]:
    """Return the detected language of a file, and the hotwords of its transcripts.

    Each is None if the file has not been analysed or transcribed yet.
    """
    store = open_transcript_store(resolve_state_dir(configuration.settings))
    fingerprint = content_fingerprint(path)
    language: Language | None = None
    used_hotwords: set[str] | None = None
    for track in store.tracks(fingerprint):
        analysis = store.analysis(fingerprint, track)
        language = language or (analysis.language if analysis else None)
        if store.variants(fingerprint, track):
            hotwords = store.hotwords(fingerprint, track).values()
            used_hotwords = (used_hotwords or set()).union(*hotwords)
    return language, used_hotwords


def _print_terms(rows: list[dict[str, Any]]) -> None:
    echo_table(
        ("term", "in translations", "hotword", "scope", "origin"),
        (
            (
                row["term"],
                _format_translations(row),
                "yes" if row["is_hotword"] else "no",
                row["scope"],
                row["origin"],
            )
            for row in rows
        ),
    )
    if not rows:
        echo("no terms apply to it")


def _format_translations(row: dict[str, Any]) -> str:
    if row["do_not_translate"]:
        return "the same"
    return ", ".join(f"{language}: {text}" for language, text in row["translations"].items()) or "-"
