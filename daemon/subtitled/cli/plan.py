"""``plan``: what would be made, and what it would cost."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from subtitled.jobcontext.services import open_database

from .app import app, load_configuration
from .output import USAGE_ERROR, JsonOption, abort
from .plan_summary import print_known_summary
from .plugin_messages import show_unavailable

_SummaryOption = Annotated[
    bool,
    typer.Option(
        "--summary",
        help="Only totals, by library, language and year, by what the daemon found.",
    ),
]
_ProbeOption = Annotated[
    bool,
    typer.Option(
        "--probe",
        help="With --summary: read the files that the daemon is not done with, for the price and "
        "what it has not examined yet.",
    ),
]


@app.command()
def plan(
    paths: Annotated[list[Path] | None, typer.Argument(help="Default: every library.")] = None,
    summary: _SummaryOption = False,
    probe: _ProbeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show what would be made and why, and the hours of audio, time and money, at most."""
    configuration = load_configuration()
    show_unavailable(configuration)
    libraries = configuration.settings.libraries
    if not paths and not libraries:
        abort("no library is configured: name files or folders, or run subtitled init", USAGE_ERROR)
    db = open_database(configuration)
    if summary and not probe:
        folders = [Path(os.path.abspath(path)) for path in paths or ()]  # noqa: PTH100 - no links
        if print_known_summary(configuration, db, folders, as_json=as_json):
            db.close()
            return
    # What reads media files is imported only now: the totals above need none of it.
    from .plan_probe import print_probed_plan

    chosen = paths or [library.path for library in libraries.values()]
    print_probed_plan(configuration, db, chosen, summary=summary, as_json=as_json)
