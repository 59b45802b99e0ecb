"""``summarise``: what a film is about, with its chapters, from what was heard in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.places import state_dir
from subtitled.costs.gate import Gate
from subtitled.jobcontext.services import open_ledger, transcripts_in
from subtitled.library.identity import content_id
from subtitled.plugin import Language
from subtitled.subtitles.formats import clock
from subtitled.subtitles.names import SUMMARY_ENDINGS
from subtitled.summaries.summarising import Summarising, as_json, heard_in, put

from .app import app, configuration
from .daemon import Json
from .looking import as_known, library_for
from .output import WRONG, errors, fail, say, say_json, shown


@app.command()
def summarise(
    file: Annotated[Path, typer.Argument(help="A media file that subtitles were made for.")],
    to: Annotated[
        Path | None, typer.Option(help="A folder to write the summary and the chapters into.")
    ] = None,
    beside: Annotated[bool, typer.Option(help="Write them beside the file.")] = False,
    language: Annotated[
        str, typer.Option(help="The language to write it in. Default: the one spoken.")
    ] = "",
    as_json_: Json = False,
) -> None:
    """Synopsis, chapters and keywords of a file, from what was heard in it."""
    settings = configuration()
    try:
        wanted = Language.parse(language) if language else None
    except ValueError as error:
        fail(str(error), WRONG)
    path = as_known(settings, file)
    if not path.is_file():
        fail(f"there is no file {shown(path)}", WRONG)
    folder = path.parent if to is None and beside else to and to.absolute()
    if folder is not None and not folder.is_dir():
        fail(f"{shown(folder)} is not a folder. Make it first", WRONG)
    store, content = transcripts_in(state_dir(settings.settings)), content_id(path)
    heard = heard_in(store, content)
    if heard is None:
        fail(
            "there is no transcript of it yet, or not all of it. "
            f"Make one with: subtitled generate {shown(file)}"
        )
    ledger = open_ledger(settings)
    try:
        work = Summarising(settings, Gate(settings, ledger.egress), store)
        library = library_for(settings, path)
        made = work.summary(path, content, library, heard, wanted or heard.language)
        written = [
            put(made, ending, path, content, ledger.sidecars, folder, by_hand=True)
            for ending in (SUMMARY_ENDINGS if folder is not None else ())
        ]
    finally:
        ledger.close()
    if as_json_:
        say_json(json.loads(as_json(made.summary, made.language)))
    else:
        summary = made.summary
        say(summary.synopsis)
        for chapter in summary.chapters:
            say(f"  {clock.shown(chapter.start, '.')[:8]}  {chapter.title}")
        say(f"keywords: {', '.join(summary.keywords) or 'none'}")
    for one in written:
        errors.print(f"written: {shown(one)}", markup=False)
