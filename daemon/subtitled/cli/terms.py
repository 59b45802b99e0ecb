"""``terms``: the glossary terms that people keep, and those that corrections suggest."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.load import Configuration
from subtitled.db.database import Database
from subtitled.db.records import FileRecord
from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.kept_term import KeptScope, NewTerm, parse_translations
from subtitled.jobcontext.services import open_database
from subtitled.library.paths import to_known_path
from subtitled.plugin import InputRejectedError

from .actor import current_actor
from .app import app, load_configuration
from .output import USAGE_ERROR, JsonOption, abort, display_path, echo, echo_json, echo_table
from .review import ByOption

terms_app = typer.Typer(
    help="Glossary terms that people keep: names and words of a title, a series, a library or all.",
    no_args_is_help=True,
)
app.add_typer(terms_app, name="terms")


@terms_app.command(name="list")
def list_(as_json: JsonOption = False) -> None:
    """List the terms that people keep."""
    configuration = load_configuration()
    with contextlib.closing(open_database(configuration)) as db:
        terms = KeptTerms(configuration, db).all()
    if as_json:
        echo_json([term.to_dict() for term in terms])
        return
    if not terms:
        echo("nobody keeps a term")
    echo_table(
        ("id", "term", "languages", "holds for", "kept by"),
        (
            (
                term.id,
                term.name,
                ", ".join(f"{language}: {text}" for language, text in term.translations) or "all",
                term.holds_for,
                term.actor,
            )
            for term in terms
        ),
    )


@terms_app.command()
def add(
    text: Annotated[str, typer.Argument(help="The term, in every language without --in.")] = "",
    scope: Annotated[KeptScope, typer.Option(help="What it holds for.")] = KeptScope.LIBRARY,
    file: Annotated[
        Path | None, typer.Option(help="A media file of the title, the series or the library.")
    ] = None,
    library: Annotated[str, typer.Option(help="The library, if no file names it.")] = "",
    in_: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="LANGUAGE=TEXT", help="The term in one language: es=dragón."),
    ] = None,
    same: Annotated[
        bool, typer.Option("--do-not-translate", help="Keep it as it is in translations.")
    ] = False,
    case: Annotated[bool, typer.Option("--case-sensitive", help="Upper and lower case count.")] = (
        False
    ),
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Keep a term. It holds from the next job on, and is no file among the media."""
    configuration = load_configuration()
    with contextlib.closing(open_database(configuration)) as db:
        try:
            wanted = NewTerm(
                scope=scope,
                text=text,
                translations=parse_translations(map(_split_pair, in_ or ())),
                do_not_translate=same,
                is_case_sensitive=case,
                file=_find_file(configuration, db, file),
                library=library,
            )
            term = KeptTerms(configuration, db).add(wanted, current_actor(by).name)
        except InputRejectedError as error:
            abort(error, USAGE_ERROR)
    if as_json:
        echo_json(term.to_dict())
    else:
        echo(f"{term.name} is kept for {term.holds_for}")


@terms_app.command()
def remove(
    term_id: Annotated[str, typer.Argument(metavar="ID", help="An id of `terms list`.")],
    by: ByOption = "",
) -> None:
    """Remove a term that somebody keeps."""
    configuration = load_configuration()
    with contextlib.closing(open_database(configuration)) as db:
        terms = KeptTerms(configuration, db)
        term = terms.get(term_id)
        if term is None:
            abort(f"there is no term {term_id}. List them with: subtitled terms list", USAGE_ERROR)
        terms.remove(term, current_actor(by).name)
    echo(f"{term.name} is removed")


def _split_pair(pair: str) -> tuple[str, str]:
    code, mark, text = pair.partition("=")
    if not mark:
        raise InputRejectedError(f"{pair!r} names no language", "Write it as es=dragón")
    return code, text


def _find_file(configuration: Configuration, db: Database, file: Path | None) -> FileRecord | None:
    """Return the record of a media file.

    Raises:
        InputRejectedError: It is in no library, as far as is known.
    """
    if file is None:
        return None
    path = to_known_path(configuration.settings.libraries, file)
    record = db.files.get(path)
    if record is None:
        raise InputRejectedError(
            f"{display_path(path)} is no media file of a library, as far as is known",
            "Name a media file that was scanned: subtitled scan",
        )
    return record
