"""``vocabulary``: the names and terms that hold for a file, and where each is from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.glossary.selection import glossary_for
from subtitled.glossary.terms import most_specific
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Language

from .app import app, load_configuration
from .daemon import JsonOption
from .inspect import library_for
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, echo_json, echo_table, errors


@app.command()
def vocabulary(
    file: Annotated[Path, typer.Argument(help="A media file.")],
    spoken: Annotated[
        str | None, typer.Option(help="The language spoken. Default: what was heard, else English.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """The names and terms that hold for a file, and where each is from."""
    settings = load_configuration()
    path = file.absolute()
    if not path.is_file():
        abort(f"there is no file {display_path(path)}", USAGE_ERROR)
    spoken_language, used_hotwords = _analysed_language(settings, path)
    try:
        language = Language.parse(spoken) if spoken else spoken_language or Language("en")
    except ValueError as error:
        abort(error, USAGE_ERROR)
    glossary = glossary_for(path, library_for(settings, path), settings)
    fitting = glossary.hotword_terms(language)
    rows: list[dict[str, Any]] = [
        {
            "term": term.source_text(language),
            "translations": dict(term.translations) if not term.do_not_translate else {},
            "kept": term.do_not_translate,
            "scope": str(term.scope),
            "from": term.origin,
            "recogniser": term in fitting,
        }
        for term in most_specific(list(glossary.terms), language)
    ]
    names = [term.source_text(language) for term in fitting]
    since = [] if used_hotwords is None else [name for name in names if name not in used_hotwords]
    if as_json:
        mistakes = [
            {"where": m.location, "what": m.message, "cure": m.hint} for m in glossary.issues
        ]
        echo_json({"language": language, "terms": rows, "mistakes": mistakes, "since": since})
    else:
        echo_table(
            ("term", "in translations", "told to recognisers", "scope", "from"),
            (
                (
                    row["term"],
                    _format_term(row),
                    "yes" if row["recogniser"] else "no",
                    row["scope"],
                    row["from"],
                )
                for row in rows
            ),
        )
        if not rows:
            echo("no names and no terms hold for it")
        if since:
            echo(f"it was recognised without: {', '.join(since)}")
            echo(f"have it done anew with: subtitled generate --again {display_path(path)}")
        for mistake in glossary.issues:
            errors.print(str(mistake), markup=False, style="red")
    if glossary.issues:
        raise typer.Exit(FAILED)


def _analysed_language(
    settings: Configuration, path: Path
) -> tuple[Language | None, set[str] | None]:
    """The language that was heard in a file, and the terms that its recognisers were told; None
    for either where nobody listened yet."""
    store, fingerprint = (
        open_transcript_store(resolve_state_dir(settings.settings)),
        content_fingerprint(path),
    )
    language: Language | None = None
    used_hotwords: set[str] | None = None
    for track in store.tracks(fingerprint):
        analysis = store.analysis(fingerprint, track)
        language = language or (analysis.language if analysis else None)
        if store.variants(fingerprint, track):
            terms = store.hotwords(fingerprint, track).values()
            used_hotwords = (used_hotwords or set()).union(*terms)
    return language, used_hotwords


def _format_term(row: dict[str, Any]) -> str:
    if row["kept"]:
        return "the same"
    return ", ".join(f"{language}: {text}" for language, text in row["translations"].items()) or "-"
