"""``vocabulary``: the names and terms that hold for a file, and where each is from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.places import state_dir
from subtitled.glossary.selection import vocabulary_of
from subtitled.jobcontext.services import transcripts_in
from subtitled.library.identity import content_id
from subtitled.library.terms import nearest
from subtitled.plugin import Language

from .app import app, configuration
from .daemon import Json
from .looking import library_for
from .output import FAILED, WRONG, errors, fail, say, say_json, say_table, shown


@app.command()
def vocabulary(
    file: Annotated[Path, typer.Argument(help="A media file.")],
    spoken: Annotated[
        str | None, typer.Option(help="The language spoken. Default: what was heard, else English.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The names and terms that hold for a file, and where each is from."""
    settings = configuration()
    path = file.absolute()
    if not path.is_file():
        fail(f"there is no file {shown(path)}", WRONG)
    heard, told = _heard(settings, path)
    try:
        language = Language.parse(spoken) if spoken else heard or Language("en")
    except ValueError as error:
        fail(error, WRONG)
    known = vocabulary_of(path, library_for(settings, path), settings)
    fitting = known.fitting(language)
    rows: list[dict[str, Any]] = [
        {
            "term": term.said_in(language),
            "translations": dict(term.texts) if not term.kept else {},
            "kept": term.kept,
            "scope": str(term.scope),
            "from": term.origin,
            "recogniser": term in fitting,
        }
        for term in nearest(list(known.terms), language)
    ]
    names = [term.said_in(language) for term in fitting]
    since = [] if told is None else [name for name in names if name not in told]
    if as_json:
        mistakes = [{"where": m.where, "what": m.what, "cure": m.cure} for m in known.mistakes]
        say_json({"language": language, "terms": rows, "mistakes": mistakes, "since": since})
    else:
        say_table(
            ("term", "in translations", "told to recognisers", "scope", "from"),
            (
                (
                    row["term"],
                    _called(row),
                    "yes" if row["recogniser"] else "no",
                    row["scope"],
                    row["from"],
                )
                for row in rows
            ),
        )
        if not rows:
            say("no names and no terms hold for it")
        if since:
            say(f"it was recognised without: {', '.join(since)}")
            say(f"have it done anew with: subtitled generate --again {shown(path)}")
        for mistake in known.mistakes:
            errors.print(str(mistake), markup=False, style="red")
    if known.mistakes:
        raise typer.Exit(FAILED)


def _heard(settings: Configuration, path: Path) -> tuple[Language | None, set[str] | None]:
    """The language that was heard in a file, and the terms that its recognisers were told; None
    for either where nobody listened yet."""
    store, content = transcripts_in(state_dir(settings.settings)), content_id(path)
    language: Language | None = None
    told: set[str] | None = None
    for track in store.tracks(content):
        listened = store.listened(content, track)
        language = language or (listened.language if listened else None)
        if store.recipes(content, track):
            terms = store.terms(content, track).values()
            told = (told or set()).union(*terms)
    return language, told


def _called(row: dict[str, Any]) -> str:
    if row["kept"]:
        return "the same"
    return ", ".join(f"{language}: {text}" for language, text in row["translations"].items()) or "-"
