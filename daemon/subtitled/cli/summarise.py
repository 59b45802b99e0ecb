"""``summarise``: synopsis, chapters and keywords of a media file, from its transcript."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.paths import resolve_state_dir
from subtitled.costs.egress_gate import EgressGate
from subtitled.daemon.inspection import library_for
from subtitled.jobcontext.services import open_database, open_engine_pool, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import to_known_path
from subtitled.plugin import Language
from subtitled.plugin.paths import quote_path
from subtitled.subtitles.filenames import SUMMARY_SUFFIXES
from subtitled.subtitles.formats.timestamps import format_timestamp
from subtitled.summaries.service import (
    Summariser,
    SummaryDocument,
    SummaryTarget,
    publish_summary,
    spoken_text_from_store,
    summary_to_json,
)

from .app import app, load_configuration
from .output import (
    USAGE_ERROR,
    JsonOption,
    abort,
    display_path,
    echo,
    echo_json,
    errors,
    make_output_folder,
)
from .plugin_messages import show_unavailable


@app.command()
def summarise(
    file: Annotated[Path, typer.Argument(help="A media file that has a transcript.")],
    output_dir: Annotated[
        Path | None, typer.Option(help="A folder to write the summary and the chapters into.")
    ] = None,
    beside: Annotated[bool, typer.Option("--beside", help="Write them beside the file.")] = False,
    languages: Annotated[
        str, typer.Option(help="Languages to write in, by commas. Default: the one spoken.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Write synopsis, chapters and keywords of a file, from its transcript."""
    configuration = load_configuration()
    show_unavailable(configuration)
    requested_languages = _parse_languages(languages)
    path = to_known_path(configuration.settings.libraries, file)
    if not path.is_file():
        abort(f"there is no file {display_path(path)}", USAGE_ERROR)
    folder = path.parent if output_dir is None and beside else output_dir and output_dir.absolute()
    store, fingerprint = (
        open_transcript_store(resolve_state_dir(configuration.settings)),
        content_fingerprint(path),
    )
    spoken_text = spoken_text_from_store(store, fingerprint)
    if spoken_text is None:
        abort(
            "there is no complete transcript of it yet. "
            f"Make one with: subtitled generate {quote_path(display_path(file))}"
        )
    if folder is not None:
        make_output_folder(folder)
    db, engines = open_database(configuration), open_engine_pool(configuration)
    try:
        gate = EgressGate(configuration, db.egress_log)
        summariser = Summariser(configuration, gate, store, engines)
        library = library_for(configuration, path)
        documents = [
            summariser.summarise_media(path, fingerprint, library, spoken_text, language)
            for language in requested_languages or [spoken_text.language]
        ]
        target = SummaryTarget(
            media=path, fingerprint=fingerprint, folder=folder, is_user_requested=True
        )
        written = [
            publish_summary(document, suffix, target, db.sidecars)
            for document in documents
            for suffix in (SUMMARY_SUFFIXES if folder is not None else ())
        ]
    finally:
        engines.close()
        db.close()
    if as_json:
        echo_json(
            [
                json.loads(summary_to_json(document.summary, document.language))
                for document in documents
            ]
        )
    else:
        for document in documents:
            _print_summary(document)
    for sidecar in written:
        errors.print(f"written: {display_path(sidecar)}", markup=False)


def _parse_languages(text: str) -> list[Language]:
    try:
        return [Language.parse(name) for name in text.split(",")] if text else []
    except ValueError as error:
        abort(error, USAGE_ERROR)


def _print_summary(document: SummaryDocument) -> None:
    summary = document.summary
    echo(summary.synopsis)
    for chapter in summary.chapters:
        echo(f"  {format_timestamp(chapter.start, '.')[:8]}  {chapter.title}")
    echo(f"keywords: {', '.join(summary.keywords) or 'none'}")
