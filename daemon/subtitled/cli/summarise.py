"""``summarise``: what a film is about, with its chapters, from what was heard in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.paths import resolve_state_dir
from subtitled.costs.egress_gate import EgressGate
from subtitled.jobcontext.services import open_database, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Language
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES
from subtitled.subtitles.formats import timestamps
from subtitled.summaries.service import (
    Summariser,
    publish_summary,
    spoken_text_from_store,
    summary_to_json,
)

from .app import app, load_configuration
from .daemon import JsonOption
from .inspect import library_for, to_known_path
from .output import USAGE_ERROR, abort, display_path, echo, echo_json, errors


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
    as_json_: JsonOption = False,
) -> None:
    """Synopsis, chapters and keywords of a file, from what was heard in it."""
    settings = load_configuration()
    try:
        requested_language = Language.parse(language) if language else None
    except ValueError as error:
        abort(str(error), USAGE_ERROR)
    path = to_known_path(settings, file)
    if not path.is_file():
        abort(f"there is no file {display_path(path)}", USAGE_ERROR)
    folder = path.parent if to is None and beside else to and to.absolute()
    if folder is not None and not folder.is_dir():
        abort(f"{display_path(folder)} is not a folder. Make it first", USAGE_ERROR)
    store, content = (
        open_transcript_store(resolve_state_dir(settings.settings)),
        content_fingerprint(path),
    )
    spoken_text = spoken_text_from_store(store, content)
    if spoken_text is None:
        abort(
            "there is no transcript of it yet, or not all of it. "
            f"Make one with: subtitled generate {display_path(file)}"
        )
    ledger = open_database(settings)
    try:
        summariser = Summariser(settings, EgressGate(settings, ledger.egress_log), store)
        library = library_for(settings, path)
        document = summariser.summarise_media(
            path, content, library, spoken_text, requested_language or spoken_text.language
        )
        written = [
            publish_summary(
                document, ending, path, content, ledger.sidecars, folder, is_user_requested=True
            )
            for ending in (SUMMARY_SUFFIXES if folder is not None else ())
        ]
    finally:
        ledger.close()
    if as_json_:
        echo_json(json.loads(summary_to_json(document.summary, document.language)))
    else:
        summary = document.summary
        echo(summary.synopsis)
        for chapter in summary.chapters:
            echo(f"  {timestamps.format_timestamp(chapter.start, '.')[:8]}  {chapter.title}")
        echo(f"keywords: {', '.join(summary.keywords) or 'none'}")
    for one in written:
        errors.print(f"written: {display_path(one)}", markup=False)
