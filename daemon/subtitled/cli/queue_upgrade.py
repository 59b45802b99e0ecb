"""``queue upgrade``: have subtitles of ours made again by what the libraries use now."""

from __future__ import annotations

from typing import Annotated

import typer

from subtitled.daemon.answers.upgrades import (
    UnknownMakerError,
    UpgradeAnswer,
    describe_makers,
    plan_upgrades,
    request_upgrades,
)
from subtitled.db.commands import COMMAND_LINE
from subtitled.jobcontext.services import open_database
from subtitled.subtitles.makers import MadeBy

from .amounts import count_files, describe_hours
from .app import load_configuration
from .cost_text import describe_cost
from .output import USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table
from .queue import choose_libraries, queue_app


@queue_app.command()
def upgrade(
    made_by: Annotated[
        list[str] | None,
        typer.Option(
            "--made-by",
            help="What made them: an engine, a model or a translator, as whisper, base, "
            "whisper/base or whisper/base@VERSION; unknown or whisper/unknown means what an older "
            "version wrote without the model. May be given several times.",
        ),
    ] = None,
    library: Annotated[
        str, typer.Option("--library", help="This library only. Default: all of them.")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only show what would be made again, and the cost.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Make subtitles of ours again that a lesser engine made, after all other work.

    The old one stays until the new one is there and no worse, and ``undo`` brings it back. What a
    person edited or approved stays as it is.
    """
    configuration = load_configuration()
    libraries = choose_libraries(configuration, library)
    db = open_database(configuration)
    if not made_by:
        abort(f"say what made them: --made-by NAME. {describe_makers(db, libraries)}", USAGE_ERROR)
    try:
        meant = [MadeBy(text) for text in made_by]
    except ValueError as error:
        abort(str(error), USAGE_ERROR)
    try:
        if dry_run:
            answer = plan_upgrades(configuration, db, meant, libraries)
        else:
            answer = request_upgrades(configuration, db, meant, libraries, COMMAND_LINE)
    except UnknownMakerError as error:
        abort(error, USAGE_ERROR)
    if as_json:
        echo_json(answer.to_dict())
    else:
        _print(answer, dry_run)


def _print(answer: UpgradeAnswer, dry_run: bool) -> None:
    echo_table(
        ("library", "language", "made by", "now made by", "files", "sound", ""),
        (
            (
                row.group.library,
                row.group.language,
                row.group.makers,
                row.makers if row.makers else "-",
                row.group.files,
                describe_hours(row.group.seconds),
                row.kept,
            )
            for row in answer.shown_rows
        ),
    )
    total, waiting = answer.total, answer.pending.files
    if not total.files:
        echo("nothing to make again" + (f"; {count_files(waiting)} waiting for it" * bool(waiting)))
        return
    begin = "to make again" if dry_run else "queued to be made again, after all other work"
    echo(
        f"{count_files(total.files)} {begin}: {describe_hours(total.seconds)} of sound"
        f"{describe_cost(answer.cost)}"
    )
    if not dry_run:
        echo("to stop that: subtitled queue cancel --upgrades")
