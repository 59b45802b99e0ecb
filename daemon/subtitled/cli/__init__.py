"""The command line."""

from __future__ import annotations

import io
import sys

from subtitled.plugin import SetupError, SubtitledError


def main() -> None:
    """Run the command that was typed. Exit status 0: done, 1: something failed, 2: wrong use."""
    # Each module adds its commands to the app when it is imported.
    from . import (  # noqa: F401
        config,
        doctor,
        egress,
        engine,
        evaluate,
        explain,
        generate,
        glossary,
        init,
        models,
        plan,
        plugins,
        queue,
        review,
        review_approve,
        review_report,
        run,
        scan,
        state,
        status,
        summarise,
        terms,
        undo,
        web,
        web_keys,
        worker,
    )
    from .app import app
    from .output import FAILED, USAGE_ERROR, errors

    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        # A terminal without the letters of a name is no reason to fail.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        app()
    except SubtitledError as error:
        errors.print(f"error: {error}", markup=False, style="red")
        sys.exit(USAGE_ERROR if isinstance(error, SetupError) else FAILED)
